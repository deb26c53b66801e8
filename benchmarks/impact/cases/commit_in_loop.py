"""FP212: a commit per row."""

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Row

pair = Pair("FP212", *at(1, 4, rows=100), needs=("database",))
pair.setup(tables.use)


@pair.slow("`commit` after each row")
async def slow(rows: int) -> int:
    async with tables.AsyncSession() as session:
        for number in range(rows):
            session.add(Row(value=str(number)))
            await session.commit()
    return rows


@pair.fast("one `commit` after the loop")
async def fast(rows: int) -> int:
    async with tables.AsyncSession() as session:
        for number in range(rows):
            session.add(Row(value=str(number)))
        await session.commit()
    return rows


@pair.form("flush", "`flush` after each row, one `commit`")
async def flush(rows: int) -> int:
    async with tables.AsyncSession() as session:
        for number in range(rows):
            session.add(Row(value=str(number)))
            await session.flush()
        await session.commit()
    return rows
