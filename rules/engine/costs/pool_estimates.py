"""Expected effect of database connections that are held, lost, taken twice or too few, with the project's own pool."""

from __future__ import annotations

from rules.engine.costs.estimates import connections, number, threads
from rules.engine.finding import Impact, Options

POOL_TIMEOUT_S = 30
"""What SQLAlchemy waits for a free connection unless told otherwise."""
QUERY_MS = 20
"""A statement that is neither a look-up by key nor slow."""
MAX_CONNECTIONS = 100
"""What PostgreSQL allows by default."""


def _pool(options: Options) -> tuple[dict[str, float | int | str], int, str]:
    """What is assumed of the pool, its places, and how they are said."""
    of = connections(options)
    places = max(1, round(sum(of.values())))
    size, overflow = (number(of[key]) for key in ("pool_size", "max_overflow"))
    own = options.context.keys() & of.keys()
    words = f"{places} connections ({size} + {overflow} overflow{'' if own else ' by default'})"
    return {**of, "connections": places, "pool_timeout_s": POOL_TIMEOUT_S}, places, words


def held_by_streams(options: Options) -> Impact:
    """A stream keeps its connection until the last byte."""
    assumed, places, words = _pool(options)
    return Impact(
        summary=(
            f"each open stream holds one of {words}: {places} slow readers, and every other request waits up to"
            f" {POOL_TIMEOUT_S} s for one and then fails"
        ),
        formula="open streams ≥ pool_size + max_overflow ⇒ nothing else reaches the database",
        assumptions=assumed,
    )


def leaked(options: Options) -> Impact:
    """A connection is not returned."""
    assumed, places, words = _pool(options)
    return Impact(
        summary=(
            f"each one that is not returned takes one of {words}; after {places} every request waits"
            f" {POOL_TIMEOUT_S} s and fails"
        ),
        formula="leaked ≥ pool_size + max_overflow ⇒ no request reaches the database",
        assumptions=assumed,
    )


def taken_twice(options: Options) -> Impact:
    """A request takes a second connection while it has one."""
    assumed, places, words = _pool(options)
    return Impact(
        summary=(
            f"two of {words} per request: {places} → {places // 2} such requests at once; {places} that start together"
            f" wait for each other for {POOL_TIMEOUT_S} s"
        ),
        formula="P / 2 requests at once; P at once ⇒ none goes on (P: connections of the pool)",
        assumptions=assumed,
    )


def not_configured(options: Options) -> Impact:
    """An engine with the pool that it has by default, or as the project says of it."""
    assumed, places, words = _pool(options)
    return Impact(
        summary=(
            f"at {QUERY_MS} ms per query and {words} at most {number(places * 1000 / QUERY_MS)} queries/s per process; a"
            f" request beyond them waits up to {POOL_TIMEOUT_S} s"
        ),
        formula="(pool_size + max_overflow) / query time",
        assumptions={**assumed, "query_ms": QUERY_MS},
    )


def fewer_than_threads(options: Options, places: int) -> Impact:
    """Less connections, as the code says, than threads that may ask for one."""
    held = threads(options)
    return Impact(
        summary=(
            f"at {QUERY_MS} ms per query at most {number(places * 1000 / QUERY_MS)} queries/s per process; with {held}"
            f" requests at once all but {places} wait"
        ),
        formula="(pool_size + max_overflow) / query time; wait ≈ (threads − pool)/pool · query time",
        assumptions={"threads": held, "connections": places, "query_ms": QUERY_MS},
        measured=True,
    )


def more_than_allowed(workers: int, places: int, allowed: int) -> Impact:
    """All workers together may open more connections, as the code says, than the database allows."""
    return Impact(
        summary=(
            f"{workers} workers with {places} connections each: up to {workers * places} under load; the server refuses"
            f" those above {allowed}"
        ),
        formula="workers · (pool_size + max_overflow) ≤ max_connections",
        assumptions={"workers": workers, "connections": places, "max_connections": allowed},
    )
