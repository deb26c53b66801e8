"""FP117: a lock held while another service is waited for."""

import asyncio

from benchmarks.impact import upstreams
from benchmarks.impact.pair import Pair, at

pair = Pair("FP117", *at(1, 8, 32, ms=20), needs=("upstream",))
pair.note = "Measured with an `asyncio.Lock`: a thread's lock held like this stops the worker for good as soon as two requests meet."
pair.setup(upstreams.use)
lock = asyncio.Lock()
rates: dict[str, int] = {}


@pair.slow("the call inside the lock")
async def slow(ms: float) -> int:
    async with lock:
        rates["eur"] = await upstreams.call(ms)
    return 1


@pair.fast("the call before the lock")
async def fast(ms: float) -> int:
    found = await upstreams.call(ms)
    async with lock:
        rates["eur"] = found
    return 1
