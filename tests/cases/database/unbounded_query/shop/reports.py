import sqlite3
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import aiosqlite
import asyncpg
import psycopg
from databases import Database
from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker

from shop import statements, warehouse

router = APIRouter()
SessionLocal = sessionmaker(create_engine("sqlite://"))
database = Database("sqlite://")
COLUMNS = "id, day, total"
ALL_ORDERS = "SELECT " + COLUMNS + " FROM orders ORDER BY id"


class Line(BaseModel):
    id: int
    total: int


class Lines(BaseModel):
    lines: list[Line]


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


async def get_pool() -> asyncpg.Pool:
    return await asyncpg.create_pool("postgresql://")


SessionDep = Annotated[Session, Depends(get_session)]
PoolDep = Annotated[asyncpg.Pool, Depends(get_pool)]


@router.get("/report/orders")
def orders(session: SessionDep) -> Any:
    rows = session.execute(text("SELECT * FROM orders ORDER BY day DESC")).mappings().all()  # FP211
    return {"orders": rows}


@router.get("/report/lines")
async def lines(pool: PoolDep) -> list[Line]:
    async with pool.acquire() as connection:
        rows = await connection.fetch(ALL_ORDERS)  # FP211
    return [Line(**dict(row)) for row in rows]


@router.get("/report/columns")
async def columns(pool: PoolDep) -> Lines:
    rows = await pool.fetch(f"SELECT {COLUMNS} FROM orders")  # FP211
    return Lines(lines=[Line(id=row["id"], total=row["total"]) for row in rows])


@router.get("/report/shelves")
async def shelves() -> Any:
    return await database.fetch_all("SELECT id, name FROM shelves WHERE deleted_at IS NULL")  # FP211


@router.get("/report/files")
async def files() -> list[dict[str, Any]]:
    found = []
    async with aiosqlite.connect("shop.db") as connection:
        async with connection.execute("SELECT path, size FROM files") as cursor:  # FP211
            async for path, size in cursor:
                found.append({"path": path, "size": size})
    return found


@router.get("/report/cursor")
def with_cursor() -> Any:
    connection = psycopg.connect("postgresql://")
    cursor = connection.cursor()
    cursor.execute("SELECT id, total FROM orders")  # FP211
    rows = cursor.fetchall()
    cursor.execute("UPDATE orders SET seen = true")
    return {"rows": rows}


@router.get("/report/warehouse")
async def stock(pool: PoolDep) -> list[Line]:
    return [Line(id=row["id"], total=row["total"]) for row in await warehouse.stock(pool)]


@router.get("/report/parts")
async def parts(pool: PoolDep) -> Any:
    return await warehouse.Parts(pool).listed()


@router.get("/report/of/{customer_id}")
def of_customer(customer_id: int, session: SessionDep) -> Any:
    found = session.execute(text("SELECT * FROM orders WHERE customer_id = :c"), {"c": customer_id})  # FP211
    return [dict(row) for row in found]


# Near misses


@router.get("/report/page")
async def page(pool: PoolDep, limit: int = 50) -> Any:
    return await pool.fetch("SELECT * FROM orders ORDER BY id LIMIT $1", limit)


@router.get("/report/first")
async def first(pool: PoolDep) -> Any:
    return await pool.fetch("SELECT * FROM orders ORDER BY id FETCH FIRST 20 ROWS ONLY")


@router.get("/report/one/{order_id}")
def one(order_id: int, session: SessionDep) -> Any:
    return session.execute(text("SELECT * FROM orders WHERE id = :id"), {"id": order_id}).fetchall()


@router.get("/report/by-mail")
def by_mail(email: str, session: SessionDep) -> Any:
    return session.execute(text("SELECT * FROM customers WHERE email = :e"), {"e": email}).mappings().all()


@router.get("/report/unknown/{number}")
async def unknown(number: str, pool: PoolDep) -> Any:
    return await pool.fetch("SELECT * FROM tickets WHERE number = $1", number)


@router.get("/report/count")
async def count(pool: PoolDep) -> Any:
    return await pool.fetch("SELECT count(*), max(day) FROM orders")


@router.get("/report/days")
async def days(pool: PoolDep) -> Any:
    return await pool.fetch("SELECT day, sum(total) FROM orders GROUP BY day")


@router.get("/report/since")
async def since(day: str, pool: PoolDep) -> Any:
    return await pool.fetch("SELECT * FROM orders WHERE day >= $1", day)


@router.get("/report/some")
async def some(ids: list[int], pool: PoolDep) -> Any:
    return await pool.fetch("SELECT * FROM orders WHERE id = ANY($1)", ids)


@router.get("/report/built")
async def built(pool: PoolDep, limit: int | None = None) -> Any:
    query = "SELECT * FROM orders"
    if limit:
        query += f" LIMIT {limit}"
    return await pool.fetch(query)


@router.get("/report/filtered")
async def filtered(pool: PoolDep, more: str = "") -> Any:
    return await pool.fetch(f"SELECT * FROM orders {more}")


@router.get("/report/which")
async def which(pool: PoolDep, table: str) -> Any:
    return await pool.fetch(f"SELECT * FROM {table}")


@router.get("/report/clause")
async def clause(pool: PoolDep, where: str) -> Any:
    return await pool.fetch(f"SELECT * FROM orders WHERE {where}")


@router.get("/report/total")
async def total(pool: PoolDep) -> int:
    rows = await pool.fetch("SELECT total FROM orders")
    return sum(row["total"] for row in rows)


@router.get("/report/open")
async def still_open(pool: PoolDep) -> Any:
    rows = await pool.fetch("SELECT id, day FROM orders")
    return [row["id"] for row in rows if row["day"] > "2024"]


@router.get("/report/row")
def row(session: SessionDep) -> Any:
    return session.execute(text("SELECT * FROM orders ORDER BY id DESC")).mappings().first()


@router.get("/report/tables")
def tables() -> Any:
    connection = sqlite3.connect("shop.db")
    return connection.execute("SELECT name FROM sqlite_master").fetchall()


@router.get("/report/stock")
async def known(pool: PoolDep) -> Any:
    return await warehouse.newest(pool)


@router.get("/report/imported")
async def imported(pool: PoolDep) -> Any:
    return await pool.fetch(statements.PAGE)


@router.get("/report/broken")
async def broken(pool: PoolDep) -> Any:
    return await pool.fetch("SELECT * FROM orders WHERE (")


async def nightly(pool: PoolDep) -> Any:
    return await pool.fetch("SELECT * FROM orders")


async def stream(pool: PoolDep) -> AsyncIterator[str]:
    async with pool.acquire() as connection:
        async for row in connection.cursor("SELECT * FROM orders"):
            yield str(row["id"])
