import sqlite3
from collections.abc import Iterator
from typing import Annotated

import asyncpg
import pymongo
import redis
import requests
from beanie import Document
from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, delete, insert, text, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from tortoise.models import Model

app = FastAPI()
SessionLocal = sessionmaker(create_engine("sqlite://"))
mongo = pymongo.AsyncMongoClient("mongodb://shop")
cache = redis.Redis()
pool = asyncpg.create_pool("postgresql://shop")


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    stock: Mapped[int]


class Names:
    PREFIX = "DELETE FROM shop_"


class Visit(Model):
    pass


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


def rename(session: Session, product_id: int, name: str) -> None:
    session.execute(update(Product).where(Product.id == product_id).values(name=name))


@app.post("/insert")
def inserts(names: list[str], session: SessionDep) -> None:
    for name in names:
        session.execute(insert(Product).values(name=name))  # FP213 (inline)
    session.commit()


@app.post("/restock")
def restock(amounts: dict[int, int], session: SessionDep) -> None:
    for product_id, amount in amounts.items():
        session.execute(update(Product).where(Product.id == product_id).values(stock=Product.stock + amount))  # FP213
    session.commit()


@app.post("/vacuum")
def vacuum(tables: list[str], session: SessionDep) -> None:
    for table in tables:
        session.execute(text("DELETE FROM " + table))
        session.execute(text(Names.PREFIX + table))


@app.post("/claimed")
def claimed(ids: list[int], session: SessionDep) -> list[int]:
    found = []
    for product_id in ids:
        result = session.execute(update(Product).where(Product.id == product_id).values(name="x"))  # FP213 (summary)
        if result.rowcount:
            found.append(product_id)
    return found


@app.post("/update")
def updates(names: dict[int, str], session: SessionDep) -> None:
    for product_id, name in names.items():
        statement = update(Product).where(Product.id == product_id).values(name=name)
        session.execute(statement)  # FP213
    for product_id, name in names.items():
        session.execute(text("UPDATE products SET name = :name WHERE id = :id"), {"name": name, "id": product_id})  # FP213


@app.post("/query")
def query_deletes(ids: list[int], session: SessionDep) -> None:
    for product_id in ids:
        session.query(Product).filter(Product.id == product_id).delete()  # FP213


@app.post("/helper")
def through_helper(names: dict[int, str], session: SessionDep) -> None:
    for product_id, name in names.items():
        rename(session, product_id, name)  # FP213


@app.post("/asyncpg")
async def by_driver(names: list[str]) -> None:
    async with pool.acquire() as connection:
        for name in names:
            await connection.execute("INSERT INTO products (name) VALUES ($1)", name)  # FP213


@app.post("/mongo")
async def documents(names: list[str]) -> None:
    products = mongo["shop"]["products"]
    for name in names:
        await products.insert_one({"name": name})  # FP213


@app.post("/tortoise")
async def visits(names: list[str]) -> None:
    for name in names:
        await Visit.create(name=name)  # FP213


# Near misses


@app.post("/add")
def adds(names: list[str], session: SessionDep) -> None:
    for name in names:
        session.add(Product(name=name))
    session.commit()


@app.post("/many")
async def many(names: list[str], session: SessionDep) -> None:
    session.execute(insert(Product), [{"name": name} for name in names])
    async with pool.acquire() as connection:
        await connection.executemany("INSERT INTO products (name) VALUES ($1)", [(name,) for name in names])
    for group in (names[:10], names[10:]):
        session.execute(insert(Product), [{"name": name} for name in group])


@app.post("/tables")
def per_table(dump: dict[str, list[dict[str, str]]], session: SessionDep) -> None:
    for name, rows in dump.items():
        table = Base.metadata.tables[name]
        session.execute(table.delete())
        session.execute(insert(table), rows)
        session.execute(text(f"DELETE FROM {name}"))
        session.execute(text("CREATE INDEX ON products (name)"))


@app.post("/groups")
def per_group(groups: list[list[int]], session: SessionDep) -> None:
    for ids in groups:
        session.execute(delete(Product).where(Product.id.in_(ids)))


@app.post("/cache")
def cached(names: list[str]) -> None:
    for name in names:
        cache.set(name, "1")


@app.post("/few")
def few(session: SessionDep) -> None:
    for name in ("book", "film"):
        session.execute(insert(Product).values(name=name))


@app.post("/last")
def at_most_once(names: list[str], session: SessionDep) -> None:
    for name in names:
        if name.startswith("x"):
            session.execute(insert(Product).values(name=name))
            break


@app.post("/shelf")
def into_a_database_in_the_process(numbers: list[str]) -> None:
    connection = sqlite3.connect("shelf.db")
    for number in numbers:
        connection.execute("INSERT INTO books (number) VALUES (?)", (number,))  # FP213 (summary)
    connection.commit()


@app.post("/synchronised")
def asks_another_machine_for_each(names: list[str], session: SessionDep) -> None:
    for name in names:
        known = requests.get(f"https://stock.example/{name}", timeout=5).text
        session.execute(insert(Product).values(name=known))  # FP213 (summary)


def checked(name: str) -> tuple[list[str], int]:
    checks = ["named"] if name else []
    checks.append("known")
    return checks, len(checks)


@app.post("/checked")
def of_unseen_number(name: str, names: list[str], session: SessionDep) -> None:
    checks, _ = checked(name)
    for check in checks:
        session.execute(insert(Product).values(name=check))  # FP213 (summary)
    for other in names:
        session.execute(insert(Product).values(name=other))  # FP213 (inline)


# Objects that a query gave


class Letter(Document):
    read: bool


class Parcel(Model):
    sent: bool


@app.post("/letters/read")
async def read_letters(numbers: list[int]) -> None:
    letters = await Letter.find(Letter.read == False).to_list()
    for letter in letters:
        letter.read = True
        await letter.save()  # FP213
    for parcel in await Parcel.filter(id__in=numbers):
        parcel.sent = True
        await parcel.save()  # FP213
    await Letter.find(Letter.read == False).set({"read": True})
    await Parcel.filter(id__in=numbers).update(sent=True)


@app.post("/letters/first")
async def read_first_letter() -> None:
    letter = await Letter.find(Letter.read == False).first_or_none()
    if letter is not None:
        await letter.save()
    for letter in await Letter.find(Letter.read == False).limit(3).to_list():
        print(letter.read)
