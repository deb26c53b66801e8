from itertools import islice
from typing import Annotated

import asyncpg
import psycopg2
from fastapi import Depends, FastAPI
from fastapi_pagination import Page, paginate
from fastapi_pagination.ext.sqlalchemy import paginate as paginate_query
from motor.motor_asyncio import AsyncIOMotorClient
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from tortoise import fields
from tortoise.models import Model

from .models import Order
from .stores import EventStore, OrderRepository, OrderService, all_events_of, events_of

app = FastAPI()
engine = create_engine("postgresql://orders", pool_size=20, pool_pre_ping=True)
documents = AsyncIOMotorClient("mongodb://shop").shop.documents
PAGE_SIZE = 20


class Visit(Model):
    id = fields.IntField(pk=True)


def get_session() -> Session: ...


def get_pool() -> asyncpg.Pool: ...


SessionDep = Annotated[Session, Depends(get_session)]


@app.get("/orders")
def orders(session: SessionDep, skip: int = 0, limit: int = 20) -> list[str]:
    return [order.number for order in session.query(Order).all()[skip : skip + limit]]  # FP215


@app.get("/orders/customer/{customer}")
def orders_of(customer: int, session: SessionDep, page: int = 1, size: int = 20) -> dict[str, object]:
    rows = session.scalars(select(Order).where(Order.customer_id == customer)).all()
    if not rows:
        return {"total": 0}
    return {"total": len(rows), "items": [row.number for row in rows[(page - 1) * size : page * size]]}  # FP215 (summary)


@app.get("/orders/sliced")
def sliced_by_database(session: SessionDep, skip: int = 0, limit: int = 20) -> list[str]:
    return [order.number for order in session.query(Order).order_by(Order.id)[skip : skip + limit]]


@app.get("/orders/pages")
def pages(session: SessionDep) -> Page[str]:
    return paginate(session.scalars(select(Order)).all())  # FP215


@app.get("/orders/query/pages")
def pages_of_query(session: SessionDep) -> Page[str]:
    return paginate_query(session, select(Order))


@app.get("/orders/some")
def some(session: SessionDep, limit: int = 20) -> list[str]:
    rows = session.scalars(select(Order)).all()
    return [row.number for row in islice(rows, limit)]  # FP215


@app.get("/orders/portions")
def portions(session: SessionDep, size: int = 20) -> list[int]:
    rows = session.scalars(select(Order)).all()
    return [len(rows[start : start + size]) for start in range(0, len(rows), size)]


@app.get("/orders/constant")
def constant(session: SessionDep, limit: int = 20) -> list[str]:
    return [order.number for order in session.scalars(select(Order).limit(limit)).all()[:PAGE_SIZE]]


@app.get("/orders/served")
def served(session: SessionDep, page: int = 1, size: int = 20) -> list[dict[str, object]]:
    service = OrderService(OrderRepository(session))
    return [service.page(page, size), service.numbered(page, size), {"first": service.first_of_page(page, size)}]


@app.get("/orders/{number}/events")
def events(number: int, session: SessionDep, start: int = 0, limit: int = 50) -> list[str]:
    order = OrderRepository(session).get(number)
    return events_of(order, start, limit) if order else []


@app.get("/orders/{number}/events/page")
def event_page(number: int, session: SessionDep, start: int = 0, limit: int = 50) -> list[str]:
    order = session.get(Order, number)
    return [event.text for event in order.events[start : start + limit]] if order else []  # FP215


@app.get("/orders/{number}/events/all")
def event_list(number: int, session: SessionDep, limit: int = 50) -> int:
    order = session.get(Order, number)
    return len(all_events_of(order, limit)) if order else 0


@app.get("/orders/{number}/messages")
def messages(number: int, session: SessionDep, start: int = 0, limit: int = 50) -> list[int]:
    order = session.get(Order, number)
    return [message.id for message in order.messages[start : start + limit]] if order else []


@app.get("/events/{order}")
async def stored_events(order: int, offset: int = 0, limit: int = 50, pool: asyncpg.Pool = Depends(get_pool)) -> list[str]:
    store = EventStore(pool)
    return [str(event) for event in await store.page(order, offset, limit)] + await store.texts(order, 20)


@app.get("/documents")
async def document_page(offset: int = 0, limit: int = 50) -> list[dict[str, str]]:
    found = await documents.find({}).to_list(None)
    return found[offset : offset + limit]  # FP215


@app.get("/documents/some")
async def some_documents(offset: int = 0, limit: int = 50) -> list[dict[str, str]]:
    found = await documents.find({}).skip(offset).limit(limit + 1).to_list(None)
    return found[:limit]


@app.get("/documents/each")
async def each_document(offset: int = 0, limit: int = 50) -> list[dict[str, str]]:
    found = [document async for document in documents.find({"state": "open"})]
    return found[offset : offset + limit]  # FP215 (summary)


@app.get("/visits")
async def visits(page: int = 0, page_size: int = 50) -> list[int]:
    found = await Visit.all()
    return [visit.id for visit in found[page * page_size : (page + 1) * page_size]]  # FP215


@app.get("/rows")
def rows(offset: int = 0, limit: int = 50) -> list[tuple[str]]:
    with psycopg2.connect("dbname=shop") as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT text FROM events")
        found = cursor.fetchall()
    return found[offset : offset + limit]  # FP215


@app.get("/words")
def words(text: str, limit: int = 50) -> list[str]:
    return text.split()[:limit]
