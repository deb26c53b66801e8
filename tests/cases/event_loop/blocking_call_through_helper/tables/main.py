import asyncio

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

import handlers
from kept import SENDERS, bus, checks, get_exporter, tools

app = FastAPI()


@app.get("/export/{kind}")
async def export(kind: str) -> bytes:
    await asyncio.sleep(0)
    write = get_exporter(kind)
    return write("orders")  # FP103


@app.post("/send/{kind}")
async def send(kind: str) -> None:
    await asyncio.sleep(0)
    SENDERS[kind].send("hello")  # FP103


@app.get("/tools/{name}")
async def use(name: str) -> object:
    await asyncio.sleep(0)
    return tools.call(name, "Bern")  # FP103


@app.post("/orders")
async def order() -> None:
    await asyncio.sleep(0)
    bus.publish("ordered", handlers.__name__)  # FP103


# Near misses


@app.get("/export-aside/{kind}")
async def export_aside(kind: str) -> bytes:
    return await run_in_threadpool(get_exporter(kind), "orders")


@app.get("/tools")
async def names() -> list[str]:
    await asyncio.sleep(0)
    checks.register(str)
    return tools.names


@app.get("/plain/{kind}")
def plain(kind: str) -> bytes:
    return get_exporter(kind)("orders")
