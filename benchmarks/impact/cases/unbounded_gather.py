"""FP112: as many calls at once as there are items, on a client with a hundred connections."""

import asyncio

import aiohttp

from benchmarks.impact import upstreams
from benchmarks.impact.pair import Pair, at

pair = Pair("FP112", *at(1, 4, ms=5, items=300), needs=("upstream",))


@pair.setup
async def client() -> None:
    upstreams.shared = aiohttp.ClientSession()


@pair.slow("`gather` over 300 items")
async def slow(ms: float, items: int) -> int:
    return sum(await asyncio.gather(*(upstreams.call(ms) for _ in range(items))))


@pair.fast("the same, twenty at a time")
async def fast(ms: float, items: int) -> int:
    places = asyncio.Semaphore(20)

    async def one() -> int:
        async with places:
            return await upstreams.call(ms)

    return sum(await asyncio.gather(*(one() for _ in range(items))))
