"""FP308: a kept report that ends every hundred milliseconds; who finds nothing counts a hundred thousand rows."""

import os

import redis.asyncio as redis
from sqlalchemy import func, select

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Event

LIFETIME_MS = 100
pair = Pair("FP308", *at(1, 32), needs=("database", "redis"))
pair.note = "The report's lifetime is 100 ms, so that it ends often while it is measured; *statements* are per request."
pair.setup(tables.use)
client: redis.Redis


@pair.setup
async def connect() -> None:
    global client
    client = redis.Redis.from_url(os.environ["IMPACT_REDIS"], decode_responses=True)


async def count() -> str:
    async with tables.AsyncSession() as session:
        return str(await session.scalar(select(func.count()).where(Event.plain > 0)))


@pair.slow("everybody who finds nothing computes")
async def slow() -> str:
    found = await client.get("everybody")
    if found is None:
        found = await count()
        await client.set("everybody", found, px=LIFETIME_MS)
    return str(found)


@pair.fast("one computes under `SET … NX`, the others get the old value meanwhile")
async def fast() -> str:
    found, fresh = await client.mget("one", "one:fresh")
    if found is None or (fresh is None and await client.set("one:lock", 1, nx=True, px=1_000)):
        found = await count()
        await client.set("one", found)
        await client.set("one:fresh", 1, px=LIFETIME_MS)
        await client.delete("one:lock")
    return str(found)
