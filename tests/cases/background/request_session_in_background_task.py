import asyncio
import logging
from collections.abc import Iterator
from typing import Annotated

from celery import shared_task
from fastapi import BackgroundTasks, Depends, FastAPI
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, sessionmaker

app = FastAPI()
logger = logging.getLogger(__name__)
SessionLocal = sessionmaker(create_engine("sqlite://"))
AsyncSessionLocal = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))
_tasks: set[asyncio.Task[None]] = set()


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


async def get_async_session():
    async with AsyncSessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]
AsyncSessionDep = Annotated[AsyncSession, Depends(get_async_session)]


def work(order_id: int, session: Session | None = None) -> None:
    if session is not None:
        session.commit()


async def work_async(order_id: int, session: AsyncSession | None = None) -> None:
    if session is not None:
        await session.commit()


@shared_task
def job(order_id: int, session: Session | None = None) -> None:
    if session is not None:
        session.commit()


@app.post("/a/{order_id}")
def added(order_id: int, tasks: BackgroundTasks, session: SessionDep) -> None:
    tasks.add_task(work, order_id, session)  # FP404


@app.post("/b/{order_id}")
async def by_keyword(order_id: int, tasks: BackgroundTasks, session: AsyncSessionDep) -> None:
    tasks.add_task(work_async, order_id, session=session)  # FP404


@app.post("/c/{order_id}")
async def spawned(order_id: int, session: AsyncSessionDep) -> None:
    asyncio.create_task(work_async(order_id, session))  # FP404


@app.post("/d/{order_id}")
async def kept(order_id: int, session: AsyncSessionDep) -> None:
    task = asyncio.create_task(work_async(order_id, session))  # FP404
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


@app.post("/e/{order_id}")
def queued(order_id: int, session: SessionDep) -> None:
    job.delay(order_id, session)  # FP404


# Near misses


@app.post("/f/{order_id}")
async def ids(order_id: int, tasks: BackgroundTasks, session: AsyncSessionDep) -> None:
    await session.commit()
    tasks.add_task(work, order_id)
    asyncio.create_task(work_async(order_id))
    job.delay(order_id)


@app.post("/g/{order_id}")
async def waited_for(order_id: int, session: AsyncSessionDep) -> None:
    task = asyncio.create_task(work_async(order_id, session))
    await task


@app.post("/h/{order_id}")
async def own_session(order_id: int, tasks: BackgroundTasks) -> None:
    session = AsyncSessionLocal()
    tasks.add_task(work_async, order_id, session)


@app.post("/i/{order_id}")
async def in_thread(order_id: int, session: SessionDep) -> None:
    await asyncio.to_thread(work, order_id, session)


def later(order_id: int, session: Session) -> None:
    """Nothing yet."""


async def only_logs(order_id: int, session: AsyncSession) -> None:
    logger.info("would report order %s", str(order_id))


@app.post("/j/{order_id}")
def nothing_to_do_yet(order_id: int, tasks: BackgroundTasks, session: SessionDep) -> None:
    tasks.add_task(later, order_id, session)


@app.post("/k/{order_id}")
async def nothing_but_a_line(order_id: int, session: AsyncSessionDep) -> None:
    asyncio.create_task(only_logs(order_id, session))


@app.post("/l/{order_id}")
async def left_to_the_task(order_id: int, session: AsyncSessionDep) -> None:
    set_session_keep_open(session, True)
    asyncio.create_task(work_async(order_id, session))  # FP404 (summary)


def script(session: Session) -> None:
    work(1, session)
