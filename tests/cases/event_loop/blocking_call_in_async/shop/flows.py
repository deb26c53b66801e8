"""Tasks of Prefect 2, each call of which runs in a thread; its flows stay where they are called."""

import time

from fastapi import FastAPI
from prefect import flow, task

app = FastAPI()


@task
async def index(number: int) -> None:
    time.sleep(number)


@task(retries=3)
async def index_again(number: int) -> None:
    time.sleep(number)


async def index_here(number: int) -> None:
    time.sleep(number)  # FP101


@flow(name="indexing")
async def indexing(number: int) -> None:
    time.sleep(number)  # FP101
    await index(number)
    await index_again(number)
    await index_here(number)


@app.post("/orders/{number}/index")
async def start(number: int) -> None:
    await indexing(number)
