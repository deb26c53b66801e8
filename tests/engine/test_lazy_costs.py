"""Queries that nobody wrote: relationships that loops and response models load row by row."""

from __future__ import annotations

import pytest

from rules import Cost
from tests.engine.projects import project

HEAD = """
    from fastapi import Depends, FastAPI
    from fastapi.concurrency import run_in_threadpool
    from pydantic import BaseModel
    from sqlalchemy import ForeignKey, select
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload

    app = FastAPI()

    class Base(DeclarativeBase):
        pass

    class Customer(Base):
        __tablename__ = "customers"
        id: Mapped[int] = mapped_column(primary_key=True)
        orders: Mapped[list["Order"]] = relationship(back_populates="customer")

    class Order(Base):
        __tablename__ = "orders"
        id: Mapped[int] = mapped_column(primary_key=True)
        customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
        customer: Mapped[Customer] = relationship(back_populates="orders")
        items: Mapped[list["Item"]] = relationship(back_populates="order")

    class Product(Base):
        __tablename__ = "products"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    class Item(Base):
        __tablename__ = "items"
        id: Mapped[int] = mapped_column(primary_key=True)
        order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
        product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
        order: Mapped[Order] = relationship(back_populates="items")
        product: Mapped[Product] = relationship()

    class ProductOut(BaseModel):
        name: str

    class ItemOut(BaseModel):
        id: int
        product: ProductOut

    class BriefOut(BaseModel):
        id: int

    class OrderOut(BaseModel):
        id: int
        items: list[BriefOut]

    class WholeOut(BaseModel):
        id: int
        items: list[ItemOut]

    class CustomerOut(BaseModel):
        id: int

    class LineOut(BaseModel):
        order: BriefOut

    class ReturnOut(BaseModel):
        items: list[LineOut]

    class Page(BaseModel):
        items: list[OrderOut]
"""


def cost(body: str, *, model: str = "None", keyword: str = "def", session: str = "Session") -> Cost:
    """The cost of an endpoint with that body and response model."""
    text = HEAD + f"\n    @app.get('/orders', response_model={model})"
    text += f"\n    {keyword} endpoint(db: {session}, key: int):\n"
    text += "\n".join(f"        {line}" for line in body.strip("\n").split("\n"))
    text += "\n\n    def described(order: Order) -> int:\n        return len([i.product.name for i in order.items])"
    text += "\n\n    def names(db: Session):\n        return [o.customer.id for o in db.scalars(select(Order)).all()]\n"
    (endpoint,) = project({"app.py": text}).result.endpoints
    return endpoint.cost


ALL = "return db.scalars(select(Order){}.limit(100)).all()"


@pytest.mark.parametrize(
    ("body", "model", "queries"),
    [
        (ALL.format(""), "list[OrderOut]", "1 + N"),
        (ALL.format(".options(selectinload(Order.items))"), "list[OrderOut]", "1"),
        (ALL.format(""), "list[BriefOut]", "1"),
        (ALL.format(""), "list[WholeOut]", "1 + N + N·M"),
        (ALL.format(".options(selectinload(Order.items))"), "list[WholeOut]", "1 + N·M"),
        (ALL.format(".options(selectinload(Order.items))"), "list[ReturnOut]", "1"),
        ("return db.get(Order, key)", "OrderOut", "1"),
        ("return db.get(Order, key)", "WholeOut", "1 + N"),
        ("orders = db.scalars(select(Order)).all()\nreturn Page(items=orders)", "Page", "1 + N"),
        (
            "orders = db.scalars(select(Order)).all()\nreturn [OrderOut.model_validate(o) for o in orders]",
            "None",
            "1 + N",
        ),
        ("for order in db.scalars(select(Order)):\n    print(order.customer.id)", "None", "1 + N"),
        (
            "for order in db.scalars(select(Order)):\n    print(order.customer.id, order.customer.orders)",
            "None",
            "1 + 2N",
        ),
        (
            "orders = db.scalars(select(Order)).all()\n"
            "for order in orders:\n    for item in order.items:\n        print(item.product.name, item.order.id)",
            "None",
            "1 + N + N·M",
        ),
        (
            "orders = db.scalars(select(Order).where(Order.customer_id == key)).all()\n"
            "return [order.customer.id for order in orders]",
            "None",
            "1",
        ),
        ("return names(db)", "None", "1 + N"),
        ("return [described(order) for order in db.scalars(select(Order)).all()]", "None", "1 + N + N·M"),
    ],
)
def test_a_relationship_that_is_loaded_per_row_is_a_query_per_row(
    body: str, model: str, queries: str
) -> None:
    assert cost(body, model=model).queries == queries


def test_an_asynchronous_session_queries_nothing_behind_the_back() -> None:
    body = "orders = (await db.scalars(select(Order))).all()\nreturn [order.customer.id for order in orders]"

    assert cost(body, keyword="async def", session="AsyncSession").queries == "1"


def test_what_is_loaded_while_a_response_is_built_waits_on_the_loop_of_an_async_endpoint() -> None:
    assert "Order.items" in cost(ALL.format(""), model="list[OrderOut]", keyword="async def").blocking
    assert cost(ALL.format(""), model="list[OrderOut]").blocking == ()


def test_what_a_helper_loads_waits_where_the_helper_runs() -> None:
    assert "Order.customer" in cost("return names(db)", keyword="async def").blocking
    assert cost("return await run_in_threadpool(names, db)", keyword="async def").blocking == ()
