"""FP605: a new connection for each request."""

from sqlalchemy import NullPool, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Item

pair = Pair("FP605", *at(1, 8), needs=("database",))
pair.setup(tables.use)
QUERY = select(Item.stock).where(Item.id == 7)
unpooled: AsyncEngine


@pair.setup
async def engine() -> None:
    global unpooled
    unpooled = tables.async_engine(poolclass=NullPool)


@pair.slow("`poolclass=NullPool`")
async def slow() -> int:
    async with AsyncSession(unpooled) as session:
        return await session.scalar(QUERY) or 0


@pair.fast("the default pool")
async def fast() -> int:
    async with tables.AsyncSession() as session:
        return await session.scalar(QUERY) or 0
