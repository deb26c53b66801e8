"""FP215: rows loaded to be sorted out in Python."""

from sqlalchemy import select

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Item

pair = Pair("FP215", *at(1, 4, rows=2_000), needs=("database",))
pair.setup(tables.use)


@pair.slow("all rows, kept by an `if` in Python")
async def slow(rows: int) -> list[int]:
    async with tables.AsyncSession() as session:
        items = (await session.scalars(select(Item).where(Item.id <= rows))).all()
        return [item.id for item in items if item.stock > rows - 20]


@pair.fast("the condition in `.where(...)`")
async def fast(rows: int) -> list[int]:
    async with tables.AsyncSession() as session:
        items = await session.scalars(select(Item).where(Item.id <= rows, Item.stock > rows - 20))
        return [item.id for item in items]
