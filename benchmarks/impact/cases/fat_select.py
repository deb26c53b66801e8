"""FP216: whole rows with a long text loaded for two columns."""

from sqlalchemy import select
from sqlalchemy.orm import load_only

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Event

pair = Pair("FP216", *at(1, 4, rows=1_000), needs=("database",))
pair.setup(tables.use)
pair.note = "The column left out has 80 characters; a long one saves more."


@pair.slow("whole rows")
async def slow(rows: int) -> int:
    async with tables.AsyncSession() as session:
        return len((await session.scalars(select(Event).order_by(Event.id).limit(rows))).all())


@pair.fast("`load_only` of what is shown")
async def fast(rows: int) -> int:
    async with tables.AsyncSession() as session:
        query = select(Event).options(load_only(Event.id, Event.name)).order_by(Event.id).limit(rows)
        return len((await session.scalars(query)).all())
