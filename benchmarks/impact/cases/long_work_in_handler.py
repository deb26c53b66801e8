"""FP401: the response waits for work that it does not need."""

from fastapi import BackgroundTasks

from benchmarks.impact import upstreams
from benchmarks.impact.pair import Pair, at

pair = Pair("FP401", *at(1, 8, ms=50), needs=("upstream",), headers={"connection": "close"})
pair.note = (
    "A connection of its own for each request: on a kept one the next request waits for the task of the last."
)
pair.setup(upstreams.use)


@pair.slow("a call awaited before the response")
async def slow(ms: float) -> int:
    await upstreams.call(ms)
    return 1


@pair.fast("the same in `BackgroundTasks`")
async def fast(ms: float, tasks: BackgroundTasks) -> int:
    tasks.add_task(upstreams.call, ms)
    return 1
