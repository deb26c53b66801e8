"""FP502: a JSON response class named in so many words."""

from fastapi.responses import JSONResponse

from benchmarks.impact.items import MODELS, Item
from benchmarks.impact.pair import Pair, at

pair = Pair("FP502", *at(1, 8, rows=1_000), *at(1, rows=1))


@pair.slow("`response_class=JSONResponse`", response_class=JSONResponse)
async def slow(rows: int) -> list[Item]:
    return MODELS[:rows]


@pair.fast("no response class")
async def fast(rows: int) -> list[Item]:
    return MODELS[:rows]
