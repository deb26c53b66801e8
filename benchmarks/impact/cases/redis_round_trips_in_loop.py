"""FP307: one Redis command per turn."""

import os

import redis.asyncio as redis

from benchmarks.impact.pair import Pair, at

pair = Pair("FP307", *at(1, 8, commands=20), needs=("redis",))
client: redis.Redis


@pair.setup
async def connect() -> None:
    global client
    client = redis.Redis.from_url(os.environ["IMPACT_REDIS"])
    await client.mset({f"k{number}": "x" for number in range(100)})


@pair.slow("`await client.get(...)` in a loop")
async def slow(commands: int) -> int:
    return len([await client.get(f"k{number}") for number in range(commands)])


@pair.fast("`mget`")
async def fast(commands: int) -> int:
    return len(await client.mget([f"k{number}" for number in range(commands)]))


@pair.form("pipeline", "a pipeline")
async def pipeline(commands: int) -> int:
    async with client.pipeline(transaction=False) as pipe:
        for number in range(commands):
            pipe.get(f"k{number}")
        return len(await pipe.execute())
