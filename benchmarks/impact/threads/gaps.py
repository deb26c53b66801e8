"""Runs a call in a thread while the loop counts how long it was not served."""

from __future__ import annotations

import asyncio
import gc
import platform
import re
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from importlib import metadata
from typing import Any, NamedTuple

Call = Callable[[], object]
Group = Callable[[], Mapping[str, Call]]
"""Prepares the calls of a library; by the names that `rules/libraries` has."""

ROUNDS = 5
TICK = 0.001
LONG_MS, SHORT_MS = 10_000, 20
"""Beyond these a round says little, or takes too long to be repeated."""
IDLE = 0.3
"""Seconds for which the loop is watched while nothing is called: what the machine's other jobs do to it."""


class Seen(NamedTuple):
    """Seconds of a call, and of the loop's longest gap meanwhile."""

    call: float
    gap: float


async def watched(run: Callable[[], Awaitable[object]]) -> Seen:
    longest = 0.0
    ended = False

    async def tick() -> None:
        nonlocal longest
        while not ended:
            asked = time.perf_counter()
            await asyncio.sleep(TICK)
            longest = max(longest, time.perf_counter() - asked - TICK)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.01)
    longest = 0.0
    started = time.perf_counter()
    await run()
    took = time.perf_counter() - started
    ended = True
    await ticking
    return Seen(took, longest)


async def seen(call: Call) -> Seen:
    return await watched(lambda: asyncio.to_thread(call))


async def seen_idle() -> Seen:
    return await watched(lambda: asyncio.sleep(IDLE))


async def seen_inline(call: Call) -> Seen:
    async def run() -> None:
        call()

    return await watched(run)


def measured(call: Call, rounds: int = ROUNDS) -> dict[str, Any]:
    """What some rounds showed, after one that does not count: in each the loop idle, the call in a thread, the call inline.
    Other jobs of the machine only add to a gap: the least counts."""
    return asyncio.run(_rounds(call, rounds))


async def _rounds(call: Call, rounds: int) -> dict[str, Any]:
    first = await seen(call)
    if first.call * 1000 > LONG_MS:
        rounds = 2
    gc.collect()
    idle, threaded, inline = [], [], []
    for number in range(rounds):
        idle.append(await seen_idle())
        threaded.append(await seen(call))
        if number < 2:
            inline.append(await seen_inline(call))
    took = statistics.median(each.call for each in threaded)
    held = min(each.gap / each.call for each in threaded)
    return {
        "call_ms": round(took * 1000, 1),
        "inline_gap_ms": round(min(each.gap for each in inline) * 1000, 1),
        "least_gap_ms": round(min(each.gap for each in threaded) * 1000, 1),
        "idle_gap_ms": round(min(each.gap for each in idle) * 1000, 1),
        "held": round(held, 2),
        "frees_loop": held < 0.5,
    }


def everything(
    groups: Iterable[Group],
    wanted: frozenset[str],
    without: Mapping[str, str],
    kept: Callable[[Mapping[str, Mapping[str, Any]]], object],
    shortest: float = SHORT_MS,
) -> None:
    """What was measured, and why the rest was not: `{"threads": …, "unmeasured": …}`, kept after each call."""
    threads: dict[str, Any] = {}
    unmeasured = dict(without)
    for group in groups:
        try:
            calls = group()
        except Exception as error:
            unmeasured[group.__name__] = _reason(error)
            print(f"{group.__name__}: {_reason(error)}", flush=True)
            continue
        for name, call in calls.items():
            kept({"threads": threads, "unmeasured": unmeasured})
            if wanted and name not in wanted:
                continue
            try:
                found = measured(call)
            except Exception as error:
                unmeasured[name] = _reason(error)
                print(f"{name}: {_reason(error)}", flush=True)
                continue
            if found["call_ms"] < shortest:
                unmeasured[name] = f"the call took only {found['call_ms']} ms"
                print(f"{name}: {unmeasured[name]}", flush=True)
                continue
            threads[name] = found | {"version": _version(name)}
            print(
                f"{name:60} {found['call_ms']:8.1f} ms, gap inline {found['inline_gap_ms']:8.1f} thread {found['least_gap_ms']:8.1f}"
                f" idle {found['idle_gap_ms']:5.1f} held {found['held']:.2f}",
                flush=True,
            )
    kept({"threads": threads, "unmeasured": unmeasured})


def _version(name: str) -> str:
    """The distribution that the call comes from; Python itself for the standard library."""
    root = name.partition(".")[0]
    held = metadata.packages_distributions().get(root, [])
    # Several distributions share `google` and `azure`: the longest name that fits is the one.
    fitting = [each for each in held if each.lower().replace("-", ".") in name.lower().replace("_", ".")]
    for each in sorted(fitting, key=len, reverse=True) or sorted(set(held), key=len):
        return f"{each} {metadata.version(each)}"
    return f"python {platform.python_version()}"


def _reason(error: Exception) -> str:
    first = re.sub(r" \(?/[^ )]*\)?", "", str(error).strip().partition("\n")[0])
    return f"{type(error).__name__}: {first}"[:160]
