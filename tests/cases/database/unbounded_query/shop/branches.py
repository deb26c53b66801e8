"""Conditions on some paths, and others on each."""

from fastapi import APIRouter, Depends
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from shop.models import Order

router = APIRouter()


def get_session() -> Session:
    raise NotImplementedError


def either(session: Session, customer: int, also_open: bool = False) -> list[Order]:
    statement = select(Order)
    if also_open:
        statement = statement.where(or_(Order.customer_id == customer, Order.open))
    else:
        statement = statement.where(Order.customer_id == customer)
    return list(session.execute(statement).scalars().all())


def some(session: Session, ids: list[int] | None = None) -> list[Order]:
    statement = select(Order)  # FP211 (summary)
    if ids:
        statement = statement.where(Order.id.in_(ids))
    return session.execute(statement).scalars().all()


@router.get("/either")
def of_either(customer: int, session: Session = Depends(get_session)) -> list[Order]:
    return either(session, customer)


@router.get("/some")
def of_some(ids: str, session: Session = Depends(get_session)) -> list[Order]:
    return some(session, [int(each) for each in ids.split(",")])


@router.get("/by-customer")
def by_customer(customer: int | None = None, session: Session = Depends(get_session)) -> list[Order]:
    statement = select(Order)  # FP211 (inline)
    if customer is not None:
        statement = statement.where(Order.customer_id == customer)
    return session.execute(statement).scalars().all()
