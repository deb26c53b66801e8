"""FP503: models dumped before FastAPI validates and dumps them."""

from typing import Any

from benchmarks.impact.items import MODELS, Item
from benchmarks.impact.pair import Pair, at

pair = Pair("FP503", *at(1, 8, rows=1_000), *at(1, rows=1))


@pair.slow("`[model.model_dump() for model in models]`", response_model=list[Item])
async def slow(rows: int) -> Any:
    return [model.model_dump() for model in MODELS[:rows]]


@pair.fast("the models", response_model=list[Item])
async def fast(rows: int) -> Any:
    return MODELS[:rows]
