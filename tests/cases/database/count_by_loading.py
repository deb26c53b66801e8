from typing import Annotated

import asyncpg
from fastapi import Depends, FastAPI
from sqlalchemy import ForeignKey, create_engine, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker
from tortoise import fields
from tortoise.models import Model

app = FastAPI()
SessionLocal = sessionmaker(create_engine("sqlite://"))
AsyncSessionLocal = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    open: Mapped[bool]


def get_session():
    with SessionLocal() as session:
        yield session


async def get_async_session():
    async with AsyncSessionLocal() as session:
        yield session


async def get_pool() -> asyncpg.Pool:
    return await asyncpg.create_pool("postgresql://localhost/shop")


class Bill(Model):
    id = fields.IntField(pk=True)
    kind = fields.CharField(20)


SessionDep = Annotated[Session, Depends(get_session)]
AsyncSessionDep = Annotated[AsyncSession, Depends(get_async_session)]


@app.get("/query")
def query(session: SessionDep) -> int:
    return len(session.query(Order).filter(Order.open).all())  # FP209


@app.get("/scalars")
def scalars(session: SessionDep) -> int:
    return len(session.scalars(select(Order)).all())  # FP209


@app.get("/execute")
async def execute(session: AsyncSessionDep) -> int:
    return len((await session.execute(select(Order).where(Order.open))).scalars().all())  # FP209


@app.get("/list")
def through_list(session: SessionDep) -> int:
    return len(list(session.scalars(select(Order)).all()))  # FP209


@app.get("/rows")
def rows(session: SessionDep) -> int:
    return len(session.execute(select(Order)).fetchall())  # FP209


@app.get("/name")
def by_name(session: SessionDep) -> dict[str, int]:
    orders = session.query(Order).all()
    return {"count": len(orders)}  # FP209


@app.get("/sum")
def summed(session: SessionDep) -> int:
    return sum(1 for _ in session.scalars(select(Order)).all())  # FP209


# Near misses


@app.get("/count")
def counted(session: SessionDep) -> int:
    session.query(Order).count()
    return session.scalar(select(func.count()).select_from(Order))


@app.get("/used")
def used(session: SessionDep) -> dict[str, object]:
    orders = session.query(Order).all()
    return {"count": len(orders), "ids": [order.id for order in orders]}


@app.get("/limited")
def limited(session: SessionDep) -> int:
    return len(session.query(Order).limit(10).all())


@app.get("/list-of-words")
def words(text: list[str]) -> int:
    return len(text) + len([word for word in text]) + sum(1 for _ in text)


class Basket:
    def all(self) -> list[int]:
        return [1]


@app.get("/basket")
def basket() -> int:
    return len(Basket().all())


@app.get("/twice")
def assigned_twice(session: SessionDep, everything: bool) -> int:
    orders = session.query(Order).all()
    if not everything:
        orders = [1]
    return len(orders)


@app.get("/condition")
def filtered(session: SessionDep) -> int:
    return sum(order.id for order in session.scalars(select(Order)).all())


@app.get("/locked")
def locked(ids: list[int], session: SessionDep) -> bool:
    statement = select(Order).where(Order.id.in_(ids)).with_for_update()
    rows = session.scalars(statement).all()
    return len(rows) == len(ids)


@app.get("/page-size")
def size_of_a_page(session: SessionDep) -> int:
    statement = select(Order).limit(20)
    result = session.scalars(statement)
    return len(result.all())


@app.delete("/written")
async def written(ids: list[int], session: AsyncSessionDep) -> int:
    deleted = await session.scalars(delete(Order).where(Order.id.in_(ids)).returning(Order.id))
    return len(deleted.all())


@app.post("/attempts")
def attempts(session: SessionDep, most: int) -> None:
    found = session.scalars(select(Order))
    recent = len(found.all())  # FP209 (summary)
    if recent >= most:
        raise ValueError("too many")
    if len(session.scalars(select(Order)).all()) > most:  # FP209 (summary)
        raise ValueError("too many")
    if len(session.scalars(select(Order)).all()) < most:  # FP209 (inline)
        raise ValueError("too few")
    if len(session.scalars(select(Order)).all()) >= 3:  # FP209 (summary)
        print("three")
    if len(session.scalars(select(Order)).all()) >= 5000:  # FP209 (inline)
        print("many")


class Team(Base):
    __tablename__ = "teams"
    id: Mapped[int] = mapped_column(primary_key=True)
    members: Mapped[list["Member"]] = relationship()

    @property
    def size(self) -> int:
        return len(self.members)  # whoever reads it loaded them: nothing else works under an asynchronous session


class Member(Base):
    __tablename__ = "members"
    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), index=True)


# A function of the project loads the rows that are counted.


class Orders:
    def __init__(self, session: Session) -> None:
        self.session = session

    def list_all(self) -> list[Order]:
        return self.session.query(Order).all()

    def list_some(self, limit: int) -> list[Order]:
        return self.session.query(Order).limit(limit).all()

    def number(self) -> int:
        return len(self.list_all())  # FP209

    def one(self, number: int) -> Order | None:
        return self.session.get(Order, number)


@app.get("/orders/number")
def number_of_orders(session: SessionDep) -> int:
    return Orders(session).number()


@app.get("/orders/number/named")
def named_number(session: SessionDep) -> dict[str, int]:
    found = Orders(session).list_all()
    half = len(found) // 2  # FP209
    return {"orders": len(found), "half": half}


@app.get("/orders/number/shown")
def shown_number(session: SessionDep) -> dict[str, object]:
    found = Orders(session).list_all()
    return {"orders": [order.id for order in found], "number": len(found)}


@app.get("/orders/number/limited")
def limited_number(session: SessionDep) -> int:
    return len(Orders(session).list_some(20))


@app.get("/orders/number/many")
def number_is_large(session: SessionDep) -> bool:
    return len(Orders(session).list_all()) > 1


# All of them and those of one kind; a list made of a result; other drivers


@app.get("/orders/figures")
def figures(session: SessionDep) -> dict[str, int]:
    orders = session.query(Order).all()
    return {"all": len(orders), "open": len([order for order in orders if order.open])}  # FP209


@app.get("/orders/figures/summed")
def figures_summed(session: SessionDep) -> dict[str, int]:
    orders = session.scalars(select(Order)).all()
    total = len(orders)  # FP209
    return {"all": total, "open": sum(1 for order in orders if order.open)}


@app.get("/orders/figures/shown")
def figures_and_rows(session: SessionDep) -> dict[str, object]:
    orders = session.query(Order).all()
    return {"all": len(orders), "open": [order.id for order in orders if order.open]}


@app.get("/orders/figures/checked")
def figures_by_a_check(session: SessionDep) -> dict[str, int]:
    orders = session.query(Order).all()
    return {"all": len(orders), "large": len([order for order in orders if is_large(order)])}


def is_large(order: Order) -> bool:
    return order.id > 100


@app.get("/orders/listed")
def listed(session: SessionDep) -> int:
    statement = select(Order).where(Order.open)
    return len(list(session.scalars(statement)))  # FP209


@app.get("/orders/listed/query")
def listed_query(session: SessionDep) -> int:
    return len(list(session.query(Order))) + len(list(session.query(Order).limit(5)))  # FP209


@app.get("/rows/number")
async def number_of_rows(pool: Annotated[asyncpg.Pool, Depends(get_pool)]) -> dict[str, int]:
    rows = await pool.fetch("SELECT * FROM rows")
    some = await pool.fetch("SELECT * FROM rows LIMIT 10")
    grouped = await pool.fetch("SELECT kind, count(*) FROM rows GROUP BY kind")
    return {"all": len(rows), "some": len(some), "kinds": len(grouped)}  # FP209


@app.get("/bills/number")
async def number_of_bills(kind: str) -> int:
    bills = await Bill.filter(kind=kind).all()
    return len(bills)  # FP209


@app.get("/bills/number/few")
async def number_of_few_bills(kind: str) -> int:
    return len(await Bill.filter(kind=kind).limit(3))
