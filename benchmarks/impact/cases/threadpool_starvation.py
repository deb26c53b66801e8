"""FP119: a plain `def` that waits for long holds one of the forty threads."""

import asyncio
import time

from benchmarks.impact.pair import Pair, at

pair = Pair("FP119", *at(20, 120, ms=200))


@pair.slow("200 ms of waiting in a plain `def`")
def slow(ms: float) -> int:
    time.sleep(ms / 1000)
    return 1


@pair.fast("the same waiting awaited")
async def fast(ms: float) -> int:
    await asyncio.sleep(ms / 1000)
    return 1
