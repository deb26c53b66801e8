"""FP513: a validator built for each request."""

from pydantic import TypeAdapter

from benchmarks.impact.items import ITEMS, Item
from benchmarks.impact.pair import Pair, at

pair = Pair("FP513", *at(1, 8))


@pair.slow("`TypeAdapter(list[Item])` in the endpoint")
async def slow() -> int:
    return len(TypeAdapter(list[Item]).validate_python([]))


@pair.fast("the same at module level")
async def fast() -> int:
    return len(ITEMS.validate_python([]))
