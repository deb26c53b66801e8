"""FP206: a filter on a column without an index, in a hundred thousand rows."""

import itertools

from sqlalchemy import select

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Event

pair = Pair("FP206", *at(1, 8, table_rows=tables.EVENTS), needs=("database",))
pair.setup(tables.use)
values = itertools.count()


@pair.slow("a filter on a column without an index")
async def slow() -> int:
    async with tables.AsyncSession() as session:
        found = await session.scalars(select(Event).where(Event.plain == next(values) % 20_000))
        return len(found.all())


@pair.fast("the same on an indexed column")
async def fast() -> int:
    async with tables.AsyncSession() as session:
        found = await session.scalars(select(Event).where(Event.indexed == next(values) % 20_000))
        return len(found.all())
