"""FP717: a debug record built from a whole payload though debug records are dropped."""

import logging

from benchmarks.impact.items import MODELS
from benchmarks.impact.pair import Pair, at

pair = Pair("FP717", *at(1, 8, rows=100))
log = logging.getLogger("case")
log.setLevel(logging.INFO)


@pair.slow('`log.debug(f"{[model.model_dump_json() ...]}")`')
async def slow(rows: int) -> int:
    log.debug(f"payload {[model.model_dump_json() for model in MODELS[:rows]]}")
    return rows


@pair.fast("`if log.isEnabledFor(logging.DEBUG)`")
async def fast(rows: int) -> int:
    if log.isEnabledFor(logging.DEBUG):
        log.debug("payload %s", [model.model_dump_json() for model in MODELS[:rows]])
    return rows
