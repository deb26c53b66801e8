"""FP228: an `IN` of five thousand numbers, one parameter each; what is allowed at most; the same in batches."""

from sqlalchemy import select

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Item

MOST = 500
pair = Pair("FP228", *at(1, 4, items=5_000), needs=("database",))
pair.setup(tables.use)


async def names(numbers: list[int], batch: int) -> int:
    found = 0
    async with tables.AsyncSession() as session:
        for start in range(0, len(numbers), batch):
            query = select(Item.id, Item.name).where(Item.id.in_(numbers[start : start + batch]))
            found += len((await session.execute(query)).all())
    return found


@pair.slow("all in one `IN`")
async def slow(items: int) -> int:
    return await names(list(range(1, items + 1)), items)


@pair.fast("at most 500 accepted")
async def fast(items: int) -> int:
    return await names(list(range(1, min(items, MOST) + 1)), MOST)


@pair.form("batched", "all, in batches of 500")
async def in_batches(items: int) -> int:
    return await names(list(range(1, items + 1)), MOST)
