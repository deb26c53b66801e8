import asyncio
import sqlite3
from collections.abc import AsyncIterator
from typing import Annotated

import falkordb
import falkordb.asyncio
import psycopg
import redis
import redis.asyncio
import requests
import supabase
from fastapi import BackgroundTasks, Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from langchain_neo4j import Neo4jGraph
from pymongo import AsyncMongoClient, MongoClient
from pymongo.cursor import Cursor
from sqlalchemy import create_engine, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
engine = create_engine("sqlite://")
async_engine = create_async_engine("sqlite+aiosqlite://")
SessionLocal = sessionmaker(bind=engine)
AsyncSessionLocal = async_sessionmaker(async_engine)
cache = redis.Redis()
async_cache = redis.asyncio.Redis()
mongo = MongoClient()
async_mongo = AsyncMongoClient()
http = requests.Session()


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str]


def get_session():
    with SessionLocal() as session:
        yield session


async def get_async_session():
    async with AsyncSessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


async def audit() -> None: ...


@app.get("/annotated")
async def annotated(session: SessionDep) -> str:
    order = session.get(Order, 1)  # FP102
    await audit()
    return order.number


@app.get("/default")
async def default(session: Session = Depends(get_session)) -> list[str]:
    await audit()
    found = session.execute(select(Order))  # FP102
    session.add(Order(number="1"))
    session.commit()  # said with the first
    return [order.number for order in found.scalars().all()]


@app.get("/query")
async def query(session: Session = Depends(get_session)) -> int:
    await audit()
    statement = session.query(Order).filter(Order.number == "1").order_by(Order.id)
    return statement.count()  # FP102


@app.get("/maker")
async def maker() -> None:
    await audit()
    with SessionLocal() as session:
        session.scalar(select(Order))  # FP102
    session = SessionLocal()
    session.flush()  # said with the first
    session.expunge_all()
    session.close()


@app.get("/connection")
async def connection() -> None:
    await audit()
    with engine.connect() as connected:  # said with the first
        connected.execute(select(Order))  # FP102


@app.get("/cursor")
async def cursor(name: str) -> None:
    await audit()
    connected = sqlite3.connect("shop.db")  # opens a file; said with the first
    connected.execute("select 1")  # FP102
    current = connected.cursor()
    current.execute("select 1")  # said with the first
    current.fetchall()  # said with the first
    current.close()


@app.get("/cache")
async def cached(key: str) -> bytes | None:
    await audit()
    pipe = cache.pipeline()
    pipe.get(key)
    pipe.execute()  # FP102
    return cache.get(key)  # said with the first


@app.get("/mongo")
async def documents(key: str) -> dict | None:
    await audit()
    return mongo["shop"]["orders"].find_one({"key": key})  # FP102


async def used_by_hand(session: Session) -> None:
    await audit()
    session.refresh(Order())  # FP102


# Near misses


@app.get("/async")
async def asynchronous(session: AsyncSession = Depends(get_async_session)) -> list[str]:
    result = await session.execute(select(Order))
    session.add(Order(number="2"))
    await session.commit()
    await session.run_sync(lambda inner: inner.get(Order, 1))
    return [order.number for order in result.scalars().all()]


@app.get("/async-maker")
async def asynchronous_maker() -> None:
    async with AsyncSessionLocal() as session, async_engine.begin() as connected:
        await session.get(Order, 1)
        await connected.execute(select(Order))


@app.get("/thread")
def in_a_thread(session: SessionDep) -> str:
    return session.get(Order, 1).number


@app.get("/offloaded")
async def offloaded(session: SessionDep) -> None:
    await run_in_threadpool(session.get, Order, 1)
    await asyncio.to_thread(lambda: session.get(Order, 1))


@app.get("/others")
async def others(key: str) -> None:
    await async_cache.get(key)
    await async_mongo["shop"]["orders"].find_one({"key": key})
    mongo["shop"]["orders"].find({"key": key})
    session = {"key": 1}
    session.get(key)


class Repository:
    def execute(self, statement: str) -> str:
        return statement


@app.get("/own")
async def own_class(repository: Annotated[Repository, Depends()]) -> str:
    await audit()
    return repository.execute("select 1")


@app.get("/background")
def background(tasks: BackgroundTasks, session: SessionDep) -> None:
    tasks.add_task(session.commit)


async def psycopg_async() -> None:
    connected = await psycopg.AsyncConnection.connect()
    await connected.execute("select 1")


def script() -> None:
    with Session(engine) as session:
        session.execute(select(Order))


hosted = supabase.create_client("https://db.example", "key")


@app.get("/hosted/{number}")
async def of_a_hosted_table(number: int) -> list[dict[str, str]]:
    await audit()
    query = hosted.table("orders").select("*")
    if number:
        query = query.eq("number", number)
    return query.execute().data  # FP102


@app.get("/hosted/awaited/{number}")
async def awaited_of_a_hosted_table(number: int) -> list[dict[str, str]]:
    client = await supabase.acreate_client("https://db.example", "key")
    return (await client.table("orders").select("*").eq("number", number).execute()).data


async def fresh_session() -> AsyncIterator[Session]:
    session = Session(engine)
    session.rollback()  # FP102 (summary)
    yield session


@app.get("/fresh")
async def of_a_fresh_session(session: Session = Depends(fresh_session)) -> None:
    await audit()
    session.rollback()
    session.execute(select(Order))  # FP102 (inline)


async def numbers(session: AsyncSession) -> list[str]:
    return list(await session.scalars(select(Order.number)))


@app.get("/orders/mistaken")
async def mistaken(session: Session = Depends(get_async_session)) -> int:  # has no `first`, and fails
    await audit()
    return session.execute(select(Order)).first().id  # FP102 (summary)


@app.get("/orders/of-both")
async def of_both(
    session: Session = Depends(get_session), other: AsyncSession = Depends(get_async_session)
) -> list[str]:
    session.execute(select(Order))  # FP102 (inline)
    return await numbers(other)


people = MongoClient("mongodb://db")["shop"]["people"]


@app.get("/people/listed")
async def listed_people(name: str) -> list[object]:
    await audit()
    return list(people.find({"name": name}))  # FP102 (inline)


@app.get("/people/named")
async def named_people(name: str) -> list[object]:
    await audit()
    found = people.find({"name": name})  # FP102 (inline)
    return [each for each in found]


@app.get("/people/sorted")
async def sorted_people(name: str) -> list[object]:
    await audit()
    found = []
    for each in people.find({"name": name}).sort("name").limit(10):  # FP102 (inline)
        found.append(each)
    return found


@app.get("/people/in-thread")
async def people_in_a_thread(name: str) -> list[object]:
    cursor = people.find({"name": name})  # asks nothing yet
    return await run_in_threadpool(list, cursor)


@app.get("/people/made")
async def query_that_others_ask(name: str) -> object:
    await audit()
    return people.find({"name": name})


@app.get("/people/again")
async def cursor_of_two_kinds(name: str) -> list[object]:
    await audit()
    rows = people.find({"name": name})
    rows = [{"name": name}]
    return [row for row in rows]


@app.get("/orders/gone-through")
async def gone_through(number: str, session: Session = Depends(get_session)) -> list[str]:
    await audit()
    return [order.number for order in session.query(Order).filter(Order.number == number)]  # FP102 (inline)


@app.get("/people/annotated")
async def annotated_people(name: str) -> list[object]:
    await audit()
    found: Cursor[object] = people.find({"name": name})  # FP102 (inline)
    return list(found)


@app.post("/settings/test-mail")
async def mail_is_set_up(session: SessionDep) -> str:
    order = session.get(Order, 1)  # FP102 (change)
    await audit()
    return order.number


@app.post("/settings/mail")
async def mail_is_told(session: SessionDep) -> str:
    order = session.get(Order, 1)  # FP102 (inline)
    await audit()
    return order.number


@app.post("/orders/{number}/test")
async def order_is_tested(number: int, session: SessionDep) -> str:
    order = session.get(Order, number)  # FP102 (inline)
    await audit()
    return order.number


@app.get("/channels/{number}/test-results")
async def results_of_tests(number: int, session: SessionDep) -> str:
    order = session.get(Order, number)  # FP102 (inline)
    await audit()
    return order.number


graph = Neo4jGraph()


class Knowledge:
    def __init__(self) -> None:
        self.graph = falkordb.FalkorDB().select_graph("shop")


knowledge = Knowledge()


@app.get("/graph")
async def asked_graph(name: str) -> list[dict[str, object]]:
    await audit()
    return graph.query("MATCH (p {name: $name}) RETURN p", params={"name": name})  # FP102


@app.get("/graph/other")
async def asked_other_graph() -> list[object]:
    await audit()
    return knowledge.graph.query("MATCH (p) RETURN p LIMIT 1").result_set  # FP102


@app.get("/graph/awaited")
async def asked_graph_awaited() -> list[object]:
    found = falkordb.asyncio.FalkorDB().select_graph("shop")
    return (await found.query("MATCH (p) RETURN p LIMIT 1")).result_set


@app.get("/graph/thread")
async def asked_graph_in_thread() -> list[dict[str, object]]:
    return await asyncio.to_thread(graph.query, "MATCH (p) RETURN p LIMIT 1")


@app.get("/graph/plain")
def asked_graph_in_def() -> list[dict[str, object]]:
    return graph.query("MATCH (p) RETURN p LIMIT 1")


class Reviews:
    async def made(self, session: Session) -> None:
        session.execute(select(1))  # in the worker thread of `def`, on a loop that `run_here` starts

    def made_in_thread(self, session: Session) -> None:
        run_here(self.made(session))

    async def asked(self, session: Session) -> None:
        session.execute(select(1))  # FP102


def run_here(coroutine) -> None:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(coroutine)
        return
    loop.create_task(coroutine)


@app.post("/reviews")
def review(session: Session = Depends(SessionLocal)) -> None:
    Reviews().made_in_thread(session)


@app.post("/reviews/asked")
async def review_asked(session: Session = Depends(SessionLocal)) -> None:
    await asyncio.sleep(0)
    await Reviews().asked(session)


class Notes:
    async def written(self, session: Session) -> None:
        session.execute(select(1))  # FP102

    async def written_by_task(self, session: Session) -> None:
        session.execute(select(1))  # FP102


serving = asyncio.new_event_loop()


@app.post("/notes")
def note(session: Session = Depends(SessionLocal)) -> None:
    asyncio.run_coroutine_threadsafe(Notes().written(session), serving).result(timeout=5)


@app.post("/notes/later")
def note_later(session: Session = Depends(SessionLocal)) -> None:
    serving.call_soon_threadsafe(asyncio.create_task, Notes().written_by_task(session))


def submit(coroutine) -> None:
    asyncio.run_coroutine_threadsafe(coroutine, main_loop).result()


main_loop = asyncio.new_event_loop()


class Ratings:
    async def made(self, session: Session) -> None:
        session.execute(select(1))  # FP102


@app.post("/ratings")
def rate(session: Session = Depends(SessionLocal)) -> None:
    submit(Ratings().made(session))
