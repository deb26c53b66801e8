"""FP208: a function around an indexed column."""

import itertools

from sqlalchemy import func, select

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Event

pair = Pair("FP208", *at(1, 8, table_rows=tables.EVENTS), needs=("database",))
pair.setup(tables.use)
values = itertools.count()


@pair.slow("`func.lower(Event.name) == ...` on an indexed column")
async def slow() -> int:
    async with tables.AsyncSession() as session:
        found = await session.scalars(
            select(Event).where(func.lower(Event.name) == f"name {next(values) % 20_000}")
        )
        return len(found.all())


@pair.fast("`Event.name == ...`")
async def fast() -> int:
    async with tables.AsyncSession() as session:
        found = await session.scalars(select(Event).where(Event.name == f"name {next(values) % 20_000}"))
        return len(found.all())
