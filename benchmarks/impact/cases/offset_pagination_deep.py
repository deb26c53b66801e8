"""FP222: a page far behind the start."""

from sqlalchemy import select

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Event

pair = Pair("FP222", *at(1, 8, offset=90_000), *at(1, offset=1_000), needs=("database",))
pair.setup(tables.use)


@pair.slow("`.offset(...)`")
async def slow(offset: int) -> int:
    async with tables.AsyncSession() as session:
        query = select(Event.id, Event.payload).order_by(Event.id).offset(offset).limit(50)
        return len((await session.execute(query)).all())


@pair.fast("`.where(Event.id > last)`")
async def fast(offset: int) -> int:
    async with tables.AsyncSession() as session:
        query = select(Event.id, Event.payload).where(Event.id > offset).order_by(Event.id).limit(50)
        return len((await session.execute(query)).all())
