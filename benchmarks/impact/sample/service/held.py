"""Endpoints whose requests wait for each other: tokens, locks, permits, and connections that are held."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import aiohttp
import httpx
import requests
from fastapi import APIRouter, Depends, Request, WebSocket
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import create_engine, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, sessionmaker

from service.models import Author

DATABASE = os.environ.get("IMPACT_DATABASE", "postgres@localhost/postgres")
WAIT = os.environ.get("IMPACT_UPSTREAM", "http://127.0.0.1:9") + "/wait?ms=20"
PAUSE = 0.05

router = APIRouter()
http = requests.Session()
http.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=64))
few = httpx.AsyncClient(limits=httpx.Limits(max_connections=4), timeout=5)
clients: dict[str, aiohttp.ClientSession] = {}
turns = asyncio.Lock()
permits = asyncio.Semaphore(3)
mutex = threading.Lock()
small = create_engine(f"postgresql+psycopg://{DATABASE}", pool_size=2, max_overflow=0)
make_small_session = sessionmaker(small)
engine = create_async_engine(f"postgresql+asyncpg://{DATABASE}", pool_size=5, max_overflow=0)
make_session = async_sessionmaker(engine)


async def status() -> int:
    session: aiohttp.ClientSession = clients["upstream"]
    async with session.get(WAIT, timeout=aiohttp.ClientTimeout(5)) as answer:
        return answer.status


def checked() -> int:
    return http.get(WAIT, timeout=5).status_code


def checked_again() -> int:
    return http.get(WAIT, timeout=5).status_code


def get_small_session() -> Iterator[Session]:
    with make_small_session() as session:
        yield session


async def get_session() -> AsyncIterator[AsyncSession]:
    async with make_session() as session:
        yield session


@router.get("/dependency-in-thread")
async def dependency_in_thread(code: Annotated[int, Depends(checked)]) -> int:
    return code


@router.get("/dependencies-in-threads")
def dependencies_in_threads(
    code: Annotated[int, Depends(checked)], other: Annotated[int, Depends(checked_again)]
) -> int:
    return code + other


@router.get("/sleep-in-thread")
def sleep_in_thread() -> bool:
    time.sleep(PAUSE)
    return True


@router.get("/library-in-thread")
async def library_in_thread() -> int:
    return (await run_in_threadpool(http.get, WAIT, timeout=5)).status_code


@router.get("/one-at-a-time")
async def one_at_a_time() -> int:
    async with turns:
        return await status()


@router.get("/acquired-in-turn")
async def acquired_in_turn() -> int:
    await turns.acquire()
    try:
        return await status()
    finally:
        turns.release()


@router.get("/permits-of-the-application")
async def permits_of_the_application(request: Request) -> int:
    async with request.app.state.permits:
        return await status()


@router.get("/three-at-a-time")
async def three_at_a_time() -> int:
    async with permits:
        return await status()


@router.get("/one-thread-at-a-time")
def one_thread_at_a_time() -> int:
    with mutex:
        return http.get(WAIT, timeout=5).status_code


@router.get("/few-connections")
async def few_connections() -> int:
    return (await few.get(WAIT)).status_code


@router.get("/small-pool")
def small_pool() -> int:
    with make_small_session() as session:
        session.scalars(select(Author.name).where(Author.id == 7)).one()
        return http.get(WAIT, timeout=5).status_code


@router.get("/connection-between-threads")
def connection_between_threads(session: Annotated[Session, Depends(get_small_session)]) -> int:
    session.scalars(select(Author.name).where(Author.id == 7)).one()
    return http.get(WAIT, timeout=5).status_code


async def priced() -> int:
    async with make_session() as session:
        await session.execute(text("select 1"))
        return await status()


@router.get("/connections-at-once")
async def connections_at_once() -> list[int]:
    return await asyncio.gather(priced(), priced(), priced())


@router.websocket("/prices")
async def prices(socket: WebSocket, session: Annotated[AsyncSession, Depends(get_session)]) -> None:
    await socket.accept()
    while True:
        number = await socket.receive_text()
        name = await session.scalar(select(Author.name).where(Author.id == int(number)))
        await socket.send_text(name or "")
