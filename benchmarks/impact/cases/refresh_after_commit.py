"""FP224: a refresh of a new row for its key alone."""

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Row

pair = Pair("FP224", *at(1, 8), needs=("database",))
pair.setup(tables.use)


@pair.slow("`commit`, then `refresh`")
async def slow() -> int:
    async with tables.AsyncSession() as session:
        row = Row(value="x")
        session.add(row)
        await session.commit()
        await session.refresh(row)
        return row.id


@pair.fast("`flush`, the key, then `commit`")
async def fast() -> int:
    async with tables.AsyncSession() as session:
        row = Row(value="x")
        session.add(row)
        await session.flush()
        key = row.id
        await session.commit()
        return key
