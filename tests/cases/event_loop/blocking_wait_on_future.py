"""FP109: waiting on the event loop for what runs elsewhere."""

import asyncio
import concurrent.futures
import functools
import multiprocessing
import time
import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import ray
import requests
from fastapi import FastAPI

app = FastAPI()
pool = ThreadPoolExecutor()
jobs: queue.Queue = queue.Queue()
mutex = threading.Lock()
workers = multiprocessing.get_context("spawn").Pool(2)


def draw(number: int) -> bytes:
    return b""


def next_job() -> bytes:
    return jobs.get()


def next_job_if_any() -> bytes:
    return jobs.get(block=False)


@app.get("/label")
async def label(number: int) -> bytes:
    return pool.submit(draw, number).result()  # FP109


@app.get("/labels")
async def labels() -> int:
    futures = [pool.submit(draw, number) for number in range(9)]
    done, _ = concurrent.futures.wait(futures)  # FP109
    return len(done)


@app.get("/job")
async def job() -> bytes:
    return jobs.get(timeout=5)  # FP109


@app.get("/job-through-a-helper")
async def job_through_a_helper() -> bytes:
    return next_job()  # FP109


@app.get("/thread")
async def thread() -> None:
    worker = threading.Thread(target=draw, args=(1,))
    worker.start()
    worker.join()  # FP109


@app.get("/label-awaited")
async def label_awaited(number: int) -> bytes:
    return await asyncio.wrap_future(pool.submit(draw, number))


@app.get("/label-if-done")
async def label_if_done(number: int) -> bytes:
    future = pool.submit(draw, number)
    await asyncio.sleep(0.1)
    return future.result() if future.done() else b""


@app.get("/job-if-any")
async def job_if_any() -> list[bytes]:
    jobs.put(b"")
    with mutex:
        mine = jobs.get_nowait()
    return [mine, jobs.get(block=False), jobs.get(False), next_job_if_any()]


@app.get("/task")
async def task() -> str:
    pending = asyncio.create_task(asyncio.sleep(1, ", ".join(["a", "b"])))
    await asyncio.wait([pending])
    return pending.result()


@app.get("/label-in-a-def")
def label_in_a_def(number: int) -> bytes:
    return pool.submit(draw, number).result()


def send_and_wait(number: int) -> bytes:
    requests.post(f"https://told.example/{number}", timeout=5)
    return pool.submit(draw, number).result()


@app.get("/told")
async def told(number: int) -> bytes:
    await asyncio.sleep(0)
    return send_and_wait(number)  # said of the request, which is sent there too


@app.get("/told-apart")
async def told_apart(number: int) -> bytes:
    await asyncio.sleep(0)
    tell(number)
    return send_and_wait(number)  # FP109


def tell(number: int) -> None:
    requests.post(f"https://told.example/{number}", timeout=5)


class Engine:
    def __init__(self, url: str) -> None:
        self.ready = pool.submit(draw, len(url)).result()


@functools.lru_cache
def engine_of(url: str) -> Engine:
    return Engine(url)


@functools.lru_cache
def drawing_of(number: int) -> bytes:
    return pool.submit(draw, number).result()


def engine() -> Engine:
    return engine_of("db")


@app.get("/engine")
async def kept_engine() -> bytes:
    await asyncio.sleep(0)
    return engine().ready  # FP109 (summary)


@app.get("/drawing/{number}")
async def kept_drawing(number: int) -> bytes:
    await asyncio.sleep(0)
    return drawing_of(number)  # FP109 (summary)


class Refreshed:
    """Looks again after a minute."""

    def __init__(self) -> None:
        self._loaded_at = 0.0
        self._drawing = b""

    def drawing(self) -> bytes:
        if time.monotonic() - self._loaded_at >= 60:
            self._drawing = pool.submit(draw, 1).result()
            self._loaded_at = time.monotonic()
        return self._drawing


refreshed = Refreshed()


@app.get("/refreshed")
async def now_and_then() -> bytes:
    await asyncio.sleep(0)
    return refreshed.drawing()  # FP109 (summary)


def label_of(number: int, kind: str) -> bytes:
    if kind.startswith("drawn"):
        return pool.submit(draw, number).result()
    return b""


@app.get("/label/{number}")
async def perhaps_drawn(number: int) -> bytes:
    await asyncio.sleep(0)
    return label_of(number, "printed")  # FP109 (summary)


@app.get("/withdrawn/{number}")
async def withdrawn(number: int) -> bytes:
    drawing = pool.submit(draw, number)
    await asyncio.sleep(1)
    if not drawing.cancel():
        return drawing.result()
    return b""


@app.post("/labels")
async def many_labels(numbers: list[int]) -> list[bytes]:
    await asyncio.sleep(0)
    return list(pool.map(draw, numbers))  # FP109


@app.post("/labels/named")
async def many_named_labels(numbers: list[int]) -> list[bytes]:
    await asyncio.sleep(0)
    drawn = pool.map(draw, numbers)  # FP109
    return [each for each in drawn]


@app.post("/labels/started")
async def many_labels_that_are_only_begun(numbers: list[int]) -> int:
    await asyncio.sleep(0)
    pool.map(draw, numbers)
    return len(numbers)


@app.post("/labels/plain")
def many_labels_in_a_thread(numbers: list[int]) -> list[bytes]:
    return list(pool.map(draw, numbers))


@ray.remote
def drawn_elsewhere(number: int) -> bytes:
    return draw(number)


@app.get("/label/{number}/elsewhere")
async def got(number: int) -> bytes:
    await asyncio.sleep(0)
    return ray.get(drawn_elsewhere.remote(number))  # FP109


@app.get("/label/{number}/elsewhere/awaited")
async def awaited_reference(number: int) -> bytes:
    return await drawn_elsewhere.remote(number)


@app.get("/label/{number}/elsewhere/thread")
async def got_in_thread(number: int) -> bytes:
    return await asyncio.to_thread(ray.get, drawn_elsewhere.remote(number))


@app.get("/label/{number}/elsewhere/plain")
def got_in_def(number: int) -> bytes:
    return ray.get(drawn_elsewhere.remote(number))


@app.post("/label/{number}/processes")
async def drawn_by_processes(number: int) -> bytes:
    await asyncio.sleep(0)
    return workers.apply_async(draw, (number,)).get(timeout=10)  # FP109


@app.post("/label/{number}/processes/thread")
async def drawn_by_processes_in_thread(number: int) -> bytes:
    return await asyncio.to_thread(workers.apply_async(draw, (number,)).get, 10)


@app.post("/label/{number}/processes/plain")
def drawn_by_processes_in_def(number: int) -> bytes:
    return workers.apply_async(draw, (number,)).get(timeout=10)


@app.post("/label/{number}/processes/later")
async def drawn_by_processes_later(number: int) -> bool:
    begun = workers.apply_async(draw, (number,))
    await asyncio.sleep(1)
    return begun.ready()
