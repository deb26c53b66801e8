"""FP604: an engine made for each request."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Item

pair = Pair("FP604", *at(1, 8), needs=("database",))
pair.setup(tables.use)
QUERY = select(Item.stock).where(Item.id == 7)


@pair.slow("`create_async_engine` in the endpoint")
async def slow() -> int:
    engine = tables.async_engine()
    async with AsyncSession(engine) as session:
        stock = await session.scalar(QUERY)
    await engine.dispose()
    return stock or 0


@pair.fast("one engine for the process")
async def fast() -> int:
    async with tables.AsyncSession() as session:
        return await session.scalar(QUERY) or 0
