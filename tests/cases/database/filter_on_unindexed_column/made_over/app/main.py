"""Repositories that keep the rows of the class that they are made with."""

from fastapi import Depends, FastAPI, Request
from sqlalchemy.orm import Session

from .models import Customer, Order
from .stores import Orders, PairRepository, PlainStore, Repository

app = FastAPI()


def get_session(request: Request) -> Session:
    return request.app.state.session


class Customers:
    def __init__(self, session: Session = Depends(get_session)) -> None:
        self.customers = Repository(Customer, session)

    def lengths(self) -> list[int]:
        return [len(customer.orders) for customer in self.customers.all()]


@app.get("/lengths")
def lengths(customers: Customers = Depends()) -> list[int]:
    return customers.lengths()


@app.get("/plain")
def plain(session: Session = Depends(get_session)) -> list[int]:
    customers = PlainStore(Customer, session)
    return [len(customer.orders) for customer in customers.all()]


@app.get("/named")
def named(session: Session = Depends(get_session)) -> list[int]:
    return [len(customer.orders) for customer in PlainStore(session=session, model=Customer).all()]


@app.get("/customers/{reference}")
def customer(reference: str, session: Session = Depends(get_session)) -> int:
    return Repository(Customer, session).find_one(reference=reference).id


@app.get("/orders/{number}")
def order(number: str, session: Session = Depends(get_session)) -> int:
    return PlainStore(Order, session).find_one(number=number).id


@app.get("/orders/labelled/{label}")
def labelled(label: str, session: Session = Depends(get_session)) -> int:
    orders = Orders(Order, session)
    return orders.labelled(label).id + orders.coded(label).id + orders.coloured(orders, label).id


# Near misses


@app.get("/pairs")
def pairs(session: Session = Depends(get_session)) -> list[int]:
    return [len(customer.orders) for customer in PairRepository(Customer, session).all()]


@app.get("/orders")
def orders(session: Session = Depends(get_session)) -> list[str]:
    return [order.number for order in Repository(Order, session).all()]
