from __future__ import annotations

import math

import msgspec
import pytest

from rules.engine.costs.capacity import Site, capacities, capacity, evaluate
from rules.engine.costs.estimates import connection_held
from rules.engine.finding import Cost, Endpoint, Options

SITE = Site()


def endpoint(runs_on: str = "loop", path: str = "/orders", **cost: object) -> Endpoint:
    return Endpoint("GET", path, "shop/api.py", 1, runs_on, Cost(**cost))  # type: ignore[arg-type]  # a test's own spelling


@pytest.mark.parametrize(
    ("polynomial", "value"),
    [("0", 0), ("2", 2), ("N", 10), ("2 + 3N", 32), ("1 + N + 2N²", 211), ("N³", 1000), ("", 0), ("?", 0)],
)
def test_a_polynomial_is_worked_out(polynomial: str, value: float) -> None:
    assert evaluate(polynomial, 10) == value


def test_the_smallest_limit_is_the_ceiling_and_the_others_follow() -> None:
    found = capacity(endpoint("thread", queries="3", external_calls="1", serial_waits="4"), SITE)

    rates = [limit.rps for limit in found.limits]
    assert rates == sorted(rates)
    assert found.ceiling == rates[0]
    assert {limit.resource for limit in found.limits} == {"processor", "worker threads", "database pool"}


def test_a_connection_is_held_while_the_request_calls_out() -> None:
    quick = capacity(endpoint(queries="1"), SITE)
    slow = capacity(endpoint(queries="1", external_calls="1"), SITE)

    assert quick.limits[0].resource == "processor"
    assert slow.limits[0].resource == "database pool"
    assert slow.ceiling == pytest.approx(15 * 1000 / slow.response_ms)


def test_what_blocks_the_loop_is_the_ceiling_of_an_async_endpoint_and_not_of_a_thread() -> None:
    on_loop = capacity(endpoint(external_calls="1", blocking=("requests.get",)), SITE)
    in_thread = capacity(endpoint("thread", external_calls="1", blocking=("requests.get",)), SITE)

    assert on_loop.limits[0].resource == "event loop"
    assert on_loop.ceiling == pytest.approx(10, rel=0.05)
    assert in_thread.limits[0].resource == "worker threads"
    assert in_thread.ceiling == pytest.approx(40 * on_loop.ceiling, rel=0.05)
    assert on_loop.response_ms == pytest.approx(in_thread.response_ms, rel=0.01)


def test_workers_multiply_until_the_cores_or_the_database_end() -> None:
    one = capacity(endpoint(queries="2"), SITE)
    eight = capacity(endpoint(queries="2"), Site(workers=8, cpus=4))

    assert eight.ceiling == pytest.approx(4 * one.ceiling)
    assert "database limit" in {limit.resource for limit in eight.limits}
    assert "database limit" not in {limit.resource for limit in one.limits}


def test_latency_grows_without_bound_towards_the_ceiling() -> None:
    found = capacity(endpoint(queries="1"), SITE)

    assert found.latency_ms(0) == found.response_ms
    assert found.latency_ms(found.ceiling / 2) == pytest.approx(2 * found.response_ms)
    assert math.isinf(found.latency_ms(found.ceiling))
    assert found.below(found.ceiling * 0.7) == ()
    assert found.below(found.ceiling * 0.9) == found.limits[:1]


def test_what_nobody_told_is_named_and_what_somebody_told_is_not() -> None:
    site = Site.of(Options(context={"db_round_trip_ms": 4, "pool_size": 5, "max_overflow": 0}), workers=3)

    found = capacity(endpoint(queries="1", external_calls="1"), site)

    assert (site.pool, site.db_ms, site.workers) == (5, 4, 3)
    assert set(found.assumptions) == {"http_latency_ms"}
    assert "rows" in capacity(endpoint(queries="N"), site).assumptions


def test_a_finding_and_a_ceiling_count_the_same_connections() -> None:
    for context, pool in (({}, 15), ({"pool_size": 15}, 25), ({"pool_size": 15, "max_overflow": 0}, 15)):
        options = Options(context=context)

        assert Site.of(options).pool == pool
        assert f"with {pool} connections" in connection_held(options).summary


def test_the_tightest_endpoint_comes_first() -> None:
    found = capacities(
        [endpoint(path="/a"), endpoint(path="/b", queries="N"), endpoint(path="/c", queries="2")], SITE
    )

    assert [entry.path for entry in found] == ["/b", "/c", "/a"]


def test_endpoints_of_one_name_are_told_apart_by_their_files() -> None:
    first = endpoint(queries="1")
    found = capacities([first, msgspec.structs.replace(first, file="store/api.py")], SITE)
    alone = capacities([first], SITE)

    assert [each.name for each in found] == ["GET /orders (shop/api.py)", "GET /orders (store/api.py)"]
    assert alone[0].name == "GET /orders"
