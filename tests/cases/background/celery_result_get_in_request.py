import asyncio

from celery import Celery, chord, group, shared_task
from celery.result import AsyncResult
from fastapi import FastAPI

app = FastAPI()
queue = Celery("shop")
settings: dict[str, str] = {}


@queue.task
def total(order_id: int) -> int:
    return order_id


@shared_task(bind=True)
def all_totals(self, order_ids: list[int]) -> list[int]:
    return [total.delay(order_id).get() for order_id in order_ids]  # FP405 (change)


@app.get("/direct/{order_id}")
def direct(order_id: int) -> int:
    return total.delay(order_id).get(timeout=10)  # FP405


@app.get("/named/{order_id}")
async def named(order_id: int) -> int:
    result = total.apply_async(args=(order_id,))
    return result.get()  # FP405


@app.get("/group")
def grouped(order_ids: list[int]) -> list[int]:
    jobs = group(total.s(order_id) for order_id in order_ids)()
    return jobs.join()  # FP405


@app.get("/chord")
def with_chord(order_ids: list[int]) -> int:
    return chord([total.s(1)])(total.s()).get()  # FP405


@app.get("/sent")
def sent() -> int:
    return queue.send_task("total", args=[1]).get()  # FP405


@app.get("/by-id/{job_id}")
def by_id(job_id: str) -> int:
    AsyncResult(job_id).wait()  # FP405
    return 1


@app.get("/health/workers")
def asked_whether_workers_are_there() -> int:
    return total.delay(1).get(timeout=60)  # FP405 (change)


# Near misses


@app.get("/jobs/{job_id}")
def asked_first(job_id: str) -> int | None:
    result = AsyncResult(job_id)
    return result.get() if result.ready() else None


@app.post("/start/{order_id}")
def start(order_id: int) -> str:
    return total.delay(order_id).id


@app.get("/state/{job_id}")
def state(job_id: str) -> str:
    return AsyncResult(job_id).state


@app.get("/other")
async def other() -> str | None:
    done = asyncio.Event()
    await done.wait()
    return settings.get("total") or total(1)


def script() -> int:
    return total.delay(1).get()


if __name__ == "__main__":
    print(script())


@app.get("/at-once/{job_id}")
def at_once(job_id: str) -> int:
    return AsyncResult(job_id).get(timeout=0)
