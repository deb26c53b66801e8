from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from shop.models import Customer, Order, OrderLine
from shop.schemas import OrderIn


def recent_orders(session: Session, limit: int) -> Sequence[Order]:
    statement = select(Order).options(selectinload(Order.lines)).order_by(Order.id.desc()).limit(limit)
    return session.scalars(statement).all()


def find_order(session: Session, order_id: int) -> Order | None:
    return session.get(Order, order_id, options=[selectinload(Order.lines)])


def place_order(session: Session, wanted: OrderIn) -> Order:
    order = Order(
        customer_id=wanted.customer_id,
        lines=[OrderLine(product_id=line.product_id, quantity=line.quantity) for line in wanted.lines],
    )
    session.add(order)
    session.commit()
    return order


def customer_email(session: Session, customer_id: int) -> str | None:
    return session.scalar(select(Customer.email).where(Customer.id == customer_id))
