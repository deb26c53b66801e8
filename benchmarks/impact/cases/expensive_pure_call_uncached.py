"""FP303: the same answer fetched from the same address by each request."""

from cachetools import TTLCache

from benchmarks.impact import upstreams
from benchmarks.impact.pair import Pair, at

pair = Pair("FP303", *at(1, 16, ms=20), needs=("upstream",))
pair.setup(upstreams.use)
kept: TTLCache[str, int] = TTLCache(16, 60)


@pair.slow("a call for each request")
async def slow(ms: float) -> int:
    return await upstreams.call(ms)


@pair.fast("one call a minute, the answer kept")
async def fast(ms: float) -> int:
    if "rates" not in kept:
        kept["rates"] = await upstreams.call(ms)
    return kept["rates"]
