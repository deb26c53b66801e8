"""Conditions that only some requests bring."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, sessionmaker

from shop.models import Order

router = APIRouter()
SessionLocal = sessionmaker(create_engine("sqlite://"))


class OrderOut(BaseModel):
    id: int


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


Db = Annotated[Session, Depends(get_session)]


@router.get("/choices", response_model=list[OrderOut])
def chosen(session: Db, paid: bool | None = None, number: str | None = None) -> Sequence[Order]:
    statement = select(Order)  # FP211
    if paid is not None:
        if paid:
            statement = statement.where(Order.id.in_([1, 2]))
        else:
            statement = statement.where(Order.id.in_([3, 4]))
    if number is not None:
        statement = statement.where(Order.day == number)
    statement = statement.order_by(Order.id)
    return session.scalars(statement).all()


@router.get("/choices/always", response_model=list[OrderOut])
def always_chosen(session: Db, paid: bool = False) -> Sequence[Order]:
    statement = select(Order)
    if paid:
        statement = statement.where(Order.id.in_([1, 2]))
    else:
        statement = statement.where(Order.id.in_([3, 4]))
    return session.scalars(statement).all()
