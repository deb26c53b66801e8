"""FP221: a second connection taken while the first is held, on a pool of five."""

from sqlalchemy import exc, select

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Item

pair = Pair("FP221", *at(1, 4, 16, pool_size=5, timeout_s=0.5), needs=("database",))
pair.note = (
    "With as many requests as connections the slow form waits for itself until the pool's time-out: half a second here,"
    " thirty by default."
)


@pair.setup
async def small_pool() -> None:
    tables.AsyncSession.configure(bind=tables.async_engine(pool_size=5, pool_timeout=0.5))


@pair.slow("a session opened inside another")
async def slow() -> int:
    try:
        async with tables.AsyncSession() as session:
            stock = await session.scalar(select(Item.stock).where(Item.id == 7))
            async with tables.AsyncSession() as second:
                kind = await second.scalar(select(Item.kind).where(Item.id == 7))
    except exc.TimeoutError:
        return 0
    return (stock or 0) + (kind or 0)


@pair.fast("one session for both")
async def fast() -> int:
    async with tables.AsyncSession() as session:
        stock = await session.scalar(select(Item.stock).where(Item.id == 7))
        kind = await session.scalar(select(Item.kind).where(Item.id == 7))
    return (stock or 0) + (kind or 0)
