"""FP210: rows loaded to see whether there is one."""

from sqlalchemy import select

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Item

pair = Pair("FP210", *at(1, 4, rows=1_429), needs=("database",))
pair.setup(tables.use)


@pair.slow("`bool((await session.scalars(query)).all())`")
async def slow() -> bool:
    async with tables.AsyncSession() as session:
        return bool((await session.scalars(select(Item).where(Item.kind == 3))).all())


@pair.fast("`select(query.exists())`")
async def fast() -> bool:
    async with tables.AsyncSession() as session:
        return bool(await session.scalar(select(select(Item.id).where(Item.kind == 3).exists())))
