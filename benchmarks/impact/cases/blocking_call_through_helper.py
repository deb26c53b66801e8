"""FP103: a helper that calls out, called from an `async def`."""

import requests
from fastapi.concurrency import run_in_threadpool

from benchmarks.impact import upstreams
from benchmarks.impact.pair import Pair, at

pair = Pair("FP103", *at(1, 8, 32, ms=20), needs=("upstream",), frees_loop=True)
pair.setup(upstreams.use)


def status(ms: float) -> int:
    return requests.get(upstreams.address(ms), timeout=9).status_code


@pair.slow("a helper with `requests.get` called in an `async def`")
async def slow(ms: float) -> int:
    return status(ms)


@pair.fast("the helper in a thread: `await run_in_threadpool(helper)`")
async def fast(ms: float) -> int:
    return await run_in_threadpool(status, ms)


@pair.form("shared_client", "a shared `aiohttp` session")
async def shared_client(ms: float) -> int:
    return await upstreams.call(ms)
