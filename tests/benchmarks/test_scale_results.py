"""`fastperf scale` against a service loaded to saturation (`make bench-scale`, kept in `benchmarks/results/scale.json`)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from app.check import scan
from app.discovery import find
from rules.engine.costs import capacity
from rules.engine.finding import Endpoint, Options

ROOT = Path(__file__).parents[2]
KEPT: dict[str, Any] = json.loads((ROOT / "benchmarks" / "results" / "scale.json").read_text())
SITE = capacity.Site.of(Options(context=KEPT["context"]))
SAMPLE = ROOT / "benchmarks" / "impact" / "sample"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Endpoint, ...]:
    """The endpoints of the service that was measured."""
    project = tmp_path_factory.mktemp("sample") / "project"
    shutil.copytree(SAMPLE, project)
    (project / "pyproject.toml").write_text('[project]\nname = "service"\nversion = "1"\n')
    options = Options(context=KEPT["context"], select=("none",), occupancy=True)
    return scan(find((project,)), options, fixes="none").result.endpoints


@pytest.fixture(scope="module")
def ceilings(found: tuple[Endpoint, ...]) -> dict[str, capacity.Capacity]:
    """What is predicted now, for the context that the service was measured in."""
    return {each.path: each for each in capacity.capacities(found, SITE)}


def test_nearly_all_shapes_are_within_a_factor_of_two(ceilings: dict[str, capacity.Capacity]) -> None:
    factors = {}
    for entry in KEPT["endpoints"]:
        predicted, measured = ceilings[entry["path"]].ceiling, entry["measured_rps"]
        factors[entry["path"]] = max(predicted / measured, measured / predicted)

    assert len(factors) >= 28
    assert sum(factor <= 2 for factor in factors.values()) >= 28, factors


def test_nearly_all_shapes_answered_what_was_predicted_within_a_factor_of_two(
    ceilings: dict[str, capacity.Capacity],
) -> None:
    """Answers that were counted, not what the processor time of one would allow."""
    factors = {}
    for entry in KEPT["endpoints"]:
        predicted, answered = ceilings[entry["path"]].ceiling, entry["answered_rps"]
        factors[entry["path"]] = max(predicted / answered, answered / predicted)

    assert sum(factor <= 2 for factor in factors.values()) >= 25, factors


def test_the_clients_of_a_websocket_that_were_answered_are_those_that_were_predicted(
    found: tuple[Endpoint, ...],
) -> None:
    predicted = {each.path: each.connections for each in capacity.websockets(found, SITE)}

    assert KEPT["websockets"]
    for entry in KEPT["websockets"]:
        assert predicted[entry["path"]] == entry["measured"]


def test_what_can_stand_still_did_and_what_cannot_did_not(ceilings: dict[str, capacity.Capacity]) -> None:
    assert {path for path, each in ceilings.items() if each.standstill} == {
        entry["path"] for entry in KEPT["standstills"]
    }
    for entry in KEPT["standstills"]:
        assert entry["answered_rps"] < entry["ceiling_rps"] / 4


def test_every_kind_of_limit_was_reached(ceilings: dict[str, capacity.Capacity]) -> None:
    assert {ceilings[entry["path"]].limits[0].resource for entry in KEPT["endpoints"]} >= {
        "processor",
        "event loop",
        "worker threads",
        "database pool",
        "client connections",
        "lock",
    }
