"""Columns that say how far rows have come: nothing but them narrows some queries."""

from datetime import datetime
from enum import Enum as PyEnum

from fastapi import Depends, FastAPI
from sqlalchemy import Enum, ForeignKey, delete, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = FastAPI()


def get_session() -> Session: ...


class State(PyEnum):
    NEW = "new"
    DONE = "done"


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[str]  # FP206 (summary)
    payment_status: Mapped[State] = mapped_column(Enum(State))  # FP206 (summary)
    delivery_state: Mapped[str]
    refund_status: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    label_type: Mapped[str]
    sync_status: Mapped[str]
    is_open: Mapped[bool]
    language: Mapped[str]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), index=True)
    number: Mapped[str]  # FP206
    created_at: Mapped[datetime]


class Shop(Base):
    __tablename__ = "shops"
    id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[str]


class Role(Base):
    __tablename__ = "roles"
    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str]


class LabelType(Base):
    __tablename__ = "label_types"
    code: Mapped[str] = mapped_column(primary_key=True)


@app.get("/orders/new")
def new(session: Session = Depends(get_session)) -> list[int]:
    return list(session.scalars(select(Order.id).where(Order.status == "new").limit(20)))


@app.get("/orders/unpaid")
def unpaid(session: Session = Depends(get_session)) -> int:
    return session.scalar(select(func.count(Order.id)).where(Order.payment_status == State.NEW)) or 0


@app.get("/orders/{number}/new")
def of_number(number: str, session: Session = Depends(get_session)) -> list[int]:
    return list(session.scalars(select(Order.id).where(Order.status == "new", Order.number == number)))


@app.get("/orders/others")
def others(shop: int, session: Session = Depends(get_session), state: str | None = None) -> list[object]:
    found = select(Order.id)
    if state:
        found = found.where(Order.delivery_state == state)
    return [
        session.scalars(found.limit(10)).all(),
        session.scalars(select(Order.id).where(Order.refund_status == "new")).all(),
        session.scalars(select(Order.id).where(Order.shop_id == shop, Order.kind == "gift")).all(),
        session.scalars(select(Order.id).where(Order.label_type.in_(["a", "b"]))).all(),
        session.scalars(select(Order.id).where(Order.label_type == LabelType.code)).all(),
        session.scalars(select(Order.id).where(Order.is_open.is_(True))).all(),
        session.scalars(select(Order.id).where(Order.language == "de")).all(),
        session.scalars(select(Shop.id).where(Shop.status == "new")).all(),
        session.scalars(select(Role.id).where(Role.type == "admin")).all(),
    ]


@app.delete("/orders/synced")
def remove_synced(session: Session = Depends(get_session)) -> None:
    session.execute(delete(Order).where(Order.sync_status == "done"))
    session.commit()


def report(session: Session) -> list[int]:
    return list(session.scalars(select(Order.id).where(Order.delivery_state == "done")))
