"""FP101: waiting in an `async def` without giving the loop back."""

import asyncio
import time

from benchmarks.impact.pair import Pair, at

pair = Pair("FP101", *at(1, 8, 32, ms=20), *at(32, ms=1), *at(32, ms=100), frees_loop=True)


@pair.slow("`time.sleep` in an `async def`")
async def slow(ms: float) -> int:
    time.sleep(ms / 1000)
    return 1


@pair.fast("`await asyncio.sleep`")
async def fast(ms: float) -> int:
    await asyncio.sleep(ms / 1000)
    return 1


@pair.form("in_thread", "`time.sleep` in a plain `def`")
def in_thread(ms: float) -> int:
    time.sleep(ms / 1000)
    return 1
