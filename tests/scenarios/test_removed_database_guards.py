"""As `test_removed_guards`, for what spares the database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.pull_requests import PullRequest, said

MODELS = """\
from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    customer_id: Mapped[int] = mapped_column(index=True)
    items: Mapped[list["Item"]] = relationship(back_populates="order")


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    name: Mapped[str]
    order: Mapped[Order] = relationship(back_populates="items")
"""
SCHEMAS = """\
from pydantic import BaseModel, ConfigDict


class ItemOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    name: str


class OrderOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    items: list[ItemOut]
"""
DATABASE = """\
from collections.abc import Iterator

from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

engine = create_engine("postgresql+psycopg://shop", pool_size=10, max_overflow=30, pool_pre_ping=True)
make_session = sessionmaker(engine)


def get_session() -> Iterator[Session]:
    with make_session() as session:
        yield session
"""
MAIN = """\
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from shop.database import get_session
from shop.models import Item, Order
from shop.schemas import ItemOut, OrderOut

app = FastAPI()
SessionDep = Annotated[Session, Depends(get_session)]


@app.get("/orders", response_model=list[OrderOut])
def list_orders(session: SessionDep, customer: int):
    query = (
        select(Order)
        .where(Order.customer_id == customer)
        .options(selectinload(Order.items))
        .order_by(Order.id)
        .limit(100)
    )
    return session.scalars(query).all()


@app.get("/items", response_model=list[ItemOut])
def list_items(session: SessionDep, order: int):
    return session.scalars(select(Item).where(Item.order_id == order).limit(100)).all()
"""
SHOP = {
    "shop/__init__.py": "",
    "shop/main.py": MAIN,
    "shop/models.py": MODELS,
    "shop/schemas.py": SCHEMAS,
    "shop/database.py": DATABASE,
    "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["fastapi", "sqlalchemy"]\n',
}


@pytest.mark.parametrize(
    ("path", "removed", "code", "words"),
    [
        (
            "shop/main.py",
            "        .options(selectinload(Order.items))\n",
            "FP204",
            "with `selectinload(Order.items)` removed, ",
        ),
        ("shop/main.py", "        .limit(100)\n", "FP211", "with `.limit(100)` removed, "),
        ("shop/main.py", ".limit(100)).all", "FP211", "with `.limit(100)` removed, "),
        ("shop/models.py", ", index=True)\n    name", "FP207", "with `index=True` removed, "),
        ("shop/models.py", "index=True", "FP206", "with `index=True` removed, "),
    ],
    ids=[
        "eager loading",
        "limit",
        "limit within a line",
        "index of a foreign key",
        "index of a filtered column",
    ],
)
def test_a_removed_guard(tmp_path: Path, path: str, removed: str, code: str, words: str) -> None:
    before = SHOP[path]
    after = before.replace(
        removed, ").all" if removed.endswith(").all") else ")\n    name" if "name" in removed else "", 1
    )
    pull = PullRequest(tmp_path, SHOP)
    pull.push({path: after})

    report = pull.review()

    line = before[: before.index(removed)].count("\n") + 1
    assert said(report) == [(code, path, line, "LEFT")], report.summary
    assert words in report.comments[0].body


LOOPING = """

@app.get("/items")
def items(session: Session = Depends(get_session)) -> list[object]:
    found: list[object] = []
    orders = session.scalars(select(Order).limit(5000)).all()
    for order in orders:
        found += session.scalars(
            select(Item).where(Item.order_id == order.id).limit(20)
        ).all()
    return found


@app.get("/names")
def names(session: Session = Depends(get_session)) -> object:
    return session.scalars(select(Item.name).limit(20)).all()
"""


@pytest.mark.parametrize(
    ("old", "new", "worse"),
    [
        pytest.param(").limit(20)\n        ).all", ")\n        ).all", "with `.limit(20)` removed, ", id="inside"),
        pytest.param("(Order).limit(5000)", "(Order)", "with `.limit(5000)` removed, ", id="of the loop"),
        pytest.param(".limit(20)\n        ).all", ".limit(40)\n        ).all", "", id="another limit"),
        pytest.param("(Item.name).limit(20)", "(Item.name)", "", id="elsewhere"),
        pytest.param(
            "            select(Item).where(Item.order_id == order.id).limit(20)\n",
            "            select(Item)\n            .where(Item.order_id == order.id)\n            .limit(20)\n",
            "",
            id="only moved",
        ),
        pytest.param(").limit(20)\n        ).all", ").slice(0, 20)\n        ).all", "", id="another guard"),
        pytest.param("session.scalars(select(Order)", "session.scalars(select(Order).distinct()", "", id="beside it"),
    ],
)  # fmt: skip
def test_a_query_in_a_loop_that_loses_its_limit_is_worse(
    tmp_path: Path, old: str, new: str, worse: str
) -> None:
    text = SHOP["shop/main.py"] + LOOPING
    pull = PullRequest(tmp_path, SHOP | {"shop/main.py": text})
    assert old in text
    pull.push({"shop/main.py": text.replace(old, new)})

    report = pull.review()

    told = [comment for comment in report.comments if comment.code == "FP201"]
    assert [comment.side for comment in told] == ["LEFT"] * bool(worse)
    assert all(worse in comment.body for comment in told)


def test_a_name_that_is_changed_takes_no_limit_away(tmp_path: Path) -> None:
    counted = LOOPING.replace("def items(session", "def items(limit: int, session").replace(
        "(20)\n", "(limit)\n"
    )
    named = counted.replace("limit: int", "size: int").replace("(limit)", "(size)")
    text = SHOP["shop/main.py"]
    pull = PullRequest(tmp_path, SHOP | {"shop/main.py": text + counted})
    pull.push({"shop/main.py": text + named})

    report = pull.review()

    assert counted.count("limit") == named.count("limit") + 2
    assert not said(report), report.summary
