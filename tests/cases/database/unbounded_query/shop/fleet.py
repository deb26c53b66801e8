"""Tables that nobody but a migration fills, and others of the same shape."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, sessionmaker

from shop.models import (
    CustomerWebhook,
    Booking,
    Payment,
    MenuLink,
    OrderLine,
    ShopWebhook,
    TransportMode,
    Trip,
    WebhookDelivery,
)

router = APIRouter()
SessionLocal = sessionmaker(create_engine("sqlite://"))


class Named(BaseModel):
    id: int


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


async def get_pool() -> asyncpg.Pool:
    return await asyncpg.create_pool("postgresql://")


Db = Annotated[Session, Depends(get_session)]
PoolDep = Annotated[asyncpg.Pool, Depends(get_pool)]


@router.get("/transport-modes", response_model=list[Named])
def transport_modes(session: Db) -> Sequence[TransportMode]:
    return session.scalars(select(TransportMode)).all()  # FP211 (summary)


@router.get("/bookings", response_model=list[Named])
def bookings(session: Db) -> Sequence[Booking]:
    return session.scalars(select(Booking)).all()  # FP211 (inline)


@router.post("/bookings")
def opens_booking(name: str, session: Db) -> None:
    session.add(Booking(name=name))
    session.commit()


@router.get("/trips", response_model=list[Named])
def trips(session: Db) -> Sequence[Trip]:
    return session.scalars(select(Trip)).all()  # FP211 (inline)


@router.get("/links", response_model=list[Named])
def links(session: Db) -> Sequence[MenuLink]:
    return session.scalars(select(MenuLink)).all()  # FP211 (summary)


@router.get("/lines", response_model=list[Named])
def lines(session: Db) -> Sequence[OrderLine]:
    return session.scalars(select(OrderLine)).all()  # FP211 (inline)


@router.post("/links")
def adds(url: str, session: Db) -> None:
    session.add_all([MenuLink(url=url), OrderLine(sort_order=1)])


@router.get("/payments", response_model=list[Named])
def payments(session: Db) -> Sequence[Payment]:
    return session.scalars(select(Payment)).all()  # FP211 (inline)


@router.get("/heights")
async def heights(pool: PoolDep) -> Any:
    return await pool.fetch("SELECT * FROM flight_heights")  # FP211 (summary)


@router.get("/flights")
async def flights(pool: PoolDep) -> Any:
    return await pool.fetch("SELECT * FROM flights")  # FP211 (inline)


@router.post("/flights")
async def flies(pool: PoolDep, name: str) -> None:
    await pool.execute("INSERT INTO flights (name) VALUES ($1)", name)


@router.get("/called", response_model=list[Named])
def called(session: Db) -> Sequence[ShopWebhook]:
    return session.scalars(select(ShopWebhook)).all()  # FP211 (summary)


@router.get("/customers-called", response_model=list[Named])
def webhooks_of_customers(session: Db) -> Sequence[CustomerWebhook]:
    return session.scalars(select(CustomerWebhook)).all()  # FP211 (inline)


@router.get("/deliveries", response_model=list[Named])
def deliveries(session: Db) -> Sequence[WebhookDelivery]:
    return session.scalars(select(WebhookDelivery)).all()  # FP211 (inline)
