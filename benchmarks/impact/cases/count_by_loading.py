"""FP209: rows loaded to be counted."""

from sqlalchemy import func, select

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Item

pair = Pair("FP209", *at(1, rows=100), *at(1, 4, rows=10_000), needs=("database",))
pair.setup(tables.use)


@pair.slow("`len((await session.scalars(query)).all())`")
async def slow(rows: int) -> int:
    async with tables.AsyncSession() as session:
        return len((await session.scalars(select(Item).where(Item.id <= rows))).all())


@pair.fast("`select(func.count())`")
async def fast(rows: int) -> int:
    async with tables.AsyncSession() as session:
        return await session.scalar(select(func.count()).select_from(Item).where(Item.id <= rows)) or 0
