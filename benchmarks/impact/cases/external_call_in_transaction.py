"""FP218: a connection held while another service is waited for, on a pool of five."""

from sqlalchemy import select

from benchmarks.impact import tables, upstreams
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Item

PLACES = 5
pair = Pair("FP218", *at(1, 64, ms=20, pool_size=PLACES), needs=("database", "upstream"))
pair.setup(upstreams.use)


@pair.setup
async def small_pool() -> None:
    tables.AsyncSession.configure(bind=tables.async_engine(pool_size=PLACES))


@pair.slow("the call inside the session")
async def slow(ms: float) -> int:
    async with tables.AsyncSession() as session:
        stock = await session.scalar(select(Item.stock).where(Item.id == 7))
        await upstreams.call(ms)
    return stock or 0


@pair.fast("the call after the session is closed")
async def fast(ms: float) -> int:
    async with tables.AsyncSession() as session:
        stock = await session.scalar(select(Item.stock).where(Item.id == 7))
    await upstreams.call(ms)
    return stock or 0
