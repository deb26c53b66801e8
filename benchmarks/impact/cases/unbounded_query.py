"""FP211: a list without a limit."""

from sqlalchemy import select

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Item

pair = Pair("FP211", *at(1, 4, rows=10_000), needs=("database",))
pair.setup(tables.use)


def told(item: Item) -> dict[str, object]:
    return {"id": item.id, "name": item.name, "note": item.note, "kind": item.kind, "stock": item.stock}


@pair.slow("all rows")
async def slow(rows: int) -> list[dict[str, object]]:
    async with tables.AsyncSession() as session:
        return [told(item) for item in await session.scalars(select(Item).order_by(Item.id).limit(rows))]


@pair.fast("a page of 50")
async def fast() -> list[dict[str, object]]:
    async with tables.AsyncSession() as session:
        return [told(item) for item in await session.scalars(select(Item).order_by(Item.id).limit(50))]
