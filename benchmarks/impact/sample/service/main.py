"""A service with endpoints of every shape that `fastperf scale` prices. `benchmarks.impact.scaling` loads each to saturation."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import aiohttp
import anyio.to_thread
import bcrypt
import requests
from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import sessionmaker

from service import held
from service.models import Author, Book

DATABASE = os.environ.get("IMPACT_DATABASE", "postgres@localhost/postgres")
UPSTREAM = os.environ.get("IMPACT_UPSTREAM", "http://127.0.0.1:9")
HASHED = bcrypt.hashpw(b"secret", bcrypt.gensalt(12))

engine = create_engine(f"postgresql+psycopg://{DATABASE}", pool_size=5, max_overflow=0)
async_engine = create_async_engine(f"postgresql+asyncpg://{DATABASE}", pool_size=5, max_overflow=0)
make_session = sessionmaker(engine)
make_async_session = async_sessionmaker(async_engine)
clients: dict[str, aiohttp.ClientSession] = {}
http = requests.Session()
http.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=64))


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = 5
    app.state.permits = asyncio.Semaphore(2)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        clients["upstream"] = held.clients["upstream"] = client
        yield


app = FastAPI(lifespan=lifespan)
app.include_router(held.router)


async def get_async_session() -> AsyncIterator[AsyncSession]:
    async with make_async_session() as session:
        yield session


OpenAsync = Annotated[AsyncSession, Depends(get_async_session)]


async def status() -> int:
    session: aiohttp.ClientSession = clients["upstream"]
    async with session.get(f"{UPSTREAM}/wait?ms=20", timeout=aiohttp.ClientTimeout(5)) as answer:
        return answer.status


@app.get("/nothing")
async def nothing() -> dict[str, bool]:
    return {"ok": True}


@app.get("/nothing-in-thread")
def nothing_in_thread() -> dict[str, bool]:
    return {"ok": True}


@app.get("/one-query")
async def one_query() -> str:
    async with make_async_session() as session:
        return (await session.scalars(select(Author.name).where(Author.id == 7))).one()


@app.get("/query-through-dependency")
async def query_through_dependency(session: OpenAsync) -> str:
    return (await session.scalars(select(Author.name).where(Author.id == 7))).one()


@app.get("/one-query-in-thread")
def one_query_in_thread() -> str:
    with make_session() as session:
        return session.scalars(select(Author.name).where(Author.id == 7)).one()


@app.get("/query-on-the-loop")
async def query_on_the_loop() -> str:
    with make_session() as session:
        return session.scalars(select(Author.name).where(Author.id == 7)).one()


@app.get("/five-queries")
async def five_queries() -> list[str]:
    async with make_async_session() as session:
        first = (await session.scalars(select(Author.name).where(Author.id == 1))).one()
        second = (await session.scalars(select(Author.name).where(Author.id == 2))).one()
        third = (await session.scalars(select(Author.name).where(Author.id == 3))).one()
        fourth = (await session.scalars(select(Author.name).where(Author.id == 4))).one()
        fifth = (await session.scalars(select(Author.name).where(Author.id == 5))).one()
    return [first, second, third, fourth, fifth]


@app.get("/query-per-row")
async def query_per_row() -> list[str]:
    names = []
    async with make_async_session() as session:
        for book in (await session.scalars(select(Book).order_by(Book.id).limit(20))).all():
            names.append(
                (await session.scalars(select(Author.name).where(Author.id == book.author_id))).one()
            )
    return names


@app.get("/call")
async def call() -> int:
    return await status()


@app.get("/two-calls")
async def two_calls() -> int:
    return await status() + await status()


@app.get("/calls-at-once")
async def calls_at_once() -> list[int]:
    return await asyncio.gather(status(), status(), status())


@app.get("/call-on-the-loop")
async def call_on_the_loop() -> int:
    return requests.get(f"{UPSTREAM}/wait?ms=20", timeout=5).status_code


@app.get("/call-in-thread")
def call_in_thread() -> int:
    return http.get(f"{UPSTREAM}/wait?ms=20", timeout=5).status_code


@app.get("/query-and-call-in-thread")
def query_and_call_in_thread() -> int:
    with make_session() as session:
        session.scalars(select(Author.name).where(Author.id == 7)).one()
    return http.get(f"{UPSTREAM}/wait?ms=20", timeout=5).status_code


@app.get("/call-holding-a-connection")
async def call_holding_a_connection() -> int:
    async with make_async_session() as session:
        (await session.scalars(select(Author.name).where(Author.id == 7))).one()
        return await status()


@app.get("/password")
async def password() -> bool:
    return bcrypt.checkpw(b"other", HASHED)
