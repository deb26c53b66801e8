import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("sqlite://"))


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


@contextmanager
def session_scope() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


def audit(text: str) -> None:
    with SessionLocal() as session:
        session.add(Order(id=len(text)))
        session.commit()


def record(text: str) -> None:
    audit(text.upper())


def store(session: Session, text: str) -> None:
    session.add(Order(id=len(text)))


def store_or_open(text: str, session: Session | None = None) -> None:
    if session is None:
        with SessionLocal() as own:
            store(own, text)
    else:
        store(session, text)


@app.get("/nested")
def nested(number: int, session: SessionDep) -> None:
    session.get(Order, number)
    with session_scope() as other:  # FP221
        other.get(Order, number)


@app.get("/helper")
def through_helper(number: int, session: SessionDep) -> None:
    order = session.get(Order, number)
    record(str(order.id))  # FP221


# Near misses


@lru_cache
def remembered(number: int) -> Order | None:
    with SessionLocal() as session:
        return session.get(Order, number)


async def audit_later() -> None:
    audit("a")


@app.get("/remembered")
async def from_memory(number: int, session: SessionDep) -> None:
    session.get(Order, number)
    remembered(1)
    task = asyncio.create_task(audit_later())
    task.add_done_callback(print)


@app.get("/passed")
def passed(number: int, session: SessionDep) -> None:
    session.get(Order, number)
    store(session, "a")
    store_or_open("a", session)


@app.get("/one-after-another")
def one_after_another(number: int) -> None:
    with SessionLocal() as session:
        session.get(Order, number)
    audit("a")
    with SessionLocal() as session:
        session.get(Order, number)
        session.commit()
        audit("b")


@app.get("/before")
def before(number: int, session: SessionDep) -> None:
    audit("a")
    session.get(Order, number)


@app.get("/later")
def later(number: int, session: SessionDep, tasks: BackgroundTasks) -> None:
    session.get(Order, number)
    tasks.add_task(audit, "a")


class TaskScoped:
    """Its sessions are one per task: the one that is open is found again."""

    def __init__(self) -> None:
        maker = async_sessionmaker(create_async_engine("postgresql+asyncpg://"))
        self._session = async_scoped_session(session_factory=maker, scopefunc=asyncio.current_task)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        session: AsyncSession = self._session()
        try:
            yield session
        finally:
            await session.close()


class Fresh:
    def __init__(self) -> None:
        self._maker = async_sessionmaker(create_async_engine("postgresql+asyncpg://"))

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        async with self._maker() as session:
            yield session


class Stored:
    """Nobody sees where its session comes from."""

    current: AsyncSession

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        yield self.current


_task_scoped: TaskScoped | None = None


def get_task_scoped() -> TaskScoped:
    global _task_scoped
    if _task_scoped is None:
        _task_scoped = TaskScoped()
    return _task_scoped


fresh, stored = Fresh(), Stored()


async def owner_in_task(number: int) -> Order | None:
    engine = get_task_scoped()
    async with engine.session() as session:
        return await session.get(Order, number)


async def owner_in_fresh(number: int) -> Order | None:
    async with fresh.session() as session:
        return await session.get(Order, number)


async def owner_in_stored(number: int) -> Order | None:
    async with stored.session() as session:
        return await session.get(Order, number)


@app.get("/task-scoped")
async def in_task_scope(number: int) -> None:
    engine = get_task_scoped()
    async with engine.session() as session:
        await session.get(Order, number)
        await owner_in_task(number)


@app.get("/fresh")
async def in_fresh(number: int) -> None:
    async with fresh.session() as session:
        await session.get(Order, number)
        await owner_in_fresh(number)  # FP221


@app.get("/stored")
async def in_stored(number: int) -> None:
    async with fresh.session() as session:
        await session.get(Order, number)
        await owner_in_stored(number)


_CACHE: dict[str, str] = {}


def setting(name: str, fresh: bool = False) -> str:
    if not fresh:
        try:
            cached = _CACHE.get(name)
            if cached is not None:
                return cached
        except ValueError:
            print(name)
    with SessionLocal() as session:
        return session.get(Order, 1).name


@app.get("/settings")
def with_setting(number: int, session: SessionDep) -> None:
    session.get(Order, number)
    setting("a")  # only when it is not kept
