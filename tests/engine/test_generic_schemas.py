"""What rows are shown for is seen through schemas that are generic, however that is written."""

from __future__ import annotations

import pytest

from rules import analyze

PAGE = """
from typing import Generic, TypeVar

from fastapi import Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

app = FastAPI()
T = TypeVar("T")
Shown = TypeVar("Shown", bound=BaseModel)

class Base(DeclarativeBase): ...

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    items: Mapped[list["Item"]] = relationship()

class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))

class ItemOut(BaseModel):
    id: int

class OrderOut(BaseModel):
    id: int
    items: list[ItemOut]

def get_session() -> Session: ...

@app.get("/orders", response_model=Page[OrderOut])
def orders(session: Session = Depends(get_session)):
    found = session.scalars(select(Order).limit(100)).all()
    return Page(rows=found, total=1)
"""


@pytest.mark.parametrize(
    ("head", "rows", "shown"),
    [
        ("Page(BaseModel, Generic[T])", "list[T]", 1),
        ("Page(BaseModel, Generic[Shown])", "list[Shown]", 1),
        ("Page[T](BaseModel)", "list[T]", 1),
        ("Page[T: BaseModel](BaseModel)", "list[T]", 1),
        ("Page[Row](BaseModel)", "list[Row]", 1),
        ("Page[Row](BaseModel)", "list[int]", 0),
    ],
)
def test_a_lazy_relationship_is_seen_through_a_page(head: str, rows: str, shown: int) -> None:
    schema = f"class {head}:\n    rows: {rows}\n    total: int\n\n"
    text = PAGE.replace("def get_session", f"{schema}def get_session")

    found = analyze({"main.py": text.encode()}).result.findings

    assert len([each for each in found if each.code == "FP204"]) == shown
