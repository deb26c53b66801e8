import asyncio
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session

from shop import clients
from shop.clients import Carrier, asynchronous, fetch, later, pause, pure
from shop.db import find_order, get_session

app = FastAPI()
carrier = Carrier("https://carrier.example")


async def audit() -> None: ...


@app.get("/direct/{number}")
async def direct(number: str) -> str:
    await audit()
    return fetch(number)  # FP103


@app.get("/module/{number}")
async def through_module(number: str) -> str:
    await audit()
    return clients.fetch(number)  # FP103


@app.get("/method/{number}")
async def method(number: str) -> str:
    await audit()
    return carrier.status(number)  # FP103


@app.get("/twice/{number}")
async def twice(number: str) -> str:
    await audit()
    first = fetch(number)  # FP103
    second = carrier.status(number)
    return first + second


@app.get("/kinds/{number}")
async def kinds(number: str, session: Session = Depends(get_session)) -> None:
    await audit()
    pause()  # FP103
    find_order(session, 1)  # FP103


async def inner(number: str) -> str:
    await audit()
    return fetch(number)  # FP103


@app.get("/inner/{number}")
async def outer(number: str) -> str:
    return await inner(number)


# Near misses


@app.get("/offloaded/{number}")
async def offloaded(number: str) -> str:
    await asyncio.to_thread(carrier.status, number)
    await run_in_threadpool(lambda: fetch(number))
    return await run_in_threadpool(fetch, number)


@app.get("/thread/{number}")
def in_a_thread(number: str) -> str:
    return fetch(number)


@app.get("/harmless/{number}")
async def harmless(number: str) -> str:
    await asynchronous(number)
    carrier.label(number)
    helper = later()
    pages = carrier.pages()
    return pure(f"{helper}{pages}{number}")


@app.get("/background/{number}")
async def background(number: str, tasks: BackgroundTasks) -> None:
    tasks.add_task(fetch, number)


def sync_dependency(number: str) -> str:
    return fetch(number)


@app.get("/dependency/{number}")
async def dependency(status: Annotated[str, Depends(sync_dependency)]) -> str:
    await audit()
    return status


@app.get("/each")
async def each(numbers: str) -> list[str]:
    await audit()
    return list(map(fetch, numbers.split(",")))  # FP103


@app.get("/handed")
async def handed(numbers: str) -> list[str]:
    await audit()
    return list(map(str.strip, numbers.split(",")))


from shop import (
    branches,
    first_user,
    by_source,
    handed_on,
    made_once,
    own_state,
    ports,
    renewal,
    sources,
    spans,
    switched,
    ticks,
)

for part in (branches, by_source, first_user, handed_on, made_once, own_state, ports, renewal, sources, spans, switched, ticks):
    app.include_router(part.router)
