"""A query that stands behind the reading of a column which its table lacks is never made."""

from __future__ import annotations

import pytest

from rules import analyze
from rules.engine.finding import Confidence, Options
from tests.engine.projects import sources

MODELS = """
from sqlalchemy import Column, ForeignKey, Integer, String
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import {}relationship
{}

class Named:
    @property
    def label(self) -> str: ...

class Order(Named, Base):
    __tablename__ = "orders"
    id = Column(Integer, primary_key=True)
    number = Column(String)
    customer_id = Column(ForeignKey("customers.id"))
    customer = relationship("Customer", backref="orders")

    @hybrid_property
    def total(self) -> int: ...

class Customer(Base):
    __tablename__ = "customers"
    id = Column(Integer, primary_key=True)
"""
BASE = "declarative_base, ", "Base = declarative_base()"
API = """
from fastapi import Depends, FastAPI
from sqlalchemy.orm import Session
from shop.db import get_session
from shop.models import Customer, Order

app = FastAPI()

@app.get("/orders")
async def orders(number: str, session: Session = Depends(get_session)) -> list[str]:
    {}
    return session.query(Order).filter(Order.number == number).all()
"""
DB = """
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

make = sessionmaker(create_engine("postgresql://db/shop"))

def get_session():
    with make() as session:
        yield session
"""


def confidence(body: str, base: tuple[str, str] = BASE, code: str = "FP104", **files: str) -> Confidence:
    tree = {
        "shop/models.py": MODELS.format(*base),
        "shop/db.py": DB,
        "shop/api.py": API.format(body),
        **{f"shop/{name}.py": text for name, text in files.items()},
    }
    result = analyze(sources(tree), options=Options(select=(code,))).result
    assert result.skipped == ()
    (found,) = result.findings
    return found.confidence


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("session.query(Order).filter_by(place=number).first()", Confidence.POSSIBLE),
        ("session.query(Order).filter(Order.id > 1).filter_by(id=1, place=number)", Confidence.POSSIBLE),
        ("session.query(Order).filter_by(number=number).filter(Order.id > 1)", Confidence.CERTAIN),
        ("session.query(Order).filter_by(total=1, label=number)", Confidence.CERTAIN),
        ("session.query(Order).join(Customer).filter_by(place=number)", Confidence.CERTAIN),
        ("session.query(Order, Customer).filter_by(place=number)", Confidence.CERTAIN),
        ("print(number.filter_by(place=number))", Confidence.CERTAIN),
    ],
)
def test_a_query_behind_one_that_is_filtered_by_what_its_table_lacks(body: str, expected: Confidence) -> None:
    tree = {
        "shop/models.py": MODELS.format(*BASE),
        "shop/db.py": DB,
        "shop/api.py": API.format(f"known = {body}").replace(
            "    return session", "    time.sleep(1)\n    return session"
        )
        + "\nimport time\n",
    }
    (found,) = analyze(sources(tree), options=Options(select=("FP101",))).result.findings
    assert found.confidence is expected


@pytest.mark.parametrize(
    "body",
    [
        "wanted = Order.place == number",
        "print(Order.place)",
        "for each in Order.place: ...",
        "known = [Order.id, Customer.name]",
    ],
)
@pytest.mark.parametrize(
    "base", [BASE, ("DeclarativeBase, ", "class Base(DeclarativeBase): ...")], ids=["made", "derived"]
)
def test_what_stands_behind_is_a_hint(body: str, base: tuple[str, str]) -> None:
    assert confidence(body, base) is Confidence.POSSIBLE


@pytest.mark.parametrize(
    "body",
    [
        "wanted = Order.number == number",
        "wanted = (Order.total, Order.customer, Order.label, Order.metadata, Order.__table__)",
        "known = Customer.orders",
        "if number:\n        print(Order.place)",
        "known = Order.place if number else None",
        "known = lambda: Order.place",
        "try:\n        print(Order.place)\n    except AttributeError: ...",
        "known = hasattr(Order, 'place') and Order.place",
        "Order.place = 1",
    ],
)
def test_what_a_class_has_or_is_given_or_may_not_be_read_is_no_sign(body: str) -> None:
    assert confidence(body) is Confidence.CERTAIN


ASYNC = (
    "DeclarativeBase, ",
    "from sqlalchemy.ext.asyncio import AsyncAttrs\nclass Base(AsyncAttrs, DeclarativeBase): ...",
)
OTHERS = "DeclarativeBase, ", "from sqlalchemy_mixins import Dated\nclass Base(Dated, DeclarativeBase): ..."
SETTING = {"billing/places": "def place(order) -> None:\n    order.place = 1\n"}


def test_rows_have_what_their_class_has_and_what_anybody_sets() -> None:
    body = "from shop.rows import load\n    order: Order = load(number)\n    print(order.{})"

    assert confidence(body.format("place")) is Confidence.POSSIBLE
    assert confidence(body.format("place"), **SETTING) is Confidence.CERTAIN
    assert confidence(body.format("number")) is Confidence.CERTAIN
    assert confidence(body.format("awaitable_attrs"), ASYNC) is Confidence.CERTAIN
    assert confidence(body.format("place"), ASYNC) is Confidence.POSSIBLE
    assert confidence(body.format("place"), OTHERS) is Confidence.CERTAIN


def test_what_others_give_a_class_or_bases_that_nobody_sees_are_no_sign() -> None:
    body = "print(Order.place)"

    assert (
        confidence(body, more="from shop.models import Order\nOrder.place = Order.number\n")
        is Confidence.CERTAIN
    )
    assert confidence(body, **SETTING) is Confidence.POSSIBLE  # on a row, not on its class
    assert confidence(body, ("", "from ours import Base")) is Confidence.CERTAIN
    assert (
        confidence(
            body, ("declarative_base, ", "class Own:\n    place = 1\nBase = declarative_base(cls=Own)")
        )
        is Confidence.CERTAIN
    )


def test_the_query_of_a_helper_in_another_file_is_looked_at_too() -> None:
    helper = """
    from sqlalchemy.orm import Session
    from shop.models import Order

    def find(session: Session, {0}: str) -> list[Order]:
        return session.query(Order).filter(Order.{0} == {0}).all()
    """
    body = "from shop.finding import find\n    return find(session, number)"

    assert confidence(body, finding=helper.format("place")) is Confidence.POSSIBLE
    assert confidence(body, finding=helper.format("number")) is Confidence.CERTAIN


@pytest.mark.parametrize(("read", "expected"), [("place", Confidence.POSSIBLE), ("id", Confidence.LIKELY)])
def test_a_loop_over_rows_that_fails_at_its_first_turn_makes_no_queries(
    read: str, expected: Confidence
) -> None:
    helper = """
    from sqlalchemy.orm import Session
    from shop.models import Order

    def of(session: Session, number: int) -> list[Order]:
        return session.query(Order).filter(Order.customer_id == number).all()
    """
    body = (
        "from shop.finding import of\n    for each in session.query(Customer).all():\n"
        f"        print(each.{read})\n        of(session, each.id)"
    )

    assert confidence(body, code="FP202", finding=helper) is expected


ASKING = """
import time
from fastapi import Depends, FastAPI
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, sessionmaker
from shop.models import Order

make = async_sessionmaker(create_async_engine("postgresql+asyncpg://db/shop"))
make_plain = sessionmaker(url="postgresql://db/shop")
app = FastAPI()

async def later():
    async with make() as session:
        yield session

def plain() -> Session:
    with make_plain() as session:
        yield session

@app.get("/orders")
async def orders({}) -> None:
    {}
    time.sleep(1)
    await wait()

async def wait() -> None: ...
"""


@pytest.mark.parametrize(
    ("parameter", "body", "expected"),
    [
        ("session: AsyncSession = Depends(later)", "session.query(Order).first()", Confidence.POSSIBLE),
        ("session = Depends(later)", "known = session.query(Order).count()", Confidence.POSSIBLE),
        ("session: AsyncSession = Depends(later)", "session.bulk_save_objects([])", Confidence.POSSIBLE),
        ("", "session = make()\n    session.query(Order)", Confidence.POSSIBLE),
        ("session: AsyncSession = Depends(plain)", "session.query(Order).first()", Confidence.CERTAIN),
        ("session: Session = Depends(plain)", "session.query(Order).first()", Confidence.CERTAIN),
        ("session: AsyncSession", "session.query(Order).first()", Confidence.CERTAIN),
        (
            "session: AsyncSession = Depends(later)",
            "if await session.get(Order, 1):\n        session.query(Order).first()",
            Confidence.CERTAIN,
        ),
        (
            "session: AsyncSession = Depends(later)",
            "try:\n        session.query(Order).first()\n    except Exception: ...",
            Confidence.CERTAIN,
        ),
        (
            "session: AsyncSession = Depends(later)",
            "await session.run_sync(lambda each: each.query(Order).first())",
            Confidence.CERTAIN,
        ),
        ("session: AsyncSession = Depends(later)", "await session.get(Order, 1)", Confidence.CERTAIN),
    ],
)
def test_what_an_asynchronous_session_does_not_have_fails(
    parameter: str, body: str, expected: Confidence
) -> None:
    tree = {"shop/models.py": MODELS.format(*BASE), "shop/api.py": ASKING.format(parameter, body)}
    (found,) = analyze(sources(tree), options=Options(select=("FP101",))).result.findings

    assert found.confidence is expected
