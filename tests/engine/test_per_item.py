"""A query per item is said of loops over data, each loop once; of groups, members and rare turns at most in the summary."""

from __future__ import annotations

import textwrap

import pytest

from rules.engine.finding import Confidence, Finding, Severity
from tests.engine.projects import heard, project

MODELS = """
from enum import StrEnum
from sqlalchemy import ForeignKey, create_engine, delete, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

SessionLocal = sessionmaker(create_engine("sqlite://"))
DEFAULTS = ["a", "b"]
defaults = ["a", "b"]

class Channel(StrEnum):
    MAIL = "mail"

def get_session():
    with SessionLocal() as session:
        yield session

class Base(DeclarativeBase):
    pass

class Shop(Base):
    __tablename__ = "shops"
    id: Mapped[int] = mapped_column(primary_key=True)

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    shop: Mapped[Shop] = relationship()

def load(session: Session, key) -> Order | None:
    return session.scalar(select(Order).where(Order.id == key))

def load_row(session: Session, key) -> Order | None:
    return session.get(Order, key)

def load_with_shop(session: Session, key, shop=None) -> None:
    if shop is not None:
        session.scalar(select(Shop).where(Shop.id == shop))

def load_by_default(session: Session, key, with_shop: bool = True) -> None:
    if with_shop:
        session.scalar(select(Shop).where(Shop.id == key))

def load_or_log(session: Session, key) -> Order | None:
    try:
        return session.scalar(select(Order).where(Order.id == key))
    except ValueError:
        return None

def first(session: Session, key):
    return second(session, key)

def second(session: Session, key):
    return load(session, key)
"""

HEAD = """
import itertools
from collections import defaultdict
from fastapi import Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session
from models import Channel, Order, SessionLocal, Shop, defaults, first, get_session, load, load_by_default, load_or_log
from models import load_row, load_with_shop

app = FastAPI()

class Filled(BaseModel):
    name: str
    note: str
"""


def found(body: str, *codes: str, more: str = "") -> tuple[Finding, ...]:
    """What is said about an endpoint of `body`."""
    endpoint = '@app.post("/orders")\ndef endpoint(ids: list[int], shops: dict[int, int], channels: list[Channel], filled: Filled, session: Session = Depends(get_session)):\n'
    text = (
        HEAD
        + textwrap.dedent(more)
        + "\n"
        + endpoint
        + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    )
    analysis = project({"models.py": MODELS, "main.py": text}, select=codes or ("FP201", "FP202"))
    assert analysis.result.skipped == ()
    return tuple(finding for finding in analysis.result.findings if finding.path == "main.py")


@pytest.mark.parametrize(
    "body",
    [
        "for channel in channels:\n    load(session, channel)",
        "for key in ids:\n    load_with_shop(session, key)",
        "for key in ids:\n    load_by_default(session, key, with_shop=False)",
        "for channel in {each for each in channels if each not in ids}:\n    load(session, channel)",
        "for name, value in filled.model_dump().items():\n    load(session, name)",
        "values = filled.model_dump()\nfor name in values:\n    load(session, name)",
        "for name in defaults:\n    load(session, name)",
        "for key in ids[:5]:\n    load(session, key)",
        "for kind in (Order, Shop):\n    session.scalar(select(kind))",
        "kinds = load(session, 1)\nfor kind in kinds:\n    session.scalar(select(kind))",
    ],
)
def test_what_the_code_itself_bounds_is_no_loop_over_data(body: str) -> None:
    assert found(body) == ()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("order = load(session, key)\n        known[key] = order.id", "FP202"),
        ("known[key] = session.scalar(select(Order).where(Order.id == key))", "FP201"),
    ],
)
def test_what_is_asked_once_for_each_different_item_is_a_hint(body: str, code: str) -> None:
    (finding,) = found(f"known = {{}}\nfor key in ids:\n    if key not in known:\n        {body}")

    assert (finding.code, finding.severity, finding.confidence) == (code, Severity.LOW, Confidence.POSSIBLE)
    assert "that `known` does not hold yet" in finding.message


@pytest.mark.parametrize(
    "body",
    [
        "groups = defaultdict(list)\nfor key in ids:\n    groups[key % 2].append(key)\nfor group, keys in groups.items():\n    load(session, group)",
        "groups = {}\nfor key in ids:\n    groups.setdefault(key % 2, []).append(key)\nfor group, keys in groups.items():\n    load(session, group)",
        "for group, keys in itertools.groupby(ids):\n    load(session, group)",
        "orders = session.scalars(select(Order)).all()\nfor shop_id in {order.shop_id for order in orders}:\n    load(session, shop_id)",
        "for key in ids[filled.limit:]:\n    load(session, key)",
        "for key in ids:\n    if load(session, key):\n        break",
        "orders = session.scalars(select(Order)).all()\nfor order in orders:\n    load_row(session, order.id)",
        "for key in ids:\n    load_with_shop(session, key, shops.get(key))",
        "for key in settings.shops:\n    load(session, key)",
        "for key in filled.limits:\n    load(session, Channel[key.name])",
        "for key in filled.limits:\n    load(session, Channel(key))",
        "shops = [*settings.shops, settings.own]\nfor key in shops:\n    load(session, key)",
        "for order in filled:\n    if order.id != ids[0]:\n        continue\n    load(session, order.shop_id)",
        "for order in filled:\n    if order.open and order.id == ids[0]:\n        load(session, order.shop_id)",
        "return any(load(session, key) for key in ids)",
        "import asyncio\ndone, _ = asyncio.wait(ids)\nfor key in done:\n    load(session, key)",
        "try:\n    return session.scalars(select(Order)).all()\nexcept ValueError:\n    for key in ids:\n        load(session, key)",
        "# A shop has few channels.\nfor key in ids:\n    load(session, key)",
        "orders = session.scalars(select(Order).limit(5)).all()\nfor order in orders:\n    load(session, order.shop_id)",
    ],
)
def test_what_is_likely_short_or_may_not_happen_is_only_possible(body: str) -> None:
    (finding,) = found(body)

    assert finding.confidence == Confidence.POSSIBLE


@pytest.mark.parametrize(
    "body",
    [
        "for key in ids:\n    load(session, key)",
        "for key in set(ids):\n    load(session, key)",
        "for key in ids[1:]:\n    load(session, key)",
        "for order in filled:\n    if order.id == ids[0]:\n        continue\n    load(session, order.shop_id)",
        "for order in filled:\n    if order.kind == ids[0]:\n        load(session, order.shop_id)",
        "for key in ids:\n    load_by_default(session, key)",
        "for key in ids:\n    load_or_log(session, key)",
        "orders = session.scalars(select(Order)).all()\nfor order in orders:\n    load_row(session, order.shop_id)",
        "for key in ids:\n    first(session, key)",
    ],
)
def test_each_item_of_a_request_is_worth_a_comment(body: str) -> None:
    (finding,) = found(body)

    assert (finding.severity, heard(finding)) == (Severity.HIGH, Confidence.LIKELY)


@pytest.mark.parametrize(
    "body",
    [
        "for key in filled.limits:\n    load(session, Channel(filled.channel) or key)",
        "names = {key: key for key in ids}\nfor name, key in names.items():\n    load(session, key)",
    ],
)
def test_a_list_that_nobody_sees_to_be_long_gets_a_mark(body: str) -> None:
    (finding,) = found(body)

    assert (finding.severity, heard(finding)) == (Severity.LOW, Confidence.LIKELY)


def test_a_far_query_of_a_loop_outside_the_endpoint_is_only_possible() -> None:
    more = """
    def all_of(session: Session, keys: list[int]):
        return [first(session, key) for key in keys]
    """

    (finding,) = found("return all_of(session, ids)", more=more)

    assert finding.confidence == Confidence.POSSIBLE


def test_the_parts_of_an_object_take_their_turn() -> None:
    more = """
    class Export:
        def run(self, session: Session): return session.scalar(select(Order))

    class Exports:
        def __init__(self, exports: list[Export]): self.exports = exports

        def run(self, session: Session):
            for export in self.exports:
                export.run(session)
    """

    assert all(
        finding.confidence == Confidence.POSSIBLE for finding in found("Exports([]).run(session)", more=more)
    )


def test_what_also_runs_at_the_start_prepares_data() -> None:
    more = """
    def prepare(session: Session):
        for order in session.scalars(select(Order)).all():
            session.scalar(select(Shop).where(Shop.id == order.shop_id))

    @app.on_event("startup")
    def begin():
        with SessionLocal() as session:
            prepare(session)
    """

    (finding,) = found("prepare(session)", more=more)

    assert finding.confidence == Confidence.POSSIBLE


def test_one_loop_is_one_finding_that_names_the_other_lines() -> None:
    findings = found(
        """
        for key in ids:
            load(session, key)
            session.scalar(select(Shop).where(Shop.id == key))
            session.execute(delete(Shop).where(Shop.id == key))
        """,
        "FP201",
        "FP202",
        "FP213",
    )

    (finding,) = findings
    assert finding.code == "FP202"
    assert finding.message.endswith(f"so do lines {finding.line + 1} and {finding.line + 2}.")


def test_a_relationship_to_one_row_that_a_helper_reads_is_only_possible() -> None:
    more = """
    def name_of(order: Order):
        return order.shop.id
    """

    (finding,) = found(
        "orders = session.scalars(select(Order)).all()\nreturn [name_of(order) for order in orders]",
        "FP203",
        more=more,
    )

    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.POSSIBLE)


def test_a_flush_whose_keys_the_turn_goes_on_to_use_is_only_possible() -> None:
    needed = found(
        """
        for key in ids:
            order = Order(id=key)
            session.add(order)
            session.flush()
            session.add(Order(shop_id=order.id))
        """,
        "FP212",
    )
    needless = found(
        """
        for key in ids:
            session.add(Order(id=key))
            session.flush()
        """,
        "FP212",
    )

    assert [heard(each) for each in needed] == [Confidence.POSSIBLE]
    assert [heard(each) for each in needless] == [Confidence.CERTAIN]


def test_a_write_that_may_fail_alone_is_only_possible() -> None:
    (finding,) = found(
        """
        for key in ids:
            try:
                session.execute(insert(Order).values(id=key))
            except ValueError:
                continue
        """,
        "FP213",
    )

    assert finding.confidence == Confidence.POSSIBLE


def test_the_declared_type_of_a_stand_in_is_believed() -> None:
    holder = """
    from typing import TYPE_CHECKING
    if TYPE_CHECKING:
        from services import Services

    class Holder:
        def __getattr__(self, name: str): return getattr(self._inner, name)

    if TYPE_CHECKING:
        services: Services
    else:
        services = Holder()
    """
    services = """
    from models import SessionLocal, load

    class Orders:
        def one(self, key: int):
            with SessionLocal() as session:
                return load(session, key)

    class Services:
        orders: Orders
    """
    main = """
    from fastapi import FastAPI
    from holder import services
    app = FastAPI()

    @app.post("/orders")
    def endpoint(ids: list[int]):
        return [services.orders.one(key) for key in ids]
    """
    files = {"models.py": MODELS, "holder.py": holder, "services.py": services, "main.py": main}

    (finding,) = project(files, select=("FP202",)).result.findings

    assert finding.path == "main.py"


@pytest.mark.parametrize(
    "collection",
    ["client.shop.orders", 'client["shop"].orders', "database.orders", 'database["orders"]', "orders"],
)
def test_a_collection_is_known_however_it_is_reached(collection: str) -> None:
    text = f"""
    from fastapi import FastAPI
    from motor.motor_asyncio import AsyncIOMotorClient
    app = FastAPI()
    client = AsyncIOMotorClient("mongodb://db")
    database = client.shop
    orders = database.orders

    @app.post("/orders")
    async def endpoint(ids: list[int]):
        return [await {collection}.find_one({{"_id": key}}) for key in ids]

    @app.get("/state")
    async def state(ids: list[int]):
        return [await database.command(key) for key in ids]
    """

    (finding,) = project({"main.py": text}, select=("FP201",)).result.findings

    assert finding.symbol == "endpoint"


@pytest.mark.parametrize(
    ("body", "confidence"),
    [
        ("managers = filled\nfor each in managers:\n    load(session, each)", Confidence.POSSIBLE),
        ("for each in (shop.roles or []):\n    load(session, each)", Confidence.POSSIBLE),
        ("for key, each in filled.providers.items():\n    load(session, key)", Confidence.POSSIBLE),
        ("for each in manager_orders:\n    load(session, each)", Confidence.LIKELY),
    ],
)
def test_what_sounds_like_a_handful_is_said_in_the_summary(body: str, confidence: Confidence) -> None:
    (finding,) = found(body)

    assert heard(finding) is confidence
