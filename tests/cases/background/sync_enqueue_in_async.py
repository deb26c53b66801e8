import asyncio

import dramatiq
import rq
from arq.connections import ArqRedis
from celery import Celery, shared_task
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from redis import Redis

app = FastAPI()
queue = Celery("shop")
jobs = rq.Queue(connection=Redis())


@queue.task
def invoice(order_id: int) -> None: ...


@shared_task
def shared(order_id: int) -> None: ...


@dramatiq.actor
def actor(order_id: int) -> None: ...


def plain(order_id: int) -> None: ...


@app.post("/celery")
async def celery(order_id: int) -> None:
    invoice.delay(order_id)  # FP406
    shared.apply_async(args=(order_id,))  # FP406
    queue.send_task("invoice", args=[order_id])  # FP406


@app.post("/others")
async def others(order_id: int) -> None:
    actor.send(order_id)  # FP406
    jobs.enqueue(plain, order_id)  # FP406


@queue.task
def nightly() -> None:
    asyncio.run(remind_all())


async def remind_all() -> None:
    invoice.delay(1)  # FP406 (summary)


# Near misses


@app.post("/sync")
def synchronous(order_id: int) -> None:
    invoice.delay(order_id)
    actor.send(order_id)
    jobs.enqueue(plain, order_id)


@app.post("/offloaded")
async def offloaded(order_id: int) -> None:
    await run_in_threadpool(invoice.delay, order_id)
    await asyncio.to_thread(lambda: invoice.delay(order_id))


class Channel:
    def send(self, text: str) -> None: ...

    def delay(self, seconds: int) -> None: ...


@app.post("/unrelated")
async def unrelated(order_id: int, pool: ArqRedis) -> None:
    Channel().send("x")
    Channel().delay(1)
    invoice(order_id)
    await pool.enqueue_job("invoice", order_id)
    invoice.s(order_id)
