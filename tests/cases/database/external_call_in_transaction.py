import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import contextmanager
from typing import Annotated

import asyncpg
import httpx
import requests
from fastapi import Depends, FastAPI
from openai import AsyncOpenAI
from sqlalchemy import create_engine, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("sqlite://"))
AsyncSessionLocal = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))
carrier = httpx.AsyncClient()


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str]
    parcel: Mapped[str]


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


async def get_async_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]
AsyncSessionDep = Annotated[AsyncSession, Depends(get_async_session)]


async def load(session: AsyncSession, number: int) -> Order | None:
    return await session.get(Order, number)


async def store(session: AsyncSession, order: Order) -> None:
    session.add(order)
    await session.commit()


async def book(address: str) -> str:
    answer = await carrier.post("https://carrier.example/parcels", json={"to": address})
    return answer.text


@app.post("/direct")
async def direct(number: int, session: AsyncSessionDep) -> None:
    order = await session.get(Order, number)
    answer = await carrier.post("https://carrier.example/parcels", json={"to": order.address})  # FP218 (inline)
    order.parcel = answer.text
    await session.commit()


@app.post("/admin/carrier/test")
async def check_carrier(number: int, session: AsyncSessionDep) -> str:
    order = await session.get(Order, number)
    answer = await carrier.get("https://carrier.example/status", params={"to": order.address})  # FP218 (summary)
    return answer.text


@app.post("/helpers")
async def through_helpers(number: int, session: AsyncSessionDep) -> None:
    order = await load(session, number)
    if order is None:
        return
    try:
        order.parcel = await book(order.address)  # FP218
    finally:
        await session.commit()


@app.post("/thread")
def in_a_thread(number: int, session: SessionDep) -> None:
    order = session.scalar(select(Order).where(Order.id == number))
    order.parcel = requests.post("https://carrier.example", data=order.address, timeout=5).text  # FP218


@app.post("/block")
async def in_the_block(number: int) -> None:
    async with AsyncSessionLocal() as session:
        order = await session.get(Order, number)
        order.parcel = await book(order.address)  # FP218


# Near misses


@app.post("/before")
async def before(number: int, address: str, session: AsyncSessionDep) -> None:
    parcel = await book(address)
    order = await session.get(Order, number)
    order.parcel = parcel
    await session.commit()


@app.post("/committed")
async def committed(number: int, session: AsyncSessionDep) -> None:
    order = await session.get(Order, number)
    address = order.address
    await session.commit()
    parcel = await book(address)
    order = await session.get(Order, number)
    order.parcel = parcel
    await store(session, order)
    await book(address)


@app.post("/left")
async def left(number: int) -> str:
    async with AsyncSessionLocal() as session:
        order = await session.get(Order, number)
    return await book(order.address)


@app.post("/branch")
async def another_branch(number: int, session: AsyncSessionDep) -> None:
    if number:
        await session.get(Order, number)
    else:
        await book("nowhere")


@app.post("/failure")
async def on_failure(number: int, session: AsyncSessionDep) -> None:
    try:
        await session.get(Order, number)
    except ValueError:
        await book("nowhere")


@app.post("/added")
async def only_added(address: str, session: AsyncSessionDep) -> None:
    session.add(Order(address=address))
    await book(address)
    await session.commit()


def upload(session: Session, number: int) -> None:
    session.get(Order, number)
    requests.put("https://bucket.example/orders", timeout=5)  # FP218


@app.post("/upload")
def hands_the_session_to_the_helper_that_says_so(number: int, session: SessionDep) -> None:
    session.get(Order, number)
    upload(session, number)


async def load_in_a_transaction(session: AsyncSession, number: int) -> Order | None:
    async with session.begin():
        return await session.get(Order, number)


@app.post("/ended")
async def ended_before(number: int, session: AsyncSessionDep) -> str:
    order = await load_in_a_transaction(session, number)
    return await book(order.address)


async def find_order(session: AsyncSession, number: int) -> Order:
    order = await load_in_a_transaction(session, number)
    if order is None:
        raise KeyError(number)
    return order


@app.post("/ended-further-away")
async def ended_further_away(number: int, session: AsyncSessionDep) -> str:
    order = await find_order(session, number)
    return await book(order.address)


@app.post("/ended-here")
async def ended_here(number: int, session: AsyncSessionDep) -> str:
    async with session.begin():
        order = await session.get(Order, number)
    return await book(order.address)


@app.post("/begun-here")
async def begun_here(number: int, session: AsyncSessionDep) -> str:
    async with session.begin():
        order = await session.get(Order, number)
        return await book(order.address)  # FP218


def spawn(work: Coroutine[None, None, str], name: str = "") -> None:
    _tasks.add(asyncio.create_task(work, name=name))


async def shielded(work: Coroutine[None, None, str]) -> str:
    return await work


_tasks: set[asyncio.Task[str]] = set()


@app.post("/spawned")
async def spawned(number: int, session: AsyncSessionDep) -> None:
    order = await session.get(Order, number)
    spawn(book(order.address), name="book")
    spawn(work=book(order.address))


@app.post("/shielded")
async def waits_inside(number: int, session: AsyncSessionDep) -> str:
    order = await session.get(Order, number)
    return await shielded(book(order.address))  # FP218


@contextmanager
def given_or_own(session: Session | None) -> Iterator[Session]:
    if session is not None:
        session.get(Order, 1)
        yield session
    else:
        with SessionLocal() as own:
            yield own


@app.post("/given-or-own")
def with_a_session_of_its_own(number: int, session: Session | None = None) -> str:
    with given_or_own(session) as session:
        order = session.get(Order, number)
    return requests.post("https://carrier.example", json={"to": order.address}, timeout=5).text


@app.post("/kept-open")
def with_a_session_kept_open(number: int, session: SessionDep) -> str:
    order = session.get(Order, number)
    with given_or_own(session) as same:
        same.get(Order, number)
    return requests.post("https://carrier.example", json={"to": order.address}, timeout=5).text  # FP218


class Orders:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def first(self) -> Order | None:
        return await self.session.get(Order, 1)

    async def store(self, order: Order) -> None:
        self.session.add(order)
        await self.session.commit()


@app.post("/of-a-repository")
async def of_a_repository(session: AsyncSessionDep) -> str:
    orders = Orders(session)
    order = await orders.first()
    return await book(order.address)  # FP218


@app.post("/of-a-repository-that-stores")
async def of_a_repository_that_stores(session: AsyncSessionDep) -> str:
    orders = Orders(session)
    order = await orders.first()
    await orders.store(order)
    return await book("later")


class Database:
    pool: asyncpg.Pool


database = Database()


@app.post("/of-a-pool")
async def of_a_pool(number: int) -> None:
    async with database.pool.acquire() as connection:
        parcel = await book("before anything is asked")  # FP218
        await connection.execute("UPDATE orders SET parcel = $1 WHERE id = $2", parcel, number)


@app.post("/of-a-pool-later")
async def of_a_pool_later(number: int) -> None:
    parcel = await book("first")
    async with database.pool.acquire() as connection:
        await connection.execute("UPDATE orders SET parcel = $1 WHERE id = $2", parcel, number)
    await book("afterwards")


model = AsyncOpenAI()


async def current_user(session: AsyncSessionDep) -> Order | None:
    return await session.get(Order, 1)


async def user_by_name(name: str) -> str:
    return name


async def ask(prompt: str) -> object:
    return await model.chat.completions.create(model="m", messages=[{"role": "user", "content": prompt}])


@app.post("/asked")
async def asked(prompt: str, user: Annotated[Order, Depends(current_user)]) -> object:
    return await ask(prompt)  # FP218


@app.post("/asked-by-a-name")
async def asked_by_a_name(prompt: str, user: Annotated[str, Depends(user_by_name)]) -> object:
    return await ask(prompt)


@app.post("/asked-once-ended")
async def asked_once_ended(
    prompt: str, user: Annotated[Order, Depends(current_user)], session: AsyncSessionDep
) -> object:
    await session.rollback()
    return await ask(prompt)


@app.post("/booked-by-a-user")
async def booked_by_a_user(user: Annotated[Order, Depends(current_user)]) -> str:
    return await book("takes less than a model")
