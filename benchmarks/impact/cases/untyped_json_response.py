"""FP501: a list without a declared type."""

from benchmarks.impact.items import DICTIONARIES, Item
from benchmarks.impact.pair import Pair, at

pair = Pair("FP501", *at(1, 8, rows=1_000), *at(1, rows=1))


@pair.slow("dictionaries, no return type")
async def slow(rows: int):
    return DICTIONARIES[:rows]


@pair.fast("dictionaries, `-> list[Item]`")
async def fast(rows: int) -> list[Item]:
    return DICTIONARIES[:rows]  # type: ignore[return-value] # FastAPI validates them
