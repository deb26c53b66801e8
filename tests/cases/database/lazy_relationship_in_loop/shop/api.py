from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, joinedload, selectinload

from shop.base import get_async_session, get_session
from shop.goods import Customer, Line
from shop.orders import Order, OrderOut

app = FastAPI()
SessionDep = Annotated[Session, Depends(get_session)]


class Orders:
    def __init__(self, session: SessionDep) -> None:
        self._session = session

    def of_customer(self, number: int) -> list[OrderOut]:
        orders = self._session.scalars(select(Order).where(Order.customer_id == number)).all()
        return [order.to_out() for order in orders]  # FP203

    def loaded(self) -> list[OrderOut]:
        query = select(Order).options(
            joinedload(Order.customer), selectinload(Order.lines).joinedload(Line.product)
        )
        return [order.to_out() for order in self._session.scalars(query).all()]

    def first(self, number: str) -> OrderOut:
        order = self._session.scalars(select(Order).where(Order.number == number)).one()
        return order.to_out()


@app.get("/orders/of/{number}")
def of_customer(number: int, orders: Annotated[Orders, Depends()]) -> list[OrderOut]:
    return orders.of_customer(number)


@app.get("/orders/loaded")
def loaded(orders: Annotated[Orders, Depends()]) -> list[OrderOut]:
    return orders.loaded()


@app.get("/orders/{number}")
def order(number: str, orders: Annotated[Orders, Depends()]) -> OrderOut:
    return orders.first(number)


@app.get("/wrapped")
def wrapped(session: SessionDep) -> list[dict[str, OrderOut]]:
    found = []
    for order in session.query(Order).all():
        found.append(order.to_wrapped())  # FP203
    return found


@app.get("/parents")
def parents(session: SessionDep) -> list[OrderOut]:
    orders = session.scalars(select(Order)).all()
    return [order.to_named() for order in orders]  # FP203 (summary)


@app.get("/numbers")
def numbers(session: SessionDep) -> dict[str, list[str]]:
    customers = session.scalars(select(Customer)).all()
    return {customer.name: customer.numbers() for customer in customers}  # FP203


@app.get("/latest")
def latest(session: SessionDep) -> list[dict[str, str]]:
    return [customer.to_dict() for customer in session.scalars(select(Customer)).all()]  # FP203


@app.get("/through")
def through(session: SessionDep) -> list[list[str]]:
    orders = session.scalars(select(Order).options(joinedload(Order.customer))).all()
    return [order.customer.numbers() for order in orders]  # FP203


@app.get("/spans")
def spans(session: SessionDep) -> list[tuple[str, str, str]]:
    return [
        (
            customer.latest,  # FP203
            customer.oldest,  # its orders are there by now
            customer.initial,
        )
        for customer in session.scalars(select(Customer)).all()
    ]


# Near misses


@app.get("/latest/loaded")
def latest_loaded(session: SessionDep) -> list[dict[str, str]]:
    customers = session.scalars(select(Customer).options(selectinload(Customer.orders))).all()
    return [customer.to_dict() for customer in customers]


@app.get("/initials")
def initials(session: SessionDep) -> list[dict[str, str]]:
    return [customer.to_short() for customer in session.scalars(select(Customer)).all()]


@app.get("/short")
def short(session: SessionDep) -> list[OrderOut]:
    orders = session.scalars(select(Order)).all()
    return [order.to_short() for order in orders]


@app.get("/gifts")
def gifts(session: SessionDep) -> list[OrderOut]:
    orders = session.scalars(select(Order)).all()
    return [order.to_gift(order.is_gift) for order in orders]


@app.get("/named")
def named(session: SessionDep) -> list[str]:
    return [order.named(order) for order in session.scalars(select(Order)).all()]


@app.get("/numbers/loaded")
def numbers_loaded(session: SessionDep) -> dict[str, list[str]]:
    customers = session.scalars(select(Customer).options(selectinload(Customer.orders))).all()
    return {customer.name: customer.numbers() for customer in customers}


@app.get("/first")
def first(session: SessionDep) -> list[OrderOut]:
    return [order.to_out() for order in session.scalars(select(Order)).all()[:3]]


@app.get("/waited")
async def waited(session: Annotated[AsyncSession, Depends(get_async_session)]) -> list[OrderOut]:
    orders = (await session.scalars(select(Order))).all()
    return [order.to_short() for order in orders]


@app.post("/orders")
def make(outs: list[OrderOut], session: SessionDep) -> None:
    session.add_all([Order.of(out) for out in outs])
    session.commit()


@app.get("/texts")
def texts(session: SessionDep) -> list[str]:
    return [order.number.strip() for order in session.scalars(select(Order)).all()]
