"""Pages cut out of the rows of SQL that functions of the project, or drivers, run; figures of all rows."""

import asyncpg
from fastapi import Depends, FastAPI, Request
from pymongo import MongoClient
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from .db import fetch_all, query_one

app = FastAPI()


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    total: Mapped[int]
    customer_id: Mapped[int]


def get_pool(request: Request) -> asyncpg.Pool:
    return request.app.state.pool


def get_session(request: Request) -> Session:
    return request.app.state.session


@app.get("/orders")
def orders(page: int = 0):
    rows = fetch_all("SELECT * FROM orders ORDER BY id")
    return rows[page * 50 : (page + 1) * 50]  # FP215


@app.get("/orders/pool")
async def pool_orders(page: int = 0, pool: asyncpg.Pool = Depends(get_pool)):
    rows = await pool.fetch("SELECT * FROM orders ORDER BY id")
    return [dict(row) for row in rows[page * 50 : (page + 1) * 50]]  # FP215


@app.get("/orders/limited")
async def limited_orders(page: int = 0, pool: asyncpg.Pool = Depends(get_pool)):
    rows = await pool.fetch("SELECT * FROM orders ORDER BY id LIMIT 500")
    states = await pool.fetch("SELECT state FROM orders GROUP BY state")
    first = query_one("SELECT * FROM orders")
    return [rows[page * 50 : (page + 1) * 50], states[page * 50 : (page + 1) * 50], first[page : page + 1]]


@app.get("/orders/average")
def average(session: Session = Depends(get_session)):
    orders = session.query(Order).all()  # FP215
    return sum(order.total for order in orders) / len(orders)


@app.get("/orders/listed")
def listed(session: Session = Depends(get_session)):
    orders = session.query(Order).all()
    return [len(orders), max(order.total for order in orders), orders]


@app.get("/orders/any")
def any_order(session: Session = Depends(get_session)):
    orders = session.query(Order).limit(5).all()
    if len(orders) == 0:
        return 0
    return sum(order.total for order in orders) / len(orders)


@app.get("/orders/customers")
def customers(session: Session = Depends(get_session)):
    return list({order.customer_id for order in session.query(Order)})  # FP215


@app.get("/orders/customers/halved")
def halved(session: Session = Depends(get_session)):
    some = session.query(Order).limit(10)
    return list({round(order.customer_id / 2) for order in session.query(Order)} | {order.customer_id for order in some})


@app.get("/orders/mine")
def my_orders(customer: int, skip: int = 0, limit: int = 50, session: Session = Depends(get_session)):
    found = []
    for order in session.query(Order).all():
        if order.customer_id == customer or order.total > 100:
            found.append(order)
    found.sort(key=lambda order: order.total)
    return {"total": len(found), "orders": found[skip : skip + limit]}  # FP215


@app.get("/orders/unpaid")
def unpaid_orders(skip: int = 0, limit: int = 50, session: Session = Depends(get_session)):
    found = []
    for order in session.query(Order).all():
        if order.total < 0 or order.total % 7 == skip:
            continue
        found.append(order)
    return found[skip : skip + limit]  # FP215


@app.get("/orders/told")
def told_orders(skip: int = 0, limit: int = 50, session: Session = Depends(get_session)):
    found = []
    for order in session.query(Order).all():
        if order.total > 100:
            print(order.total)
        found.append(round(order.total))
    return found[skip : skip + limit]


@app.get("/orders/signed")
def signed_orders(skip: int = 0, limit: int = 50, session: Session = Depends(get_session)):
    found = []
    for order in session.query(Order).all():
        if order.total < 0:
            found.append(-order.total)
        else:
            found.append(order.total)
    return found[skip : skip + limit]


@app.get("/orders/large")
def large_orders(skip: int = 0, limit: int = 50, session: Session = Depends(get_session)):
    large = [order for order in session.query(Order).all() if order.total % 7 == skip]
    return large[skip : skip + limit]  # FP215


@app.get("/orders/both")
def both(skip: int = 0, limit: int = 50, session: Session = Depends(get_session)):
    some = session.query(Order).limit(500).all()
    small = [order for order in some if order.total % 7 == skip]
    every = session.query(Order).all()
    mine = [order for order in every if order.total % 7 == skip]
    return [small[skip : skip + limit], mine[skip : skip + limit], every]


@app.get("/orders/customers/{number}")
def customers_of(number: int, session: Session = Depends(get_session)):
    return {order.customer_id for order in session.query(Order).filter(Order.total == number)}


documents = MongoClient("mongodb://db").shop


@app.get("/documents")
def document_page(skip: int = 0, limit: int = 50):
    every = list(documents.orders.find())
    return every[skip : skip + limit]  # FP215


@app.get("/documents/limited")
def limited_documents(skip: int = 0, limit: int = 50):
    some = list(documents.orders.find().limit(500))
    return some[skip : skip + limit]
