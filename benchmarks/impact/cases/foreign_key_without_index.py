"""FP207: rows looked up by a foreign key, in a hundred thousand."""

import itertools

from sqlalchemy import select

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Sale

pair = Pair("FP207", *at(1, 8, table_rows=tables.EVENTS), needs=("database",))
pair.setup(tables.use)
values = itertools.count()


@pair.slow("the rows of one parent, by a foreign key without an index")
async def slow() -> int:
    async with tables.AsyncSession() as session:
        found = await session.scalars(
            select(Sale.id).where(Sale.plain_id == 1 + next(values) % tables.BRANCHES)
        )
        return len(found.all())


@pair.fast("the same with an index")
async def fast() -> int:
    async with tables.AsyncSession() as session:
        found = await session.scalars(
            select(Sale.id).where(Sale.indexed_id == 1 + next(values) % tables.BRANCHES)
        )
        return len(found.all())
