"""Profiles, spans and metrics that the real tools wrote of the sample shop (`python -m benchmarks.profiles`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from rules.engine import profiles
from rules.engine.analysis import analyze
from rules.engine.finding import Confidence, Finding, Options, Result, Severity

ROOT = Path(__file__).parents[2]
EVIDENCE = ROOT / "tests" / "evidence"
FAVOURITES = "GET /customers/{customer_id}/favourites"
OBSERVED = {
    "kind": "fastperf-observed",
    "version": 1,
    "routes": {
        FAVOURITES: {
            "count": 1,
            "statements": 302,
            "repeated": 300,
            "statement": "SELECT * FROM products WHERE id = ?",
            "calls": 0,
            "gap_ms": 2.0,
            "where": "tests/test_shop.py::test_favourites",
        },
        "POST /orders/{order_id}/reminder": {
            "count": 1,
            "gap_ms": 500.5,
            "where": "tests/test_shop.py::test_another",
            "gap_where": "tests/test_shop.py::test_remind",
        },
    },
}


def shop() -> dict[str, bytes]:
    """The sample shop's slow branch."""
    files: dict[str, bytes] = {}
    for folder in (ROOT / "examples" / "shop", ROOT / "examples" / "pull_request" / "slow"):
        files |= {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.py")}
    return files


def result(*evidence: tuple[str, str], sources: Mapping[str, bytes] | None = None) -> Result:
    return analyze(sources or shop(), options=Options(evidence=evidence)).result


def of(name: str) -> tuple[str, str]:
    return name, (EVIDENCE / name).read_text()


def one(found: Result, code: str, path: str) -> Finding:
    (finding,) = (each for each in found.findings if (each.code, each.path) == (code, path))
    return finding


@pytest.mark.parametrize("name", ["speedscope.json", "stacks.txt"])
def test_a_hot_finding_says_its_share_of_the_time(name: str) -> None:
    found = result(of(name))

    assert not found.skipped
    hot = one(found, "FP201", "shop/customers/api.py")
    assert hot.heat > 0.1
    assert hot.impact.summary.startswith(f"{hot.heat * 100:.0f} % of sampled time; ")
    assert "heat" not in hot.contract()


@pytest.mark.parametrize("name", ["speedscope.json", "stacks.txt"])
def test_what_enough_samples_never_saw_loses_a_step_of_severity(name: str) -> None:
    cold = one(result(of(name)), "FP101", "shop/orders/api.py")

    assert one(result(), "FP101", "shop/orders/api.py").severity is Severity.CRITICAL
    assert cold.severity is Severity.HIGH
    assert "samples: one severity less" in cold.impact.summary


def test_a_profile_of_one_thread_heats_what_it_saw_and_cools_nothing() -> None:
    evidence = profiles.read(*of("pyinstrument.json"))
    assert evidence.samples > 500
    assert any(file.endswith("shop/main.py") for file in evidence.functions)

    found = result(of("pyinstrument.json"))

    assert not found.skipped
    assert [finding.severity for finding in found.findings] == [
        finding.severity for finding in result().findings
    ]


def test_repeated_spans_confirm_a_query_per_row() -> None:
    route = profiles.read(*of("spans.jsonl")).routes[FAVOURITES]
    assert (route.statements, route.repeated) == (42, 40)

    finding = one(result(of("spans.jsonl")), "FP201", "shop/customers/api.py")

    assert finding.confidence is Confidence.CERTAIN
    assert "40 times the same statement in one request in trace " in finding.impact.summary
    assert "SELECT products.id" in finding.impact.summary


def test_durations_by_route_rank_findings() -> None:
    evidence = profiles.read(*of("metrics.txt"))
    assert evidence.kind == "Prometheus metrics"
    assert evidence.requests > 20
    assert {"GET /customers/{customer_id}/favourites", "GET /orders/count"} <= evidence.routes.keys()

    count = one(result(of("metrics.txt")), "FP209", "shop/orders/api.py")

    assert count.heat > 0.05
    assert "of the time of all requests" in count.impact.summary


def test_what_the_tests_observed_makes_certain_and_is_quoted() -> None:
    found = result(("observed.json", json.dumps(OBSERVED)))

    looped = one(found, "FP201", "shop/customers/api.py")
    assert looped.confidence is Confidence.CERTAIN
    assert (
        "300 times the same statement in one request in tests/test_shop.py::test_favourites"
        in looped.impact.summary
    )
    stopped = one(found, "FP101", "shop/orders/api.py")
    assert (
        "the event loop stood still for 500 ms in tests/test_shop.py::test_remind" in stopped.impact.summary
    )
    assert stopped.severity is Severity.CRITICAL


def test_the_same_shop_traced_for_jaeger_says_the_same() -> None:
    """Its exporter's spans, as its query service answers with them."""
    seen, known = profiles.read(*of("jaeger.json")), profiles.read(*of("spans.jsonl"))

    assert seen.kind == "Jaeger spans"
    assert seen.routes.keys() == known.routes.keys()
    assert seen.routes[FAVOURITES].repeated == known.routes[FAVOURITES].repeated
    assert 0 < seen.routes[FAVOURITES].mean_ms < 1000
    looped = one(result(of("jaeger.json")), "FP201", "shop/customers/api.py")
    assert looped.confidence is Confidence.CERTAIN


@pytest.mark.parametrize(
    "name",
    ["speedscope.json", "stacks.txt", "pyinstrument.json", "spans.jsonl", "jaeger.json", "metrics.txt"],
)
def test_a_profile_of_another_version_is_said_to_be_stale_and_changes_nothing(name: str) -> None:
    renamed = {
        path: source.replace(b"def ", b"def another_")
        .replace(b'get("', b'get("/v2')
        .replace(b'prefix="/', b'prefix="/v2/')
        for path, source in shop().items()
    }

    found = result(of(name), sources=renamed)

    (skipped,) = (entry for entry in found.skipped if entry.path == name)
    assert "it changes nothing" in skipped.reason
    assert [finding.severity for finding in found.findings] == [
        finding.severity for finding in result(sources=renamed).findings
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not there"),
        ("hello", "none of the kinds"),
        ("{", "damaged"),
        ('{"a": 1}', "none of the kinds"),
        ('{"shared": {"frames": [{}]}, "profiles": []}', "damaged"),
        ('{"shared": {"frames": []}, "profiles": []}', "no samples"),
        ('{"shared": {"frames": []}, "profiles": [{"type": "sampled", "samples": [[5]]}]}', "damaged"),
        ('{"root_frame": null}', "damaged"),
        ('{"resourceSpans": 5}', "damaged"),
        ('{"data": [{"spans": [{"traceID": "1"}]}]}', "damaged"),
        ('{"kind": "fastperf-observed"}', "damaged"),
        ("[" * 100_000, "damaged"),
        ("a (b.py:1);c (d.py:2) 5", "none of the functions"),
    ],
)
def test_what_is_no_profile_is_said_and_harms_nothing(text: str, reason: str) -> None:
    found = result(("profile", text))

    (skipped,) = found.skipped
    assert skipped.path == "profile"
    assert reason in skipped.reason
    assert found.findings == result().findings


def test_a_few_samples_make_nothing_cold() -> None:
    few = "serve (shop/main.py:1);read_favourites (shop/customers/api.py:30) 20"

    assert one(result(("few.txt", few)), "FP101", "shop/orders/api.py").severity is Severity.CRITICAL
