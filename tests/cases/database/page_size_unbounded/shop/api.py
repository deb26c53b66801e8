from typing import Annotated

from fastapi import Depends, FastAPI, Query
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from shop.db import get_session
from shop.paging import (
    BoundedParams,
    CheckedParams,
    Commons,
    CutParams,
    Limit,
    MadeQuery,
    PageOfOrders,
    PageParams,
    Pagination,
    PaginationQuery,
    PerPage,
    Size,
    SizeOfShirt,
    Window,
    cut_paging,
)

app = FastAPI()
Db = Annotated[Session, Depends(get_session)]


class Base(DeclarativeBase): ...


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


def listed(db: Session, offset: int, params: PaginationQuery) -> list[int]:
    return list(db.scalars(select(Order.id).offset(offset).limit(params.page_size)))


@app.get("/orders")
def orders(db: Db, pages: PaginationQuery) -> list[int]:
    return listed(db, pages.page, pages)


def first_of(db, limit):
    return list(db.query(Order.id).offset(0).limit(limit).all())


def at_most_of(db, limit):
    return list(db.query(Order.id).limit(min(limit, 100)).all())


def logged(db, number):
    return list(db.query(Order.id).limit(number).all())


@app.get("/orders/first")
def first_orders(db: Db, limit: int = 100) -> list[int]:
    return first_of(db, limit)  # FP223


@app.get("/orders/most")
def most_orders(db: Db, limit: int = 100) -> list[int]:
    return at_most_of(db, limit)


@app.get("/orders/logged")
def logged_orders(db: Db, limit: int = Query(20, le=100)) -> list[int]:
    return first_of(db, limit)


@app.get("/carts")
def carts(db: Db, pages: PaginationQuery) -> list[int]:
    return listed(db, pages.page, pages)


@app.get("/customers")
def customers(pages: Annotated[PageParams, Query()]) -> int:
    return pages.limit


@app.get("/prices")
def prices(window: Window = Depends()) -> int:
    return window.size


@app.get("/places")
def places(pages: Pagination = Depends()) -> int:
    return pages.size


@app.get("/shops")
def shops(pages: Commons) -> int:
    return pages["limit"]


@app.get("/stock")
def stock(limit: Limit = 50) -> int:
    return limit


@app.get("/bounded")
def bounded(
    pages: Annotated[BoundedParams, Query()],
    checked: Annotated[CheckedParams, Query()],
    cut: Annotated[CutParams, Query()],
    made: MadeQuery,
    per_page: PerPage,
    size: Size,
    also: dict[str, int] = Depends(cut_paging),
) -> PageOfOrders:
    return PageOfOrders(page=pages.offset, page_size=pages.limit)


@app.get("/shirts")
def shirts(shirt: Annotated[SizeOfShirt, Query()]) -> int:
    return shirt.size
