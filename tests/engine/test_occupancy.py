"""What requests keep from each other, and how many of them that lets through."""

from __future__ import annotations

from textwrap import dedent

import pytest

from rules import Options, analyze
from rules.engine.costs.capacity import Capacity, Site, capacities, sites, websockets
from rules.engine.finding import Endpoint
from rules.engine.linking.deployment import Deployment

APP = """
    import asyncio
    import ssl
    import threading
    import time
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
    from typing import Annotated

    import anyio.to_thread
    import bcrypt
    import httpx
    import requests
    import sqlmodel
    from fastapi import Depends, FastAPI, WebSocket
    from fastapi.concurrency import run_in_threadpool
    from sqlalchemy import create_engine, select
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
    from sqlalchemy.orm import Session, sessionmaker
    from sqlalchemy.pool import NullPool

    PLACES = 4
    CERTIFIED = ssl.create_default_context()
    app = FastAPI()
    turns = asyncio.Lock()
    permits = asyncio.Semaphore(PLACES)
    mutex = threading.Lock()
    limits = httpx.Limits(max_connections=7)
    few = httpx.AsyncClient(limits=limits)
    usual = httpx.AsyncClient()
    pool = ThreadPoolExecutor(max_workers=2)
    processes = ProcessPoolExecutor()
    small = create_engine("postgresql+psycopg://db/shop", pool_size=3, max_overflow=1)
    make_session = sessionmaker(small)
    unpooled = create_engine("postgresql+psycopg://db/shop", poolclass=NullPool)
    make_unpooled = sessionmaker(bind=unpooled)
    roomy = sqlmodel.create_engine("postgresql+psycopg://db/shop", pool_size=6)
    make_roomy = sessionmaker(roomy)
    engine = create_async_engine("postgresql+asyncpg://db/shop")
    make_async_session = async_sessionmaker(engine)

    def check() -> int:
        return requests.get("https://a.example/").status_code

    async def get_session():
        async with make_async_session() as session:
            yield session

    Open = Annotated[AsyncSession, Depends(get_session)]

    @app.get("/dependency")
    async def dependency(code: Annotated[int, Depends(check)]): ...

    @app.get("/library")
    async def library():
        await run_in_threadpool(requests.get, "https://a.example/")

    @app.get("/method")
    async def method():
        await anyio.to_thread.run_sync(requests.Session().get, "https://a.example/")

    @app.get("/default-executor")
    async def default_executor():
        await asyncio.to_thread(requests.get, "https://a.example/")

    @app.get("/own-executor")
    async def own_executor():
        await asyncio.get_running_loop().run_in_executor(pool, requests.get, "https://a.example/")

    @app.get("/processes")
    async def in_processes():
        await asyncio.get_running_loop().run_in_executor(processes, bcrypt.checkpw, b"a", b"b")

    @app.get("/sleep")
    def sleep():
        time.sleep(0.25)

    @app.get("/lock")
    async def lock():
        async with turns:
            await usual.get("https://a.example/")

    @app.get("/lock-of-threads")
    def lock_of_threads():
        with mutex:
            check()

    @app.get("/lock-of-one")
    async def lock_of_one():
        async with asyncio.Lock():
            await usual.get("https://a.example/")

    @app.get("/lock-before")
    async def lock_before():
        async with turns:
            pass
        await usual.get("https://a.example/")

    @app.get("/semaphore")
    async def semaphore():
        async with permits:
            await asyncio.sleep(0.5)

    @app.get("/few")
    async def through_few():
        await few.get("https://a.example/")

    @app.get("/own-client")
    async def own_client():
        async with httpx.AsyncClient() as client:
            await client.get("https://a.example/")

    @app.get("/own-client-of-one-call")
    def own_client_of_one_call():
        httpx.get("https://a.example/")

    @app.get("/certified")
    async def certified():
        async with httpx.AsyncClient(verify=CERTIFIED) as client:
            await client.get("https://a.example/")

    @app.get("/pool")
    def through_pool():
        with make_session() as session:
            session.scalar(select(1))
            check()

    @app.get("/usual-overflow")
    def usual_overflow():
        with make_roomy() as session:
            session.scalar(select(1))
            check()

    @app.get("/no-pool")
    def without_pool():
        with make_unpooled() as session:
            session.scalar(select(1))
            check()

    async def priced():
        async with make_async_session() as session:
            await session.scalar(select(1))
            await usual.get("https://a.example/")

    @app.get("/gathered")
    async def gathered():
        await asyncio.gather(priced(), priced(), priced())

    @app.get("/one-after-another")
    async def one_after_another():
        await priced()
        await priced()
        await priced()

    def get_small_session():
        with make_session() as session:
            yield session

    @app.get("/between-threads")
    def between_threads(session: Annotated[Session, Depends(get_small_session)]) -> int:
        return session.scalar(select(1))

    def counted(session: Session):
        return session.scalar(select(1))

    @app.get("/run-sync")
    async def run_sync(session: Open):
        await session.run_sync(counted)

    @app.get("/asked-late")
    async def asked_late(session: Open):
        await asyncio.sleep(0.5)
        await session.scalar(select(1))

    @app.get("/given-back")
    async def given_back(session: Open):
        await session.scalar(select(1))
        await session.commit()
        await asyncio.sleep(0.5)

    @app.get("/opened-early")
    async def opened_early():
        async with make_async_session() as session:
            await asyncio.sleep(0.5)
            await session.scalar(select(1))

    @app.get("/kept-on")
    async def kept_on(session: Open):
        await session.scalar(select(1))
        await asyncio.sleep(0.5)

    @app.get("/asked-again")
    async def asked_again(session: Open):
        for _ in range(2):
            await asyncio.sleep(0.25)
            await session.scalar(select(1))

    @app.websocket("/prices")
    async def prices(socket: WebSocket, session: Open):
        await session.scalar(select(1))

    @app.websocket("/free")
    async def free(socket: WebSocket):
        async with make_async_session() as session:
            await session.scalar(select(1))
"""


def endpoints(files: dict[str, str], options: Options) -> tuple[Endpoint, ...]:
    sources = {path: dedent(text).encode() for path, text in files.items()}
    return analyze(sources, options=options).result.endpoints


LOCKS = """
    import asyncio
    from contextlib import asynccontextmanager

    import httpx
    from fastapi import Depends, FastAPI, Request

    @asynccontextmanager
    async def lifespan(app: FastAPI):
        app.state.gate = asyncio.Semaphore(4)
        app.state.turn = asyncio.Lock()
        yield

    app = FastAPI(lifespan=lifespan)
    client = httpx.AsyncClient()
    lock = asyncio.Lock()
    permits = asyncio.Semaphore(3)

    class Service:
        gate = asyncio.Semaphore(5)

        def __init__(self):
            self.lock = asyncio.Lock()

        async def one(self):
            async with self.lock:
                await client.get("https://a.example/")

        async def other(self):
            await self.lock.acquire()
            try:
                await client.get("https://a.example/")
            finally:
                self.lock.release()

        async def several(self):
            async with self.gate:
                await client.get("https://a.example/")

    class Alone(Service):
        def __init__(self):
            self.lock = asyncio.Lock()

        async def alone(self):
            async with self.lock:
                await client.get("https://a.example/")

    service = Service()

    @app.get("/acquired")
    async def acquired():
        await lock.acquire()
        try:
            await client.get("https://a.example/")
        finally:
            lock.release()

    @app.get("/acquired-inside")
    async def acquired_inside():
        try:
            await asyncio.wait_for(permits.acquire(), timeout=5)
            await client.get("https://a.example/")
        finally:
            permits.release()

    @app.get("/released-before")
    async def released_before():
        await lock.acquire()
        lock.release()
        await client.get("https://a.example/")

    @app.get("/own-lock")
    async def own_lock():
        await service.one()

    @app.get("/own-lock-acquired")
    async def own_lock_acquired():
        await service.other()

    @app.get("/of-the-class")
    async def of_the_class():
        await service.several()

    @app.get("/of-this-request")
    async def of_this_request(alone: Alone = Depends(lambda: Alone())):
        await alone.alone()

    @app.get("/of-the-application")
    async def of_the_application(request: Request):
        gate = request.app.state.gate
        async with gate:
            await client.get("https://a.example/")

    @app.get("/turn-of-the-application")
    async def turn_of_the_application():
        async with app.state.turn:
            await client.get("https://a.example/")
"""


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("/acquired", 1),
        ("/acquired-inside", 3),
        ("/released-before", 0),
        ("/own-lock", 1),
        ("/own-lock-acquired", 1),
        ("/of-the-class", 5),
        ("/of-this-request", 0),
        ("/of-the-application", 4),
        ("/turn-of-the-application", 1),
    ],
)
def test_a_lock_is_met_however_it_is_taken_and_whoever_has_it(
    locked: dict[str, Capacity], path: str, places: int
) -> None:
    found = [limit.rps for limit in locked[path].limits if limit.resource == "lock"]

    assert found == ([pytest.approx(places * 10)] if places else [])


@pytest.fixture(scope="module")
def locked() -> dict[str, Capacity]:
    found = endpoints({"app.py": LOCKS}, Options(select=("none",), occupancy=True))
    return {each.path: each for each in capacities(found, Site())}


@pytest.fixture(scope="module")
def found() -> tuple[Endpoint, ...]:
    return endpoints({"app.py": APP}, Options(select=("none",), occupancy=True))


@pytest.fixture(scope="module")
def ceilings(found: tuple[Endpoint, ...]) -> dict[str, Capacity]:
    return {each.path: each for each in capacities(found, Site(workers=2))}


@pytest.mark.parametrize(
    ("path", "resource", "places", "milliseconds"),
    [
        ("/dependency", "worker threads", 40, 100),
        ("/library", "worker threads", 40, 100),
        ("/method", "worker threads", 40, 100),
        ("/default-executor", "default executor", 6, 100),
        ("/own-executor", "threads of an executor", 2, 100),
        ("/sleep", "worker threads", 40, 250),
        ("/lock", "lock", 1, 100),
        ("/lock-of-threads", "lock", 1, 100),
        ("/semaphore", "lock", 4, 500),
        ("/few", "client connections", 7, 115),
        ("/pool", "database pool", 4, 100),
        ("/usual-overflow", "database pool", 16, 100),
        ("/gathered", "database pool", 15, 300),
        ("/one-after-another", "database pool", 15, 300),
        ("/kept-on", "database pool", 15, 500),
        ("/asked-again", "database pool", 15, 500),
        ("/own-client", "processor", 1, 25),
        ("/own-client-of-one-call", "processor", 1, 25),
    ],
)
def test_the_first_limit_is_what_requests_wait_for(
    ceilings: dict[str, Capacity], path: str, resource: str, places: int, milliseconds: float
) -> None:
    first = ceilings[path].limits[0]

    assert first.resource == resource
    assert first.rps == pytest.approx(2 * places * 1000 / milliseconds, rel=0.1)


@pytest.mark.parametrize(
    ("path", "spared"),
    [
        ("/lock-of-one", "lock"),
        ("/lock-before", "lock"),
        ("/own-client", "client connections"),
        ("/certified", "client connections"),
        ("/no-pool", "database pool"),
        ("/run-sync", "worker threads"),
        ("/processes", "worker threads"),
        ("/processes", "default executor"),
    ],
)
def test_what_nobody_else_waits_for_is_no_limit(
    ceilings: dict[str, Capacity], path: str, spared: str
) -> None:
    assert spared not in {limit.resource for limit in ceilings[path].limits}


def test_a_client_that_has_its_certificates_is_quickly_made(ceilings: dict[str, Capacity]) -> None:
    assert ceilings["/certified"].ceiling > 10 * ceilings["/own-client"].ceiling


@pytest.mark.parametrize("path", ["/asked-late", "/given-back", "/opened-early"])
def test_a_session_has_a_connection_from_its_first_statement_to_its_commit(
    ceilings: dict[str, Capacity], path: str
) -> None:
    pool = next(limit for limit in ceilings[path].limits if limit.resource == "database pool")

    assert pool.rps > 2 * 15 * 1000 / 50


def test_calls_at_once_take_the_time_of_one_and_the_connections_of_all(
    ceilings: dict[str, Capacity],
) -> None:
    assert ceilings["/gathered"].response_ms < ceilings["/one-after-another"].response_ms / 2


def test_more_threads_than_connections_stand_still_where_a_connection_is_kept_between_threads(
    ceilings: dict[str, Capacity], found: tuple[Endpoint, ...]
) -> None:
    assert "all 40 threads" in ceilings["/between-threads"].standstill
    assert "4 connections of small" in ceilings["/between-threads"].standstill
    assert [path for path, each in ceilings.items() if each.standstill] == ["/between-threads"]
    assert not any(each.standstill for each in capacities(found, Site(threads=4)))


def test_a_websocket_is_told_by_the_clients_that_stay(found: tuple[Endpoint, ...]) -> None:
    free, kept = sorted(websockets(found, Site(workers=2)), key=lambda each: each.path)

    assert (kept.path, kept.connections) == ("/prices", 30)
    assert free.connections == 0
    assert not {each.path for each in capacities(found, Site())} & {"/prices", "/free"}


def test_an_endpoint_runs_on_what_the_configuration_of_its_folder_says() -> None:
    part = Options(context={"http_latency_ms": 10, "workers": 3, "max_connections": 20})
    options = Options(context={"http_latency_ms": 1000}, parts={"shop": part})
    text = """
        import requests
        from fastapi import FastAPI

        app = FastAPI()

        @app.get("{}")
        def get():
            requests.get("https://a.example/")
    """
    files = {"shop/app.py": text.format("/shop"), "till/app.py": text.format("/till")}
    site = sites(options, Deployment())
    found = {
        each.path: each
        for each in capacities(endpoints(files, Options(select=("none",), occupancy=True)), site)
    }

    assert found["/till"].response_ms > 1000 > 100 > found["/shop"].response_ms
    assert "3 · 40 threads" in "".join(limit.formula for limit in found["/shop"].limits)
    assert Site.of(part).max_connections == 20
