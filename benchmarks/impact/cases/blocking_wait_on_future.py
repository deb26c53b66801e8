"""FP109: waiting for a thread on the event loop."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks.impact.pair import Pair, at

pair = Pair("FP109", *at(1, 8, 32, ms=20), frees_loop=True)
threads = ThreadPoolExecutor(40)


@pair.slow("`executor.submit(work).result()`")
async def slow(ms: float) -> int:
    threads.submit(time.sleep, ms / 1000).result()
    return 1


@pair.fast("`await loop.run_in_executor(executor, work)`")
async def fast(ms: float) -> int:
    await asyncio.get_running_loop().run_in_executor(threads, time.sleep, ms / 1000)
    return 1
