import sqlite3
import asyncio
import enum
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import asyncpg
import httpx
import neo4j
import redis
import somewhere
from asyncpg.pool import PoolAcquireContext
from fastapi import BackgroundTasks, Depends, FastAPI, Query, WebSocket
from langchain_neo4j import Neo4jGraph
from odmantic import AIOEngine, Model
from pydantic import BaseModel
from pymongo import AsyncMongoClient
from sqlalchemy import ForeignKey, Index, Select, create_engine, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
    selectinload,
    sessionmaker,
)
from sqlalchemy.schema import CreateIndex
from tortoise import Tortoise
from tortoise.transactions import in_transaction

app = FastAPI()
SessionLocal = sessionmaker(create_engine("sqlite://"))
AsyncSessionLocal = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))
cache = redis.Redis()
KINDS = ("book", "film")
FEW = {"none", "some"}
MANY = {"red", "green", "blue", "black", "white"}


class Filter(BaseModel):
    field: str
    value: str


class Kind(enum.Enum):
    TOOL = "tool"

    @staticmethod
    def names() -> list[str]:
        return [member.value for member in Kind]


class Kinds(BaseModel):
    some: list[Kind]
    names: list[str]


class Keys(BaseModel):
    role_keys: Any
    keys: list[int]


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


def get_session():
    with SessionLocal() as session:
        yield session


async def get_async_session():
    async with AsyncSessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]
AsyncSessionDep = Annotated[AsyncSession, Depends(get_async_session)]


def chunked(values: list[int], size: int) -> list[list[int]]:
    return [values[start : start + size] for start in range(0, len(values), size)]


@app.post("/get")
def by_key(ids: list[int], session: SessionDep) -> list[str]:
    names = []
    for product_id in ids:
        product = session.get(Product, product_id)  # FP201
        names.append(product.name)
    return names


@app.post("/collected")
def collected_before(groups: list[list[int]], more: list[int], session: SessionDep) -> None:
    wanted = []
    for group in groups:
        for product_id in group:
            if product_id > 0:
                wanted.append(product_id)
    for product_id in wanted:
        session.get(Product, product_id)  # FP201
    others = []
    others.extend(more)
    for product_id in others:
        session.get(Product, product_id)  # FP201


@app.post("/comprehension")
def comprehension(ids: list[int], session: SessionDep) -> list[Product]:
    return [session.get(Product, product_id) for product_id in ids]  # FP201


@app.post("/where")
async def by_name(names: list[str], session: AsyncSessionDep) -> list[int]:
    found = []
    for name in names:
        result = await session.execute(select(Product.id).where(Product.name == name))  # FP201
        found.append(result.scalar_one())
    return found


@app.post("/query")
def legacy(names: list[str], session: SessionDep) -> dict[str, Product]:
    return {name: session.query(Product).filter(Product.name == name).first() for name in names}  # FP201


@app.post("/derived")
def derived(products: list[dict[str, int]], session: SessionDep) -> None:
    for number, product in enumerate(products):
        key = product["id"]
        session.scalar(select(Product).where(Product.id == key))  # FP201
        print(number)


@app.post("/nested")
def nested(orders: list[list[int]], session: SessionDep) -> None:
    for order in orders:
        for product_id in order:
            session.get(Product, product_id)  # FP201


@app.post("/kinds")
def a_few_for_each(ids: list[int], session: SessionDep) -> None:
    for product_id in ids:
        for kind in KINDS:
            session.scalar(select(Product).where(Product.id == product_id, Product.name == kind))  # FP201


@app.post("/asyncpg")
async def driver(ids: list[int]) -> None:
    connection = await asyncpg.connect("postgresql://shop")  # FP604
    for product_id in ids:
        await connection.fetchrow("select * from products where id = $1", product_id)  # FP201


@app.post("/gathered")
async def gathered(ids: list[int], session: AsyncSessionDep) -> None:
    await asyncio.gather(*[session.get(Product, product_id) for product_id in ids])  # FP201


# Near misses


@app.get("/result")
def iterates_the_result(session: SessionDep) -> list[str]:
    return [product.name for product in session.scalars(select(Product))]


@app.get("/result-rows")
def iterates_rows(session: SessionDep) -> list[str]:
    names = []
    for product in session.execute(select(Product)).scalars():
        names.append(product.name)
    return names


@app.post("/once")
def one_query(ids: list[int], session: SessionDep) -> list[str]:
    products = session.scalars(select(Product).where(Product.id.in_(ids))).all()
    by_id = {product.id: product for product in products}
    return [by_id.get(product_id).name for product_id in ids]


@app.post("/chunks")
def in_chunks(ids: list[int], session: SessionDep) -> None:
    for chunk in chunked(ids, 500):
        session.scalars(select(Product).where(Product.id.in_(chunk)))
    for start in range(0, len(ids), 500):
        session.scalars(select(Product).where(Product.id.in_(ids[start : start + 500])))
    for part in itertools.batched(ids, 500):
        session.scalars(select(Product).where(Product.id.in_(part)))


@app.get("/few")
def few(session: SessionDep) -> None:
    for kind in ("book", "film"):
        session.scalar(select(Product).where(Product.name == kind))
    for kind in KINDS:
        session.scalar(select(Product).where(Product.name == kind))
    for number in range(3):
        session.get(Product, number)


@app.get("/few-collected")
def few_that_were_collected(session: SessionDep, *, films: bool) -> None:
    kinds = []
    kinds.append("book")
    if films:
        kinds.append("film")
    for kind in kinds:
        session.scalar(select(Product).where(Product.name == kind))
    both = []
    for kind in KINDS:
        both.append(kind.title())
    both.extend(("record", "game"))
    for kind in both:
        session.scalar(select(Product).where(Product.name == kind))
    texts = []
    for column in Product.__table__.columns:
        if column.name.endswith("_text"):
            texts.append(column.name)
    for name in texts:
        session.scalar(select(Product).where(Product.name == name))


@app.post("/independent")
def independent(ids: list[int], session: SessionDep) -> None:
    for _ in ids:
        session.scalar(select(Product))


@app.post("/slug")
def free_name(name: str, session: SessionDep) -> str:
    for number in itertools.count():
        if session.scalar(select(Product).where(Product.name == f"{name}-{number}")) is None:
            return f"{name}-{number}"
    raise AssertionError


@app.post("/others")
def others(ids: list[int], session: SessionDep) -> None:
    products = {1: "a"}
    for product_id in ids:
        products.get(product_id)
        cache.get(str(product_id))
        session.add(Product(id=product_id))


@app.post("/pages")
def pages(session: SessionDep) -> None:
    last = 0
    while rows := session.scalars(select(Product).where(Product.id > last).limit(500)).all():
        last = rows[-1].id


@app.post("/writes")
def writes(names: list[str], session: SessionDep) -> None:
    for name in names:
        session.execute(insert(Product).values(name=name))
        session.execute(Product.__table__.insert().values(name=name))
        session.execute(text("UPDATE products SET name = :name"), {"name": name})


@app.post("/schema")
def tables(session: SessionDep) -> None:
    for table in Base.metadata.sorted_tables:
        session.execute(table.select())


@app.post("/defined")
def defined_inside(ids: list[int], session: SessionDep) -> None:
    def load(product_id: int) -> Product | None:
        return session.get(Product, product_id)

    load(ids[0])


WARNINGS = load_warnings()


def all_of(session: Session, kinds: list[str]) -> None:
    for kind in kinds:
        session.scalar(select(Product).where(Product.name == kind))


def some_of(session: Session, names: list[str]) -> None:
    for name in names:
        session.scalar(select(Product).where(Product.name == name))  # FP201


@app.post("/as-many-as-there-are-kinds")
def as_many_as_there_are_kinds(names: list[str], session: Annotated[Session, Depends(get_session)]) -> None:
    for days, name in zip(WARNINGS, names, strict=False):
        session.scalar(select(Product).where(Product.name == name, Product.id < days))
    all_of(session, ["book", "film"])
    all_of(session, KINDS)
    some_of(session, ["book", "film"])
    some_of(session, names)


@app.post("/shelf")
def of_a_database_in_the_process(numbers: list[str]) -> list[str]:
    connection = sqlite3.connect("shelf.db")
    names = []
    for number in numbers:
        found = connection.execute("SELECT name FROM books WHERE number = ?", (number,))  # FP201 (summary)
        names.append(found.fetchone()[0])
    return names


@app.post("/written-down")
def over_what_is_written_down(session: SessionDep, names: list[str]) -> None:
    kinds = [f"kind-{each}" for each in KINDS]
    for kind in kinds:
        session.scalar(select(Product).where(Product.name == kind))
    colours = {colour.upper() for colour in ("red", "blue")}
    for colour in sorted(colours):
        session.scalar(select(Product).where(Product.name == colour))
    wanted = [name.lower() for name in names]
    for name in wanted:
        session.scalar(select(Product).where(Product.name == name))  # FP201
    more = [f"kind-{each}" for each in KINDS]
    more.extend(names)
    for name in more:
        session.scalar(select(Product).where(Product.name == name))  # FP201


@app.post("/filters")
def asks_for_one_filter(
    filters: list[Filter], names: list[str], given: dict[str, str], session: SessionDep
) -> None:
    for each in filters:
        field = each.field
        if field in ("shop", "shop_name"):
            session.scalar(select(Product).where(Product.name == each.value))  # FP201 (summary)
    for name in names:
        if name == "all":
            session.scalar(select(Product).where(Product.name == name))  # FP201 (summary)
        elif name in FEW:
            session.scalar(select(Product).where(Product.name == name))  # FP201 (summary)
        elif name in MANY:
            session.scalar(select(Product).where(Product.name == name))  # FP201 (inline)
    for key, value in given.items():
        match key:
            case "kind":
                session.scalar(select(Product).where(Product.name == value))  # FP201 (summary)
        if value == "film":
            session.scalar(select(Product).where(Product.name == key))  # FP201 (inline)
    for each in filters:
        if each.value == "open":
            session.scalar(select(Product).where(Product.name == each.field))  # FP201 (inline)
    for each in filters:
        if each.field != "price":
            continue
        session.scalar(select(Product).where(Product.name == each.value))  # FP201 (summary)


MOST_NAMES = 3


@app.post("/measured")
def refuses_more_than_a_few(names: list[str], others: list[str], session: SessionDep) -> None:
    if not names or len(names) > MOST_NAMES:
        raise ValueError(names)
    if len(others) > 5000:
        raise ValueError(others)
    for name in names:
        session.scalar(select(Product).where(Product.name == name))
    for name in others:
        session.scalar(select(Product).where(Product.name == name))  # FP201


@app.post("/handfuls")
def goes_over_a_handful(tag_ids: list[int], numbers: list[int], session: SessionDep) -> None:
    for tag_id in tag_ids:
        session.get(Product, tag_id)  # FP201 (summary)
    for number in numbers:
        session.get(Product, number)  # FP201 (summary)
        httpx.post("https://shop.example", json=number)
    for number in numbers:
        session.get(Product, number)  # FP201 (change)
    httpx.post("https://shop.example", json=numbers)


@app.post("/defaults")
def goes_over_defaults(default_products: list[int], given: Keys, session: SessionDep) -> None:
    for number in default_products:
        session.get(Product, number)  # FP201 (summary)
    for number in given.role_keys.keys:
        session.get(Product, number)  # FP201 (summary)
    for number in given.keys:
        session.get(Product, number)  # FP201 (summary)
    httpx.post("https://shop.example", json=default_products)


@app.post("/kinds")
def goes_over_members(kinds: Kinds, session: SessionDep) -> None:
    if kinds.some:
        chosen = kinds.some
    else:
        chosen = [Kind.TOOL]
    for kind in chosen:
        session.scalar(select(Product).where(Product.name == kind))
    if kinds.names:
        names = kinds.names
    else:
        names = ["hammer"]
    for name in names:
        session.scalar(select(Product).where(Product.name == name))  # FP201


@app.get("/kinds")
def counts_members(session: SessionDep) -> dict[str, Any]:
    counts = {}
    for kind in Kind.names():
        counts[kind] = session.scalar(select(Product).where(Product.name == kind))
    return counts


@app.websocket("/kinds")
async def answers_messages(socket: WebSocket, session: AsyncSessionDep) -> None:
    async for name in socket.iter_text():
        await session.scalar(select(Product).where(Product.name == name))


@app.post("/one")
def goes_over_one(name: str, names: list[str], session: SessionDep) -> None:
    handed_on(session, [name])
    handed_on_all(session, names)


def handed_on(session: Session, names: list[str]) -> None:
    found_by_name(session, given=names)


def found_by_name(session: Session, given: list[str]) -> None:
    for name in given:
        session.scalar(select(Product).where(Product.name == name))


def handed_on_all(session: Session, names: list[str]) -> None:
    all_by_name(session, given=names)


def all_by_name(session: Session, given: list[str]) -> None:
    for name in given:
        session.scalar(select(Product).where(Product.name == name))  # FP201


@app.post("/mappings")
def goes_over_mappings(given: dict[str, str], session: SessionDep) -> None:
    names = {"tools": "hammer", "toys": "ball"}
    more: dict[str, str] = {"tools": "saw"}
    more.update(given)
    for kind, name in names.items():
        session.scalar(select(Product).where(Product.name == name))
    for kind, name in more.items():
        session.scalar(select(Product).where(Product.name == name))  # FP201


def valid_for(name: str) -> dict[str, bool]:
    return {"films": name.isdigit(), "books": name.isalpha(), "games": name.istitle()}


def counted_by(names: list[str]) -> dict[str, int]:
    return {"all": len(names), **dict.fromkeys(names, 0)}


@app.get("/kinds/{name}")
def of_written_kinds(name: str, names: list[str], asked: list[str], session: SessionDep) -> None:
    for kind, is_valid in valid_for(name).items():
        if is_valid:
            session.scalar(select(Product).where(Product.name == kind))
    for kind in set(names).intersection(FEW):
        session.scalar(select(Product).where(Product.name == kind))
    for kind in FEW & set(names):
        session.scalar(select(Product).where(Product.name == kind))
    for kind in set(names).intersection(asked):
        session.scalar(select(Product).where(Product.name == kind))  # FP201
    for kind in counted_by(names):
        session.scalar(select(Product).where(Product.name == kind))  # FP201


@app.post("/tables")
def define_tables(names: list[str], session: SessionDep) -> None:
    for index in Product.__table__.indexes:
        session.execute(CreateIndex(index))
    for name in names:
        session.execute(CreateIndex(Index(name, Product.name)))


@app.post("/left")
def left_over(failed_names: list[str], given: dict[str, list[str]], session: SessionDep) -> None:
    for name in given["configs"]:
        session.scalar(select(Product).where(Product.name == name))  # FP201 (summary)
    for name in given.get("products", []):
        session.scalar(select(Product).where(Product.name == name))  # FP201 (change)
    for name in failed_names:
        session.scalar(select(Product).where(Product.name == name))  # FP201 (summary)


def size_of(name: str) -> int:
    return httpx.head(f"https://files/{name}").num_bytes_downloaded


@app.post("/sizes")
async def beside_another_machine(
    names: list[str], session: Annotated[AsyncSession, Depends(get_async_session)]
) -> None:
    for name in names:
        try:
            size = await asyncio.to_thread(size_of, name)
        except httpx.HTTPError:
            continue
        if size:
            await session.scalar(select(Product).where(Product.name == name))  # FP201 (summary)


@app.post("/steps")
def by_kind_of_step(steps: list[str], session: SessionDep) -> None:
    for step in steps:
        if "rename" in step.lower():
            session.scalar(select(Product).where(Product.name == step))  # FP201 (summary)
        elif step.endswith("drop"):
            print(step)
        elif step.endswith("sort"):
            print(step)
        elif step.endswith("fill"):
            print(step)


SIZES = {"small": ("pin", "clip"), "large": ("crane", "ship", "mill")}
GROUPS = {"small": ("pin", "clip"), "other": tuple(MANY)}


@app.get("/of-size/{size}")
def of_written_lists(size: str, session: SessionDep) -> None:
    for kind in SIZES[size]:
        session.scalar(select(Product).where(Product.name == kind))
    for kind in GROUPS[size]:
        session.scalar(select(Product).where(Product.name == kind))  # FP201


def index_products(ids: list[int], session: Session) -> list[str]:
    names = []
    for number in ids:
        product = session.scalar(select(Product).where(Product.id == number))  # FP201 (summary)
        names.append(product.name if product else "")
    return names


def index_everything(session: Session) -> None:
    index_products(list(session.scalars(select(Product.id))), session)


@app.post("/products/{number}/index")
def index_one(number: int, session: SessionDep) -> list[str]:
    return index_products([number], session)


def count_products(ids: list[int], session: Session) -> None:
    for number in ids:
        print(session.scalar(select(Product).where(Product.id == number)))  # FP201


def count_everything(session: Session) -> None:
    count_products([1], session)


@app.post("/products/count")
def count_all(ids: list[int], session: SessionDep) -> None:
    count_products(ids, session)


@app.post("/products/keep")
def put_back(products: list[Product], session: SessionDep) -> None:
    for product in products:
        session.merge(product, load=False)
        session.merge(product)  # FP201


def statement_for(product: Product) -> Select[tuple[Product]]:
    return select(Product).where(Product.name == product.name)


def statement_of(number: int) -> Select[tuple[Product]]:
    return select(Product).where(Product.id == number)


@app.get("/products/alike")
def made_for_the_item(session: SessionDep) -> None:
    for product in session.scalars(select(Product)).all():
        alike = statement_for(product)
        session.scalars(alike)  # FP201 (summary)
    for product in session.scalars(select(Product)).all():
        session.scalars(statement_of(product.id))  # FP201 (inline)


@app.post("/ingested")
def data_sources(to_be_ingested: list[str], session: SessionDep) -> None:
    for data_source in to_be_ingested:
        session.scalar(select(Product).where(Product.name == data_source))  # FP201 (summary)


@app.post("/sql")
def statements_of_others(dump: str, names: list[str], session: SessionDep) -> None:
    for line in dump.split(";"):
        session.execute(text(line))  # FP201 (summary)
    for name in names:
        session.execute(text("SELECT * FROM products WHERE name = :name"), {"name": name})  # FP201 (inline)


def after_the_response(ids: list[int]) -> None:
    with SessionLocal() as session:
        for number in ids:
            print(session.scalar(select(Product).where(Product.id == number)))  # FP201 (summary)


@app.post("/later")
def later(ids: list[int], tasks: BackgroundTasks) -> None:
    tasks.add_task(after_the_response, ids)


@app.get("/forecast")
def by_month(
    session: SessionDep, months: Annotated[int, Query(ge=1, le=12)], days: Annotated[int, Query(ge=1, le=365)]
) -> None:
    for month in range(months):
        session.scalar(select(Product).where(Product.id == month))  # FP201 (summary)
    for day in range(days):
        session.scalar(select(Product).where(Product.id == day))  # FP201 (change)


KEPT: dict[str, list[str]] = {}


@app.get("/kept")
def asked_once(key: str, ids: list[int], session: SessionDep) -> list[str]:
    if key in KEPT:
        return KEPT[key]
    names = []
    for number in ids:
        product = session.scalar(select(Product).where(Product.id == number))  # FP201 (summary)
        names.append(product.name if product else "")
    KEPT[key] = names
    return names


# What nothing declares and the calls show.


async def untyped(session, numbers: list[int]) -> list[Any]:
    rows = []
    for number in numbers:
        rows.append(await session.execute(select(Product).where(Product.id == number)))  # FP201
    return rows


async def made_in_steps(database, numbers: list[int]) -> list[Any]:
    rows = []
    for number in numbers:
        statement = select(Product).where(Product.id == number)
        statement = statement.limit(1)
        rows.append((await database.scalars(statement)).first())  # FP201
    return rows


def old_style(db, numbers: list[int]) -> list[Any]:
    return [db.query(Product).filter(Product.id == number).first() for number in numbers]  # FP201


class UntypedOrders:
    def __init__(self, session, rest) -> None:
        self.session = session
        self.rest = rest

    def _query(self, session, model, **given):
        return session.query(model).filter_by(**given)

    async def load(self, numbers: list[int]) -> list[Any]:
        return [
            (await self.session.execute(select(Product).where(Product.id == number))).scalar_one()  # FP201
            for number in numbers
        ]

    async def other(self, numbers: list[int]) -> list[Any]:
        return [self.rest.execute(number) for number in numbers]

    def by_helper(self, session, names: list[str]) -> list[Any]:
        rows = []
        for name in names:
            query = self._query(session, Product, name=name)
            rows.append(query.one_or_none())  # FP201
        return rows


async def from_elsewhere(numbers: list[int]) -> list[Any]:
    rows = []
    async with somewhere.session() as session:
        for number in numbers:
            rows.append((await session.execute(select(Product).where(Product.id == number))).scalar_one())  # FP201
    return rows


async def shown_by_nothing(search, pipe, numbers: list[int]) -> list[Any]:
    statement = select(Product)
    found = [search.query(number).filter(number) for number in numbers]
    for number in numbers:
        pipe.execute(number)
        await search.execute(number)
        found.append(search.describe(statement))
    return found


async def executed_by_one_of_ours(runner, numbers: list[int]) -> list[Any]:
    ours = Runner()
    return [await ours.execute(select(Product).where(Product.id == number)) for number in numbers]


class Runner:
    async def execute(self, statement: Any) -> str:
        return str(statement)


@app.post("/untyped")
async def untyped_orders(
    numbers: list[int], orders: UntypedOrders = Depends(somewhere.orders), session=Depends(somewhere.given)
) -> list[Any]:
    await shown_by_nothing(session.search, session.pipe, numbers)
    await executed_by_one_of_ours(session.runner, numbers)
    await orders.other(numbers)
    orders.by_helper(session, [str(number) for number in numbers])
    return [
        await untyped(session, numbers),
        await made_in_steps(session, numbers),
        await orders.load(numbers),
        old_style(session, numbers),
        await from_elsewhere(numbers),
    ]


graph = neo4j.GraphDatabase.driver("neo4j://graph")


@app.post("/friends")
def befriend(pairs: list[tuple[int, int]]) -> None:
    with graph.session() as session, session.begin_transaction() as transaction:
        for one, other in pairs:
            transaction.run("MATCH (a {id: $a}), (b {id: $b}) MERGE (a)-[:KNOWS]->(b)", a=one, b=other)  # FP201
        transaction.run("UNWIND $pairs AS pair MATCH (a {id: pair[0]}) SET a.seen = true", pairs=pairs)
        transaction.commit()


@app.get("/friends")
def friends(ids: list[int]) -> list[Any]:
    with graph.session() as session:
        return session.execute_read(friends_of, ids)


def friends_of(transaction: neo4j.ManagedTransaction, ids: list[int]) -> list[Any]:
    return [transaction.run("MATCH (a {id: $id}) RETURN a", id=each).single() for each in ids]  # FP201


class Shelf(Base):
    __tablename__ = "shelves"
    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    hall_id: Mapped[int] = mapped_column(ForeignKey("halls.id"), index=True)
    product: Mapped[Product] = relationship(lazy="selectin")
    hall: Mapped["Hall"] = relationship()


class Hall(Base):
    __tablename__ = "halls"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


@app.get("/shelves/products")
def products_of_shelves(session: SessionDep) -> list[str]:
    names = []
    for shelf in session.scalars(select(Shelf)).all():
        product = session.get(Product, shelf.product_id)  # FP201 (summary)
        names.append(product.name)
    return names


@app.get("/shelves/halls")
def halls_of_shelves(session: SessionDep) -> list[str]:
    names = []
    for shelf in session.scalars(select(Shelf)).all():
        hall = session.get(Hall, shelf.hall_id)  # FP201 (change)
        names.append(hall.name)
    return names


@app.get("/shelves/halls/loaded")
def halls_with_shelves(session: SessionDep) -> list[str]:
    names = []
    for shelf in session.scalars(select(Shelf).options(selectinload(Shelf.hall))).all():
        hall = session.get(Hall, shelf.hall_id)  # FP201 (summary)
        names.append(hall.name)
    return names


@app.get("/shelves/products/otherwise")
def another_product(session: SessionDep) -> list[str]:
    names = []
    for shelf in session.scalars(select(Shelf)).all():
        product = session.get(Product, shelf.hall_id)  # FP201 (change)
        names.append(product.name)
    return names


@app.get("/products/of-each")
def products_of_each(names: list[str], session: Session = Depends(get_session)) -> list[int]:
    found = []
    for name in names:
        kept = (
            session.query(Product)  # FP201
            .filter(Product.name == name)
            .filter(Product.id > 0)
            .all()
        )
        found.extend(each.id for each in kept)
    return found


@app.get("/products/gone-through")
def products_gone_through(names: list[str], session: Session = Depends(get_session)) -> list[int]:
    found = []
    for name in names:
        for each in session.query(Product).filter(Product.name == name):  # FP201
            found.append(each.id)
    return found


@app.get("/products/one-query")
def products_of_one_query(names: list[str], session: Session = Depends(get_session)) -> list[int]:
    found = []
    for each in session.query(Product).filter(Product.name.in_(names)):
        found.append(each.id)
    return found


@app.get("/settings")
def settings(session: SessionDep) -> dict[str, Any]:
    found = {}
    for name in ["host", "port", "user", "topic"]:
        product = session.scalars(select(Product).where(Product.name == name)).first()  # FP201 (change)
        found[name] = product and product.id
    for name in ("host", "port"):
        found[name] = session.scalars(select(Product).where(Product.name == name)).first()
    return found


@app.get("/settings/first")
def first_setting(session: SessionDep) -> Any:
    for name in ["host", "port", "user", "topic"]:
        if product := session.scalars(select(Product).where(Product.name == name)).first():
            return product
    for table in ["orders", "items", "products", "notes"]:
        session.execute(text(f"SELECT count(*) FROM {table}"))
    return session.scalars(select(Product).where(Product.name.in_(["host", "port", "user", "topic"]))).all()


@app.get("/products/owners")
def owners_of_products(session: SessionDep) -> list[Any]:
    names: dict[int, Any] = {}
    found = []
    for product in session.scalars(select(Product).limit(100)).all():
        if product.id not in names:
            names[product.id] = session.scalar(select(Product).where(Product.name == str(product.id)))  # FP201 (summary)
        found.append(names[product.id])
    known: dict[int, Any] = dict()
    for product in session.scalars(select(Product).limit(100)).all():
        owner = known.get(product.id)
        if owner is None:
            owner = session.scalar(select(Product).where(Product.name == str(product.id)))  # FP201 (summary)
            known[product.id] = owner
    return found


KNOWN: dict[int, Any] = {}


@app.get("/products/owners/kept")
def owners_that_the_process_keeps(names: dict[int, Any], session: SessionDep) -> list[Any]:
    found = []
    only: dict[str, Any] = {}
    for product in session.scalars(select(Product).limit(100)).all():
        if product.id not in KNOWN:
            KNOWN[product.id] = session.scalar(select(Product).where(Product.name == str(product.id)))
        if product.id not in names:
            names[product.id] = session.scalar(select(Product).where(Product.name == str(product.id)))
        if "first" not in only:
            only["first"] = session.scalar(select(Product).where(Product.name == "first"))
        found.append(KNOWN[product.id])
    return found


knowledge = Neo4jGraph()


@app.get("/graph/names")
def names_in_graph(names: list[str]) -> list[Any]:
    return [knowledge.query("MATCH (p {name: $name}) RETURN p", params={"name": name}) for name in names]  # FP201


@app.get("/graph/names/at-once")
def names_in_graph_at_once(names: list[str]) -> list[Any]:
    return knowledge.query("MATCH (p) WHERE p.name IN $names RETURN p", params={"names": names})


engine_of_documents = AIOEngine()


class StoredOrder(Model):
    number: int


class Lending:
    pool: asyncpg.Pool

    async def connection(self) -> PoolAcquireContext:
        return self.pool.acquire()


lending = Lending()


@app.get("/orders/names/of-a-connection")
async def names_of_a_connection(numbers: list[int]) -> list[Any]:
    async with await lending.connection() as connection:
        return [await connection.fetchrow("SELECT name FROM orders WHERE id = $1", each) for each in numbers]  # FP201


@app.get("/orders/names/at-once")
async def names_at_once(numbers: list[int]) -> list[Any]:
    async with await lending.connection() as connection:
        return await connection.fetch("SELECT name FROM orders WHERE id = ANY($1)", numbers)


@app.get("/orders/names/in-sql")
async def names_in_sql(numbers: list[int]) -> list[Any]:
    found = []
    connection = Tortoise.get_connection("default")
    for number in numbers:
        found.extend(await connection.execute_query_dict("SELECT name FROM orders WHERE id = ?", [number]))  # FP201
    return found


@app.get("/orders/names/in-one-sql")
async def names_in_one_sql(numbers: list[int]) -> list[Any]:
    async with in_transaction() as connection:
        return await connection.execute_query_dict("SELECT name FROM orders WHERE id IN (1, 2)")


@app.get("/documents/raw")
async def raw_documents(numbers: list[int]) -> list[Any]:
    orders = engine_of_documents.get_collection(StoredOrder)
    return [await orders.find_one({"number": number}) for number in numbers]  # FP201


@app.get("/documents/raw/at-once")
async def raw_documents_at_once(numbers: list[int]) -> list[Any]:
    orders = engine_of_documents.get_collection(StoredOrder)
    return await orders.find({"number": {"$in": numbers}}).to_list(100)


documents = AsyncMongoClient("mongodb://documents")


@app.get("/documents/health")
async def health() -> None:
    await documents.admin.command("ping")
