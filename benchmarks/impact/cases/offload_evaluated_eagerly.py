"""FP107: what was meant for a thread runs where the call is written."""

import time

from fastapi.concurrency import run_in_threadpool

from benchmarks.impact.pair import Pair, at

pair = Pair("FP107", *at(1, 8, 32, ms=20), frees_loop=True)


def fetch(ms: float) -> int:
    time.sleep(ms / 1000)
    return 1


@pair.slow("`run_in_threadpool(str, fetch(…))`, the call among the arguments")
async def slow(ms: float) -> str:
    return await run_in_threadpool(str, fetch(ms))


@pair.fast("`run_in_threadpool(fetch, …)`")
async def fast(ms: float) -> str:
    return str(await run_in_threadpool(fetch, ms))
