"""FP504: `jsonable_encoder` on models."""

from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

from benchmarks.impact.items import MODELS, Item
from benchmarks.impact.pair import Pair, at

pair = Pair("FP504", *at(1, 8, rows=1_000), *at(1, rows=1))


@pair.slow("`JSONResponse(jsonable_encoder(models))`")
async def slow(rows: int) -> JSONResponse:
    return JSONResponse(jsonable_encoder(MODELS[:rows]))


@pair.fast("`return models` with `-> list[Item]`")
async def fast(rows: int) -> list[Item]:
    return MODELS[:rows]
