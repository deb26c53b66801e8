"""Repositories and services between the queries and the pages."""

import asyncpg
from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import Event, Order


class OrderRepository:
    def __init__(self, session: Session) -> None:
        self.session = session

    def all(self) -> list[Order]:
        return self.session.query(Order).order_by(Order.number).all()

    def page(self, skip: int, limit: int) -> list[Order]:
        return list(self.session.scalars(select(Order).order_by(Order.id).offset(skip).limit(limit)))

    def get(self, number: int) -> Order | None:
        return self.session.get(Order, number)


class OrderService:
    def __init__(self, orders: OrderRepository) -> None:
        self.orders = orders

    def page(self, page: int, size: int) -> dict[str, object]:
        orders = self.orders.all()
        start = (page - 1) * size
        return {"total": len(orders), "items": [order.number for order in orders[start : start + size]]}  # FP215

    def numbered(self, page: int, size: int) -> dict[str, object]:
        orders = self.orders.all()
        numbers = {order.id for order in orders}
        return {"ids": numbers, "items": [order.number for order in orders[(page - 1) * size : page * size]]}

    def first_of_page(self, skip: int, limit: int) -> list[str]:
        orders = self.orders.page(skip, limit + 1)
        return [order.number for order in orders[:limit]]


class EventStore:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool

    async def list_events(self, order: int) -> list[asyncpg.Record]:
        return await self.pool.fetch("SELECT text FROM events WHERE order_id = $1 ORDER BY id", order)

    async def page(self, order: int, offset: int, limit: int) -> list[asyncpg.Record]:
        events = await self.list_events(order)
        return events[offset : offset + limit]  # FP215 (summary)

    async def texts(self, order: int, words: int) -> list[str]:
        events = await self.list_events(order)
        return [event["text"][:words] for event in events]


def events_of(order: Order, start: int | None = None, limit: int | None = None) -> list[str]:
    events = order.events
    if start:
        events = events[start:]  # FP215
    if limit:
        events = events[:limit]
    return [event.text for event in events]


def all_events_of(order: Order, limit: int) -> list[Event]:
    for event in order.events:
        event.text = event.text.strip()
    return order.events[:limit]
