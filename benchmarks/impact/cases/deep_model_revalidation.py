"""FP514: models dumped to be validated into another model."""

from pydantic import ConfigDict

from benchmarks.impact.items import MODELS, Item
from benchmarks.impact.pair import Pair, at

pair = Pair("FP514", *at(1, 8, rows=1_000))


class ItemOut(Item):
    model_config = ConfigDict(from_attributes=True)


@pair.slow("`ItemOut(**item.model_dump())` for each row")
async def slow(rows: int) -> list[ItemOut]:
    return [ItemOut(**item.model_dump()) for item in MODELS[:rows]]


@pair.fast("the rows as they are, converted by `response_model`", response_model=list[ItemOut])
async def fast(rows: int) -> list[Item]:
    return MODELS[:rows]
