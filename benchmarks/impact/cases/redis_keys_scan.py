"""FP306: `KEYS` in a database of a hundred thousand keys: what another client's `GET` waits behind it."""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any

import redis.asyncio as redis

from benchmarks.impact.pair import Pair, at

KEYS = 100_000
pair = Pair("FP306", *at(1, keys=KEYS), needs=("redis",))
pair.note = "The response time is that of another client's `GET`, sent while the look-up runs; the look-up itself is not waited for."
looking: redis.Redis
other: redis.Redis
ending: set[asyncio.Task[object]] = set()


@pair.setup
async def fill() -> None:
    global looking, other
    looking, other = (redis.Redis.from_url(os.environ["IMPACT_REDIS"]) for _ in range(2))
    if await other.dbsize() < KEYS:
        for start in range(0, KEYS, 5_000):
            await other.mset({f"s:{number}": "x" for number in range(start, start + 5_000)})


async def beside(work: Coroutine[Any, Any, object]) -> int:
    task = asyncio.create_task(work)
    await asyncio.sleep(0.001)
    await other.get("s:1")
    ending.add(task)
    task.add_done_callback(ending.discard)
    return 1


@pair.slow("`KEYS pattern` by another request")
async def slow() -> int:
    return await beside(looking.keys("s:*77"))


@pair.fast("one step of `SCAN` with a count of 1,000 by another request")
async def fast() -> int:
    return await beside(looking.scan(0, "s:*77", 1_000))
