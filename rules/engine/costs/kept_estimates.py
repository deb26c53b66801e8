"""Expected effect of what is kept too long, fetched again or sent one by one: memory, caches, Redis, queues."""

from __future__ import annotations

from rules.engine.costs.estimates import (
    assumption,
    connections,
    db_ms,
    http_range,
    named,
    number,
    redis_ms,
    rows,
    span,
)
from rules.engine.finding import Impact, Options

RPS = 10.0
NEW_KEYS = 0.1
"""The share of requests that bring a key nobody has seen yet."""
ENTRY_KB = (0.5, 5.0)
"""A small dictionary under a string key, to a page of text."""
KEYS_WAIT_MS = ((10.0, 40.0), (0.2, 3.0))
"""What another client waits behind one `KEYS` over 100,000 keys, and behind one step of `SCAN` with a count of 1,000."""
_DAY = 86_400


def growing(options: Options, *, tried: bool = True) -> Impact:
    """A container that gets an entry per new key and never loses one. `tried`: with entries, not whole instances."""
    rate = assumption(options, "rps", RPS)
    keys = rate * NEW_KEYS * _DAY
    return Impact(
        summary=(
            f"at {number(rate)} requests/s, one in ten with a new key: {number(keys)} entries a day, about"
            f" {span(keys * ENTRY_KB[0] / 1000, keys * ENTRY_KB[1] / 1000)} MB per worker and day, until the restart"
        ),
        formula="keys · 0.5–5 KB per worker, never given back",
        assumptions={"rps": rate, "new_keys": NEW_KEYS},
        measured=tried,
    )


def fetched_each_time(options: Options) -> Impact:
    """The same answer from the same address for each request."""
    latencies = http_range(options)
    return Impact(
        summary=(
            f"at {span(*latencies)} ms upstream: {span(*latencies)} ms and 1 external call per request → 1 per cache"
            " lifetime"
        ),
        formula="L per request → L per lifetime of the cache",
        assumptions={"http_latency_ms": named(latencies)},
        measured=True,
    )


def redis_in_loop(options: Options) -> Impact:
    """One command per turn against one for all."""
    count, trip = rows(options), redis_ms(options)
    return Impact(
        summary=(
            f"for {count} turns and {number(trip)} ms per round trip: {count} commands one after another, about"
            f" {number(count * trip)} ms → {span(trip, 2 * trip)} ms in one"
        ),
        formula="n·RTT → RTT",
        assumptions={"rows": count, "redis_round_trip_ms": trip},
        measured=True,
    )


def keys_scanned(options: Options) -> Impact:
    """`KEYS` walks the whole key space in one step of a single-threaded server."""
    return Impact(
        summary=(
            f"with 100,000 keys: every other client's commands wait {span(*KEYS_WAIT_MS[0])} ms behind each →"
            f" {span(*KEYS_WAIT_MS[1])} ms with `SCAN` and a count of 1,000; the scan itself takes longer than `KEYS`"
        ),
        formula="time of KEYS grows with all keys of the database, not with the matches",
        assumptions={"keys": 100_000},
        measured=True,
    )


def moved_behind(options: Options) -> Impact:
    """Work that the response does not need, done before it is sent."""
    latencies = http_range(options)
    return Impact(
        summary=f"each request waits {span(*latencies)} → 0 ms for it; the work itself stays the same",
        formula="p50 − L (L: the call that moves behind the response)",
        assumptions={"http_latency_ms": named(latencies)},
        measured=True,
    )


def long_sleep(seconds: float) -> Impact:
    """A sleep of a known length before the response."""
    return Impact(
        summary=f"each request waits {number(seconds)} → 0 s for it",
        formula="p50 − L (L: the sleep)",
        assumptions={"sleep_ms": seconds * 1000},
        measured=True,
    )


def settings_read(options: Options) -> Impact:
    """Settings made anew for each request."""
    return Impact(
        summary="0.3 ms of processor time per request, about 1.2 ms when an `.env` file is read → 0",
        formula="0.3–1.2 ms per request → once per process",
        assumptions={"fields": 15},
        measured=True,
    )


def connection_held(options: Options) -> Impact:
    """A database connection stays checked out while a background task runs."""
    pool = connections(options)
    size = sum(pool.values())
    return Impact(
        summary=(
            f"{number(size)} such tasks at a time hold all {number(size)} connections; the next request waits for a"
            " connection, 30 s at most by default"
        ),
        formula="tasks in flight ≥ pool ⇒ requests wait",
        assumptions={**pool, "connections": size, "db_round_trip_ms": db_ms(options), "pool_timeout_s": 30},
    )


__all__ = [
    "connection_held",
    "fetched_each_time",
    "growing",
    "keys_scanned",
    "long_sleep",
    "moved_behind",
    "redis_in_loop",
    "settings_read",
]
