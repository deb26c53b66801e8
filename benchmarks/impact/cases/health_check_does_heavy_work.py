"""FP613: a health check that asks another service, and one that remembers the answer."""

import time

from benchmarks.impact import upstreams
from benchmarks.impact.pair import Pair, at

pair = Pair("FP613", *at(1, 32, ms=20), needs=("upstream",))
pair.setup(upstreams.use)
SECONDS = 5.0
asked = 0.0


@pair.slow("a call for each check")
async def slow(ms: float) -> bool:
    return await upstreams.call(ms) == 200


@pair.fast("the answer remembered for five seconds")
async def fast(ms: float) -> bool:
    global asked
    if time.monotonic() - asked > SECONDS:
        asked = time.monotonic()
        await upstreams.call(ms)
    return True
