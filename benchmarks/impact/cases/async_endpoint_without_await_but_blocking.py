"""FP104: an `async def` that awaits nothing and blocks, against the same as a plain `def`."""

import requests

from benchmarks.impact import upstreams
from benchmarks.impact.pair import Pair, at

pair = Pair("FP104", *at(1, 8, 32, ms=20), needs=("upstream",), frees_loop=True)
pair.setup(upstreams.use)


@pair.slow("`requests.get` in an `async def`")
async def slow(ms: float) -> int:
    return requests.get(upstreams.address(ms), timeout=9).status_code


@pair.fast("the same in a plain `def`")
def fast(ms: float) -> int:
    return requests.get(upstreams.address(ms), timeout=9).status_code
