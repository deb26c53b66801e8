from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.models import Customer, Order


def all_orders(session: Session) -> Sequence[Order]:
    return session.scalars(select(Order).order_by(Order.id)).all()  # FP211


def orders_of(session: Session, customer_id: int) -> Sequence[Order]:
    statement = select(Order).where(Order.customer_id == customer_id)  # FP211
    return session.scalars(statement).all()


def some_orders(session: Session, limit: int | None) -> Sequence[Order]:
    statement = select(Order)
    if limit:
        statement = statement.limit(limit)
    return session.scalars(statement).all()


def nightly(session: Session) -> Sequence[Order]:
    return session.scalars(select(Order)).all()


def customers(session: Session, emails: list[str]) -> Sequence[Customer]:
    return session.scalars(select(Customer).where(Customer.email.in_(emails))).all()
