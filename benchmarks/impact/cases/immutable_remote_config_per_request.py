"""FP301: the signing keys fetched for each request."""

import asyncio

from benchmarks.impact import upstreams
from benchmarks.impact.pair import Pair, at

pair = Pair("FP301", *at(1, 32, ms=20), needs=("upstream",))
pair.setup(upstreams.use)
lock = asyncio.Lock()
kept: dict[str, int] = {}


@pair.slow("the document fetched for each request")
async def slow(ms: float) -> int:
    return await upstreams.call(ms)


@pair.fast("fetched once and kept")
async def fast(ms: float) -> int:
    if "keys" not in kept:
        async with lock:
            if "keys" not in kept:
                kept["keys"] = await upstreams.call(ms)
    return kept["keys"]
