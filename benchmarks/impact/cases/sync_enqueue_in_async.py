"""FP406: a job handed to the broker on the event loop. The broker is a Redis on loopback."""

import os

from celery import Celery
from fastapi.concurrency import run_in_threadpool

from benchmarks.impact.pair import Pair, at

pair = Pair("FP406", *at(1, 8, 32), needs=("redis",))
queue = Celery("shop", broker=os.environ.get("IMPACT_REDIS"))


@queue.task(ignore_result=True)
def invoice(order_id: int) -> None: ...


@pair.slow("`invoice.delay(…)` in an `async def`")
async def slow() -> int:
    invoice.delay(1)
    return 1


@pair.fast("`await run_in_threadpool(invoice.delay, …)`")
async def fast() -> int:
    await run_in_threadpool(invoice.delay, 1)
    return 1


@pair.form("plain", "`invoice.delay(…)` in a plain `def`")
def plain() -> int:
    invoice.delay(1)
    return 1
