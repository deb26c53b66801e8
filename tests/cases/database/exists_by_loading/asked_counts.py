from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import asyncpg
import psycopg2
from fastapi import Depends, FastAPI
from motor.motor_asyncio import AsyncIOMotorClient
from sqlalchemy import ForeignKey, create_engine, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
connection = psycopg2.connect("dbname=shop")
documents = AsyncIOMotorClient("mongodb://db")["shop"]
SessionLocal = sessionmaker(create_engine("postgresql://db/shop"))
AsyncLocal = async_sessionmaker(create_async_engine("postgresql+asyncpg://db/shop"))


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    shop_id: Mapped[int] = mapped_column(index=True)


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


async def get_async_session() -> AsyncIterator[AsyncSession]:
    async with AsyncLocal() as session:
        yield session


async def get_pool() -> asyncpg.Pool:
    raise NotImplementedError


SessionDep = Annotated[Session, Depends(get_session)]
AsyncSessionDep = Annotated[AsyncSession, Depends(get_async_session)]
PoolDep = Annotated[asyncpg.Pool, Depends(get_pool)]


@app.get("/counted/{number}")
def counted(session: SessionDep, number: int) -> bool:
    if session.query(Order).filter(Order.customer_id == number).count():  # FP210 (summary)
        return True
    return session.query(Order).filter_by(shop_id=number).count() > 0  # FP210 (summary)


@app.get("/scalar/{number}")
def scalar(session: SessionDep, number: int) -> str:
    count = select(func.count()).select_from(Order).where(Order.customer_id == number)
    if not session.scalar(count):  # FP210 (summary)
        return "none"
    return "some"


@app.get("/awaited/{number}")
async def awaited(session: AsyncSessionDep, number: int) -> str:
    result = await session.execute(  # FP210 (summary)
        select(func.count(Order.id)).where(Order.customer_id == number)
    )
    return "some" if (result.scalar() or 0) >= 1 else "none"


@app.get("/named/{number}")
async def named(session: AsyncSessionDep, number: int) -> str:
    orders = await session.scalar(  # FP210 (summary)
        select(func.count()).select_from(Order).where(Order.customer_id == number)
    )
    if orders == 0:
        return "none"
    return "some"


@app.get("/pool/{number}")
async def by_pool(pool: PoolDep, number: int) -> bool:
    found = await pool.fetchval("SELECT COUNT(*) FROM orders WHERE shop_id = $1", number)  # FP210 (summary)
    return bool(found)


@app.get("/cursor/{number}")
def by_cursor(number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select count(1) from orders where customer_id = %s", (number,))  # FP210 (summary)
        return cursor.fetchone()[0] > 0


@app.get("/mogrified/{number}")
def mogrified(number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(  # FP210 (summary)
            cursor.mogrify("SELECT COUNT(*) AS n FROM orders WHERE shop_id = %(id)s", {"id": number})
        )
        row = cursor.fetchone()
    return row[0] > 0


@app.get("/documents/{number}")
async def by_documents(number: int) -> bool:
    return await documents.orders.count_documents({"customer": number}) > 0  # FP210 (summary)


# Near misses


@app.get("/number/{number}")
def used_as_number(session: SessionDep, number: int) -> dict[str, int]:
    total = session.query(Order).filter(Order.customer_id == number).count()
    if total == 0:
        return {}
    return {"total": total}


@app.get("/several/{number}")
def more_than_one(session: SessionDep, number: int) -> bool:
    return session.query(Order).filter(Order.customer_id == number).count() > 1


@app.get("/by-key/{email}")
def by_key(session: SessionDep, email: str) -> bool:
    if session.query(Customer).filter(Customer.email == email).count() > 0:
        return True
    return session.query(Customer).filter_by(email=email).count() > 0


@app.get("/of-one/{customer}/{shop}")
def of_one(session: SessionDep, customer: int, shop: int) -> bool:
    return session.query(Order).filter(Order.customer_id == customer, Order.shop_id == shop).count() > 0


@app.get("/exists/{number}")
async def exists(pool: PoolDep, session: SessionDep, number: int) -> bool:
    if session.scalar(select(Order.id).where(Order.customer_id == number).limit(1)):
        return True
    return await pool.fetchval("SELECT EXISTS(SELECT 1 FROM orders WHERE customer_id = $1)", number)


@app.get("/document-by-key/{number}")
async def document_by_key(number: str) -> bool:
    return await documents.orders.count_documents({"_id": number}) > 0


@app.get("/mogrified-by-key/{email}")
def mogrified_by_key(email: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(cursor.mogrify("SELECT COUNT(id) FROM customers WHERE email = %s", (email,)))
        row = cursor.fetchone()
    return row[0] > 0


@app.get("/mogrified-number/{number}")
def mogrified_number(number: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(cursor.mogrify("SELECT COUNT(*) FROM orders WHERE shop_id = %s", (number,)))
        row = cursor.fetchone()
    return row[0]


@app.get("/list/{number}")
def in_list(numbers: list[int], number: int) -> bool:
    return numbers.count(number) > 0


def seed() -> None:
    with SessionLocal() as session:
        if session.query(Customer).count() == 0:
            session.add(Customer(email="admin@example.com"))
