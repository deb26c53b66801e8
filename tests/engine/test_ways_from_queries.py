"""The way from a query to where its rows are fetched, or what was not loaded with them is read."""

from __future__ import annotations

from rules.engine.analysis import analyze
from rules.engine.finding import Finding
from tests.engine.projects import sources

MODELS = """from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str]
    items: Mapped[list["Item"]] = relationship()


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
"""

STORE = """from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, selectinload

from shop.models import Order


def latest(session: Session) -> list[Order]:
    return list(session.scalars(select(Order).limit(20)))


async def one(session: AsyncSession, number: int) -> Order:
    return (await session.scalars(select(Order).where(Order.id == number))).one()
"""

API = """from fastapi import Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from shop import store
from shop.db import get_async_session, get_session
from shop.models import Order

app = FastAPI()


class OrderOut(BaseModel):
    id: int
    number: str


@app.get("/orders")
def orders(number: str = "", session: Session = Depends(get_session)) -> list[OrderOut]:
    query = session.query(Order)
    if number:
        query = query.filter(Order.number.ilike(number))
    if session.query(Order.id).filter(Order.number == number).count() == 0:
        return []
    query = query.order_by(Order.id)

    return query.all()


@app.get("/orders/all")
def all_orders(session: Session = Depends(get_session)) -> list[OrderOut]:
    return session.query(Order).all()


@app.get("/sizes")
def sizes(session: Session = Depends(get_session)) -> list[int]:
    return [len(order.items) for order in store.latest(session)]


@app.get("/sizes/{number}")
async def size(number: int, session: AsyncSession = Depends(get_async_session)) -> int:
    order = await store.one(session, number)
    return len(order.items)


@app.get("/sizes/here/{number}")
async def size_here(number: int, session: AsyncSession = Depends(get_async_session)) -> int:
    order = (await session.scalars(select(Order).where(Order.id == number))).one()
    return len(order.items)
"""

DB = """from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session


def get_session() -> Session: ...


def get_async_session() -> AsyncSession: ...
"""


def said(code: str) -> list[Finding]:
    files = {
        "shop/__init__.py": "",
        "shop/models.py": MODELS,
        "shop/store.py": STORE,
        "shop/api.py": API,
        "shop/db.py": DB,
    }
    found = analyze(sources(files)).result.findings
    return sorted((each for each in found if each.code == code), key=lambda each: each.line)


def test_a_query_that_is_built_step_by_step_leads_to_where_its_rows_are_fetched() -> None:
    built, at_once = said("FP211")

    assert [(hop.line, hop.symbol) for hop in built.call_path] == [(21, "orders"), (28, "query.all")]
    assert at_once.call_path == ()


def test_what_is_loaded_row_by_row_is_led_to_from_its_query() -> None:
    (finding,) = said("FP203")

    assert (finding.path, finding.line) == ("shop/api.py", 38)
    assert [(hop.path, hop.line, hop.symbol) for hop in finding.call_path] == [
        ("shop/store.py", 9, "latest"),
        ("shop/api.py", 38, "latest"),
        ("shop/api.py", 38, "Order.items"),
    ]
    assert (finding.places[0].path, finding.places[0].line) == ("shop/api.py", 38)


def test_what_an_asynchronous_session_cannot_load_is_led_to_from_its_query_unless_that_stands_beside() -> (
    None
):
    far, near = said("FP205")

    assert [(hop.path, hop.line) for hop in far.call_path] == [
        ("shop/store.py", 13),
        ("shop/api.py", 43),
        ("shop/api.py", 44),
    ]
    assert near.call_path == ()
