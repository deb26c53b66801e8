"""FP223: somebody asks for a page of ten thousand rows, and gets it, or gets the hundred that are allowed."""

from sqlalchemy import select

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Item

MOST = 100
pair = Pair("FP223", *at(1, 4, rows=10_000), *at(1, rows=1_000), needs=("database",))
pair.setup(tables.use)


async def page(rows: int) -> list[str]:
    async with tables.AsyncSession() as session:
        return [item.name for item in await session.scalars(select(Item).order_by(Item.id).limit(rows))]


@pair.slow("`limit(rows)` as asked for")
async def slow(rows: int) -> list[str]:
    return await page(rows)


@pair.fast("at most 100 rows")
async def fast(rows: int) -> list[str]:
    return await page(min(rows, MOST))
