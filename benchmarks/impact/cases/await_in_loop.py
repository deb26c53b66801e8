"""FP111: one call per item, one after another."""

import asyncio

from benchmarks.impact import upstreams
from benchmarks.impact.pair import Pair, at

pair = Pair("FP111", *at(1, 8, 32, ms=20, items=10), needs=("upstream",))
pair.setup(upstreams.use)
AT_ONCE = 5


@pair.slow("ten calls awaited in a loop")
async def slow(ms: float, items: int) -> int:
    total = 0
    for _ in range(items):
        total += await upstreams.call(ms)
    return total


@pair.fast("five at a time: `gather` under a `Semaphore(5)`")
async def fast(ms: float, items: int) -> int:
    places = asyncio.Semaphore(AT_ONCE)

    async def one() -> int:
        async with places:
            return await upstreams.call(ms)

    return sum(await asyncio.gather(*(one() for _ in range(items))))


@pair.form("all_at_once", "all at once: `gather` alone")
async def all_at_once(ms: float, items: int) -> int:
    return sum(await asyncio.gather(*(upstreams.call(ms) for _ in range(items))))
