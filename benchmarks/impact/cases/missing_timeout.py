"""FP601: `requests` without a timeout to a peer that hangs uses up the threads, and a healthy call waits behind it."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import requests

from benchmarks.impact import upstreams
from benchmarks.impact.pair import Pair, at

PLACES = 5
GIVEN_UP = 4.0
pair = Pair("FP601", *at(1, hung=PLACES, timeout_s=0.5), needs=("upstream",), answers_alike=False)
pair.note = "Five threads, five calls that hang. The healthy call of the slow form is given up after 4 s: it would never return."


def ask(address: str, timeout: float | None) -> int:
    with suppress(requests.Timeout):
        return requests.get(address, timeout=timeout).status_code
    return 504


async def healthy(timeout: float | None) -> int:
    loop = asyncio.get_running_loop()
    pool = ThreadPoolExecutor(PLACES)
    hanging = f"{os.environ['IMPACT_UPSTREAM']}/hang"
    for _ in range(PLACES):
        loop.run_in_executor(pool, ask, hanging, timeout)
    try:
        async with asyncio.timeout(GIVEN_UP):
            return await loop.run_in_executor(pool, ask, upstreams.address(1), timeout)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@pair.slow("`requests.get(url)`")
async def slow() -> int:
    return await healthy(None)


@pair.fast("`requests.get(url, timeout=0.5)`")
async def fast() -> int:
    return await healthy(0.5)
