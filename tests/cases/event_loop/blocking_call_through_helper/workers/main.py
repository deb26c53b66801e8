import asyncio
from typing import Any

from fastapi import FastAPI

from workers.monitor import Monitor, seen, stored

app = FastAPI()
monitor = Monitor()


@app.get("/workers")
async def workers() -> dict[str, Any]:
    await asyncio.sleep(0)
    return monitor.busy()  # FP103


@app.get("/workers/tasks")
async def tasks() -> list[str]:
    await asyncio.sleep(0)
    return monitor.tasks()


@app.get("/workers/thread")
async def workers_in_thread() -> dict[str, Any]:
    return await asyncio.to_thread(monitor.busy)


@app.get("/files/{name}")
async def file(name: str) -> bytes:
    await asyncio.sleep(0)
    return stored(name)  # FP103


@app.get("/files/{name}/plain")
def file_in_def(name: str) -> bytes:
    return stored(name)


@app.get("/seen")
async def picture(url: str) -> bytes:
    await asyncio.sleep(0)
    return seen(url)  # FP103


@app.get("/seen/thread")
async def picture_in_thread(url: str) -> bytes:
    return await asyncio.to_thread(seen, url)
