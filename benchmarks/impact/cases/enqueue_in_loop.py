"""FP410: a job for each of a hundred rows. The broker is a Redis on loopback; nobody takes the jobs."""

import os

from celery import Celery

from benchmarks.impact.pair import Pair, at

pair = Pair("FP410", *at(1, 4, items=100), needs=("redis",))
queue = Celery("shop", broker=os.environ.get("IMPACT_REDIS"))


@queue.task(ignore_result=True)
def invoice(order_id: int) -> None: ...


@queue.task(ignore_result=True)
def invoices(order_ids: list[int]) -> None: ...


@pair.slow("`invoice.delay(order_id)` in a loop")
def slow(items: int) -> int:
    for order_id in range(items):
        invoice.delay(order_id)
    return items


@pair.fast("`invoices.delay(order_ids)` once")
def fast(items: int) -> int:
    invoices.delay(list(range(items)))
    return items
