"""FP512: JSON parsed into dictionaries to be validated."""

import json

from fastapi import Request

from benchmarks.impact.items import ITEMS, MODELS
from benchmarks.impact.pair import Pair, at

pair = Pair("FP512", *at(1, 4, rows=1_000), body=lambda given: ITEMS.dump_json(MODELS[: int(given["rows"])]))


@pair.slow("`validate_python(json.loads(body))`")
async def slow(request: Request) -> int:
    return len(ITEMS.validate_python(json.loads(await request.body())))


@pair.fast("`validate_json(body)`")
async def fast(request: Request) -> int:
    return len(ITEMS.validate_json(await request.body()))
