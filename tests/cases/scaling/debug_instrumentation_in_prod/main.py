"""FP718: debugging that is always on."""

import asyncio
import os
import tracemalloc

import click
import pyinstrument
from fastapi import FastAPI, Request
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine

DEBUG = bool(os.getenv("DEBUG"))
app = FastAPI()
engine = create_engine("postgresql://db/shop", echo=True)  # FP718
asynchronous = create_async_engine("postgresql+asyncpg://db/shop", echo=True)  # FP718
quiet = create_engine("postgresql://db/shop", echo=False)
asked = create_engine("postgresql://db/shop", echo=DEBUG)
tracemalloc.start()  # FP718

if DEBUG:
    tracemalloc.start()
    loud = create_engine("postgresql://db/shop", echo=True)


@app.middleware("http")
async def profile(request: Request, call_next):
    profiler = pyinstrument.Profiler()  # FP718
    profiler.start()
    response = await call_next(request)
    profiler.stop()
    return response


@app.middleware("http")
async def profile_when_asked(request: Request, call_next):
    if "profile" not in request.query_params:
        return await call_next(request)
    profiler = pyinstrument.Profiler()
    with profiler:
        return await call_next(request)


@app.on_event("startup")
async def watch() -> None:
    asyncio.get_running_loop().set_debug(True)  # FP718
    asyncio.get_running_loop().set_debug(DEBUG)


@app.on_event("startup")
async def check_schema() -> None:
    passing = create_engine("postgresql://db/shop", echo=True)  # FP718 (summary)
    app.state.engine = create_engine("postgresql://db/shop", echo=True)  # FP718
    held = create_engine("postgresql://db/shop", echo=True)  # FP718 (inline)
    app.state.other = held
    assert await is_current(passing)


if __name__ == "__main__":
    asyncio.run(watch(), debug=True)


def measured() -> int:
    tracemalloc.start()
    try:
        return len(tracemalloc.take_snapshot().traces)
    finally:
        tracemalloc.stop()


@click.group()
def cli() -> None:
    pass


@cli.command()
def list_tables() -> None:
    listing = create_engine("postgresql://db/shop", echo=True)
    listing.dispose()


def keeps(function):
    return function


@keeps
def connect() -> None:
    create_engine("postgresql://db/shop", echo=True)  # FP718


@app.get("/memory")
def memory() -> int:
    tracemalloc.start()  # FP718 (summary)
    return len(tracemalloc.take_snapshot().traces)
