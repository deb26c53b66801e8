import asyncio
import copy
import functools
import smtplib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import anyio
import requests
from fastapi import BackgroundTasks, FastAPI
from fastapi.concurrency import run_in_threadpool

app = FastAPI()
pool = ThreadPoolExecutor()


def send(to: str, subject: str = "") -> None:
    with smtplib.SMTP("mail.example") as server:
        server.sendmail("shop@example", to, subject)


def note(text):
    print(text)


def total(values: list[int]) -> int:
    return sum(values)


def make_sender(to: str) -> Callable[[], None]:
    return lambda: send(to)


def make_nested(to: str):
    def later():
        send(to)

    return later


def bound(to: str):
    return partial(send, to)


def chosen(to: str, settings: Any):
    requests.get("https://flags.example", timeout=1)
    if settings.quiet:
        return settings.sender
    return make_sender(to)


async def notify(to: str) -> None:
    await anyio.sleep(1)


@app.post("/a")
async def handed_over_as_results(to: str, tasks: BackgroundTasks) -> None:
    await run_in_threadpool(send(to))  # FP107
    await asyncio.to_thread(send(to, subject="x"))  # FP107
    await asyncio.to_thread(requests.get("https://a.example", timeout=1))  # FP107
    await anyio.to_thread.run_sync(total([1]))  # FP107
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, send(to, subject="x"))  # FP107
    pool.submit(send(to))  # FP107
    tasks.add_task(note("paid"))  # FP107
    tasks.add_task(send(to))  # FP107
    threading.Thread(target=send(to), daemon=True).start()  # FP107


@app.post("/b")
async def handed_over_as_functions(to: str, tasks: BackgroundTasks, given: Any) -> None:
    await run_in_threadpool(send, to)
    await asyncio.to_thread(send, to, subject="x")
    await asyncio.to_thread(requests.get, "https://a.example", timeout=1)
    await anyio.to_thread.run_sync(lambda: total([1]))
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, functools.partial(send, to, subject="x"))
    pool.submit(send, to)
    tasks.add_task(note, "paid")
    threading.Thread(target=send, args=(to,), daemon=True).start()


@app.post("/c")
async def handed_over_what_a_factory_returned(to: str, tasks: BackgroundTasks, given: Any) -> None:
    tasks.add_task(make_sender(to))
    tasks.add_task(make_nested(to))
    tasks.add_task(bound(to))
    tasks.add_task(partial(send, to))
    tasks.add_task(given.make(to))
    tasks.add_task(given(to), to)
    asyncio.create_task(notify(to))
    await run_in_threadpool(*given(to))


@app.get("/d")
def in_a_worker_thread(to: str, tasks: BackgroundTasks) -> None:
    tasks.add_task(send(to))  # FP107
    tasks.add_task(send, to)
    total([total([1])])


@app.get("/e")
async def of_a_copy(to: str) -> None:
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, copy.deepcopy(send), to)
    await loop.run_in_executor(None, copy.copy(send), to)
