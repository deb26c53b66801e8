import asyncio
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

seen: dict[str, Any] = {}
answers: list[Any] = []
by_kind: dict[str, Any] = {}
emptied: dict[str, Any] = {}
made: dict[str, Any] = {}


async def read_messages() -> list[dict[str, Any]]: ...


async def listen() -> None:
    while True:
        for message in await read_messages():
            message_id = message["id"]
            seen[message_id] = message  # FP704 (summary)
            answers.append(message)  # FP704 (summary)
            by_kind["text"] = message
            emptied[message_id] = message
        await asyncio.sleep(1)


async def sweep() -> None:
    while True:
        emptied.clear()
        await asyncio.sleep(60)


def prepare() -> None:
    for name in ("a", "b"):
        made[name] = object()


@asynccontextmanager
async def lifespan(app: FastAPI) -> Any:
    prepare()
    tasks = [asyncio.create_task(listen()), asyncio.create_task(sweep())]
    yield
    for task in tasks:
        task.cancel()


app = FastAPI(lifespan=lifespan)
