"""FP213: an insert per row."""

from sqlalchemy import insert

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Row

pair = Pair("FP213", *at(1, 4, rows=100), needs=("database",))
pair.setup(tables.use)


@pair.slow("`execute(insert(...))` for each row")
async def slow(rows: int) -> int:
    async with tables.AsyncSession() as session:
        for number in range(rows):
            await session.execute(insert(Row).values(value=str(number)))
        await session.commit()
    return rows


@pair.fast("one `execute(insert(...), rows)`")
async def fast(rows: int) -> int:
    async with tables.AsyncSession() as session:
        await session.execute(insert(Row), [{"value": str(number)} for number in range(rows)])
        await session.commit()
    return rows
