"""FP110: three calls that do not need each other."""

import asyncio

from benchmarks.impact import upstreams
from benchmarks.impact.pair import Pair, at

pair = Pair("FP110", *at(1, 8, 32, ms=20, calls=3), *at(1, ms=0, calls=3), needs=("upstream",))
pair.setup(upstreams.use)


@pair.slow("three calls awaited one after another")
async def slow(ms: float, calls: int) -> int:
    return sum([await upstreams.call(ms) for _ in range(calls)])


@pair.fast("`await asyncio.gather(...)` of the three")
async def fast(ms: float, calls: int) -> int:
    return sum(await asyncio.gather(*(upstreams.call(ms) for _ in range(calls))))
