"""FP214: rows loaded to be changed one by one."""

from sqlalchemy import select, update

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Item

pair = Pair("FP214", *at(1, rows=100), needs=("database",))
pair.setup(tables.use)


@pair.slow("load the rows, change each, commit")
async def slow(rows: int) -> int:
    async with tables.AsyncSession() as session:
        for item in await session.scalars(select(Item).where(Item.id <= rows)):
            item.stock += 1
        await session.commit()
    return rows


@pair.fast("one `update(...)`")
async def fast(rows: int) -> int:
    async with tables.AsyncSession() as session:
        await session.execute(
            update(Item).where(Item.id <= rows).values(stock=Item.stock + 1),
            execution_options={"synchronize_session": False},
        )
        await session.commit()
    return rows
