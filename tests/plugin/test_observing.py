"""The plugin in a project's own tests: the sample shop's, with a query per row and a sleep on the loop."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from app.plugin.pytest import Observed, Request, _ticking
from tests.cli.program import fastperf

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
TESTS = """
import pytest
from fastapi.testclient import TestClient

from shop.database import SessionLocal
from shop.main import app
from shop.models import Customer, Product


@pytest.fixture(scope="module")
def client():
    with TestClient(app) as client:
        with SessionLocal() as session:
            session.add(Customer(email="a@example.com"))
            session.add_all([Product(sku=str(number), name="A", cents=500) for number in range(30)])
            session.commit()
        products = [{"product_id": number, "quantity": 1} for number in range(1, 31)]
        assert client.post("/orders", json={"customer_id": 1, "lines": products}).status_code == 201
        yield client


def test_favourites(client):
    assert len(client.get("/customers/1/favourites").json()) == 30


def test_remind(client):
    assert client.post("/orders/1/reminder").status_code == 202


def test_nowhere(client):
    assert client.get("/nowhere").status_code == 404
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    shutil.copytree(EXAMPLES / "shop", folder)
    shutil.copytree(EXAMPLES / "pull_request" / "slow", folder, dirs_exist_ok=True)
    (folder / "tests").mkdir()
    (folder / "tests" / "test_shop.py").write_text(TESTS)
    return folder


def routes_seen(project: Path, *arguments: str) -> dict[str, Any]:
    """The routes that the project's tests were seen to ask for."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "fastperf.pytest", "-W", "ignore", *arguments]
    done = subprocess.run(
        command,
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(ROOT), "SHOP_DATABASE_URL": f"sqlite:///{project}/shop.db"},
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fastperf observed 3 routes" in done.stdout
    written: dict[str, Any] = json.loads((project / "fastperf-observed.json").read_text())
    routes: dict[str, Any] = written["routes"]
    return routes


def test_statements_and_gaps_are_counted_by_route_and_read_by_the_check(project: Path) -> None:
    routes = routes_seen(project, "-p", "no:xdist")  # most projects have no pytest-xdist

    favourites = routes["GET /customers/{customer_id}/favourites"]
    repeat = favourites["repeats"][0]
    assert (favourites["statements"], repeat["times"]) == (31, 30)
    assert repeat["where"] == "tests/test_shop.py::test_favourites"
    assert repeat["frames"] == ["shop/customers/api.py:read_favourites:30"]
    reminder = routes["POST /orders/{order_id}/reminder"]
    assert 490 <= reminder["gap_ms"] < 5000  # of a sleep of 500 ms, in whole steps of two clocks
    assert reminder["gap_frames"] == ["shop/orders/api.py:remind:56"]
    assert routes.keys() == {
        "POST /orders",
        "GET /customers/{customer_id}/favourites",
        "POST /orders/{order_id}/reminder",
    }

    with (project / "pyproject.toml").open("a") as file:
        file.write('\n[tool.fastperf]\nobserved = "fastperf-observed.json"\n')
    done = fastperf("check", "--select", "FP201,FP101", "--output-format", "json", folder=project)
    told = {finding["code"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert told["FP201"]["confidence"] == "certain"
    assert (
        "30 times the same statement in one request in tests/test_shop.py::test_favourites"
        in (told["FP201"]["impact"]["summary"])
    )
    assert told["FP101"]["impact"]["summary"].startswith("the event loop stood still")


def test_collecting_alone_leaves_what_was_seen_before(tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
    seen = tmp_path / "fastperf-observed.json"
    seen.write_text("seen before")

    command = [sys.executable, "-m", "pytest", "-q", "-p", "fastperf.pytest", "--collect-only"]
    subprocess.run(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=100, check=True)

    assert seen.read_text() == "seen before"


def test_the_parts_of_several_workers_become_one_with_the_worst_of_each_route() -> None:
    whole, mild, bad = Observed(), Request(), Request()
    mild.did(mild.statements, "select 1")
    for _ in range(30):
        bad.did(bad.statements, "select 2")
    bad.did(bad.outgoing, "GET a.example")
    bad.gap = 0.2
    for request, test in ((bad, "b"), (mild, "a")):
        part = Observed()
        part.add("GET /", request, test)
        whole.merge(part.routes)

    assert whole.routes["GET /"] == {
        "count": 2,
        "statements": 30,
        "repeats": [
            {"text": "select 2", "times": 30, "where": "b", "frames": []},
            {"text": "select 1", "times": 1, "where": "a", "frames": []},
        ],
        "calls": 1,
        "outgoing": [{"text": "GET a.example", "times": 1, "where": "b", "frames": []}],
        "gap_ms": 200.0,
        "gap_where": "b",
        "gap_frames": [],
    }
    assert json.loads(whole.written())["kind"] == "fastperf-observed"


def test_the_gap_and_the_repeated_statement_name_the_test_that_showed_each() -> None:
    observed, looping, standing = Observed(), Request(), Request()
    looping.statements.update({"select 1": 5})
    standing.gap = 0.3
    observed.add("GET /", looping, "loops")
    observed.add("GET /", standing, "stands")

    assert observed.routes["GET /"]["repeats"][0]["where"] == "loops"
    assert observed.routes["GET /"]["gap_where"] == "stands"


async def test_an_endpoint_that_stops_the_loop_before_it_awaits_anything_is_seen() -> None:
    request = Request()

    ticking = _ticking(request)
    _stop()
    await asyncio.sleep(0)

    assert ticking is not None
    ticking.cancel()
    assert request.gap >= 0.03


def _stop() -> None:
    time.sleep(0.03)
