from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from shop import audit, branches, choices, dispatches, fleet, shipments, orders, reports, written_out
from shop.models import Customer, Order

app = FastAPI()
app.include_router(reports.router)
app.include_router(dispatches.router)
app.include_router(choices.router)
app.include_router(branches.router)
app.include_router(fleet.router)
app.include_router(shipments.router)
app.include_router(written_out.router)
app.include_router(audit.router)
SessionLocal = sessionmaker(create_engine("sqlite://"))


class OrderOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int


class Orders(BaseModel):
    items: list[OrderOut]
    total: int


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


@app.get("/orders")
def list_orders(session: SessionDep) -> Sequence[OrderOut]:
    return orders.all_orders(session)


@app.get("/customers/{customer_id}/orders")
def list_orders_of(customer_id: int, session: SessionDep) -> Sequence[OrderOut]:
    return orders.orders_of(session, customer_id)


@app.get("/orders/open")
def open_orders(session: SessionDep, day: str | None = None) -> Orders:
    statement = select(Order)  # FP211
    if day:
        statement = statement.where(Order.day == day)
    found = session.scalars(statement).all()
    return Orders(items=found, total=len(found))


@app.get("/customers/open")
def open_customers(session: SessionDep) -> list[OrderOut]:
    rows = session.query(Customer).filter(Customer.open == True).all()  # FP211
    return [OrderOut.model_validate(row) for row in rows]


# Near misses


@app.get("/orders/page")
def page(session: SessionDep, offset: int = 0) -> Sequence[OrderOut]:
    return session.scalars(select(Order).order_by(Order.id).offset(offset).limit(50)).all()


@app.get("/orders/some")
def some(session: SessionDep, limit: int = 10) -> Sequence[OrderOut]:
    return orders.some_orders(session, limit)


@app.get("/orders/{order_id}")
def one(order_id: int, session: SessionDep) -> Sequence[OrderOut]:
    return session.scalars(select(Order).where(Order.id == order_id)).all()


@app.get("/customers/by-email")
def by_email(emails: list[str], session: SessionDep) -> Sequence[OrderOut]:
    return orders.customers(session, emails)


@app.get("/orders/of-day")
def of_day(customer_id: int, day: str, session: SessionDep) -> Sequence[OrderOut]:
    return session.scalars(select(Order).where(Order.customer_id == customer_id, Order.day == day)).all()


@app.get("/orders/since")
def since(total: int, session: SessionDep) -> Sequence[OrderOut]:
    return session.scalars(select(Order).where(Order.total > total)).all()


@app.get("/orders/first")
def first(session: SessionDep) -> OrderOut | None:
    return session.scalars(select(Order).order_by(Order.id)).first()


@app.get("/orders/count")
def count(session: SessionDep) -> int:
    return session.scalar(select(func.count()).select_from(Order))


@app.get("/orders/sum")
def used_inside(session: SessionDep) -> int:
    return sum(order.total for order in session.scalars(select(Order)))
