"""Estimates follow the formulas, name their assumptions and never claim a measurement."""

import pytest

from rules.engine.costs import estimates, measured
from rules.engine.finding import Impact, Options
from tests.engine.projects import one

DEFAULTS = Options()
ALL = (
    estimates.blocked_loop(DEFAULTS, 100, key="http_latency_ms", what="upstream"),
    estimates.loop_lag(DEFAULTS, 1, key="db_round_trip_ms", what="query"),
    estimates.loop_of_others(100, key="http_latency_ms", what="upstream"),
    estimates.unknown_duration(DEFAULTS),
    estimates.queries_in_loop(DEFAULTS),
    estimates.commits_in_loop(DEFAULTS, "commit"),
    estimates.rows_counted(DEFAULTS),
    estimates.hangs(DEFAULTS, on_loop=True),
    estimates.hangs(DEFAULTS, on_loop=False, seconds=600),
    estimates.client_per_request(DEFAULTS, 23),
    estimates.client_per_request(DEFAULTS, None),
    estimates.connection_per_request(DEFAULTS),
)


@pytest.mark.parametrize("impact", ALL)
def test_an_estimate_has_a_formula_and_never_says_measured(impact: Impact) -> None:
    assert impact.formula
    assert "measured" not in impact.summary


def test_throughput_grows_with_concurrency_but_not_beyond_the_processor() -> None:
    few = estimates.blocked_loop(Options(context={"concurrency": 8}), 100)
    assert "about 10 → 64–80 requests/s" in few.summary
    assert few.assumptions == {"concurrency": 8, "milliseconds": 100}
    crowd = estimates.blocked_loop(Options(context={"concurrency": 10_000}), 100)
    assert "about 10 → 320–10,000 requests/s" in crowd.summary


def test_one_client_gains_nothing() -> None:
    assert (
        "about 10 → 10 requests/s" in estimates.blocked_loop(Options(context={"concurrency": 1}), 100).summary
    )


def test_the_project_s_own_figures_are_used() -> None:
    impact = estimates.queries_in_loop(Options(context={"rows": 50, "db_round_trip_ms": 2}))
    assert impact.assumptions == {"rows": 50, "db_round_trip_ms": 2}
    assert "50 statements → 1, about 100–150 → 2–3 ms" in impact.summary


@pytest.mark.parametrize("value", [0, -1, float("inf"), "many"])
def test_a_senseless_figure_falls_back_to_the_default(value: float | str) -> None:
    assert estimates.concurrency(Options(context={"concurrency": value})) == 32


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.054, "0.054"), (1, "1"), (1.26, "1.3"), (10, "10"), (99.7, "100"), (1234, "1,200")],
)
def test_figures_have_two_digits(value: float, text: str) -> None:
    assert estimates.number(value) == text


@pytest.mark.parametrize(
    ("client", "assumptions"),
    [
        ("redis.Redis()", {"concurrency": 32, "redis_round_trip_ms": 0.5}),
        ("pymongo.MongoClient().shop.orders", {"concurrency": 32, "db_round_trip_ms": 1.0}),
    ],
)
def test_a_command_to_redis_takes_what_redis_takes(client: str, assumptions: dict[str, float]) -> None:
    code = f"""
        import pymongo, redis
        from fastapi import FastAPI

        app = FastAPI()
        store = {client}

        @app.get("/")
        async def read(key: str):
            return store.{"get(key)" if "redis" in client else "find_one(key)"}
    """
    (found,) = one(code, select=("FP102",)).result.findings

    assert found.impact.assumptions == assumptions


@pytest.mark.parametrize(
    ("clients", "given", "told"),
    [
        (32, {"ms": 20}, "measured on 2 cores at 32 concurrent requests with waits of 20 ms"),
        (1, {"ms": 20, "calls": 3}, "measured on 2 cores with 3 calls of 20 ms"),
        (
            4,
            {"chunks": 500, "bytes": 1024},
            "measured on 2 cores at 4 concurrent requests with 500 chunks of 1,024 bytes",
        ),
        (2, {"size": 50_000_000}, "measured on 2 cores at 2 concurrent requests with 50 MB"),
        (1, {"hung": 5, "timeout_s": 0.5}, "measured on 2 cores with 5 hung calls and a timeout of 0.5 s"),
        (8, {"ms": 0}, "measured on 2 cores at 8 concurrent requests"),
        (1, {}, "measured on 2 cores"),
    ],
)
def test_a_sentence_tells_where_it_was_measured(
    clients: int, given: dict[str, float], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured, "document", lambda: measured.Document(version=1, machine={"cores": 2}))

    assert measured.Point(clients, given, {}, {}).where == told
