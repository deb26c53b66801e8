from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from shop.models import Item, Order


def list_orders(session: Session, limit: int) -> list[Order]:
    return session.query(Order).order_by(Order.id).limit(limit).all()  # FP204


def counted(session: Session) -> tuple[list[Order], int]:
    orders = session.scalars(select(Order)).all()  # FP204
    return orders, session.scalar(select(func.count()).select_from(Order))


def sometimes(session: Session, deep: bool) -> list[Order]:
    statement = select(Order)  # the caller knows whether the items are loaded
    if deep:
        statement = statement.options(selectinload(Order.items))
    return session.execute(statement).scalars().all()


def always(session: Session, mine: bool) -> list[Order]:
    statement = select(Order)
    if mine:
        statement = statement.where(Order.owner_id == 1)
    statement = statement.options(selectinload(Order.items))
    return session.execute(statement).scalars().all()


def on_both_paths(session: Session, join: bool) -> list[Order]:
    statement = select(Order)
    if join:
        statement = statement.join(Order.items).options(contains_eager(Order.items))
    else:
        statement = statement.options(selectinload(Order.items))
    return session.execute(statement).unique().scalars().all()


def shallow(session: Session) -> list[Order]:
    return session.scalars(select(Order).options(selectinload(Order.items))).all()  # FP204


def deep(session: Session) -> list[Order]:
    return session.scalars(select(Order).options(selectinload(Order.items).joinedload(Item.product))).all()


def unreadable(session: Session, options: list) -> list[Order]:
    return session.scalars(select(Order).options(*options)).all()


def columns(session: Session) -> list:
    return session.execute(select(Order.id, Order.customer_id)).all()


def one(session: Session, order_id: int) -> Order | None:
    return session.get(Order, order_id)


def one_loaded(session: Session, order_id: int) -> Order | None:
    return session.get(Order, order_id, options=[joinedload(Order.items)])


def one_deep(session: Session, order_id: int) -> Order | None:
    return session.get(Order, order_id, options=[joinedload(Order.items)])  # FP204


def first_only(session: Session) -> list[Order]:
    return session.scalars(select(Order).limit(1)).all()


def sometimes_without_products(session: Session, deep: bool) -> list[Order]:
    statement = select(Order)  # FP204
    if deep:
        statement = statement.options(selectinload(Order.items))
    return session.execute(statement).scalars().all()


def handed_on(session: Session, deep: bool) -> list[Order]:
    statement = select(Order)
    if deep:
        statement = with_items(statement)
    return session.execute(statement).scalars().all()


def with_items(statement):
    return statement.options(selectinload(Order.items))


def listed_options(session: Session, with_products: bool) -> list[Order]:
    wanted = [joinedload(Order.customer)]
    if with_products:
        wanted.append(selectinload(Order.items).joinedload(Item.product))
    return session.scalars(select(Order).options(*wanted)).all()


def listed_without_products(session: Session, with_items: bool) -> list[Order]:
    wanted = [joinedload(Order.customer)]
    if with_items:
        wanted.append(selectinload(Order.items))
    return session.scalars(select(Order).options(*wanted)).all()  # FP204


def filled_elsewhere(session: Session) -> list[Order]:
    wanted = [joinedload(Order.customer)]
    add_options(wanted)
    return session.scalars(select(Order).options(*wanted)).all()


def unserved(session: Session) -> list[Order]:
    return session.scalars(select(Order)).all()


async def awaited(session: AsyncSession) -> list[Order]:
    return (await session.scalars(select(Order))).all()


def page_of(query, number: int, size: int) -> dict:
    total = query.count()
    return {"data": query.offset(number * size).limit(size).all(), "count": total}


def whole_page(session: Session) -> dict:
    found = session.query(Order).options(selectinload(Order.items)).limit(20).all()
    answer = {"data": found, "count": len(found)}
    return answer


class OrderService:
    def __init__(self, session: Session) -> None:
        self.session = session

    def all(self) -> list[Order]:
        return self.session.query(Order).all()  # FP204

    def first(self) -> list[Order]:
        return self.session.query(Order).options(selectinload(Order.items)).all()
