from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("sqlite://"))


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    open: Mapped[bool]
    total: Mapped[int]
    note: Mapped[str]

    @property
    def is_late(self) -> bool:
        return self.total > 10


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


@app.get("/open")
def open_orders(session: SessionDep) -> list[int]:
    orders = session.scalars(select(Order)).all()
    return [order.id for order in orders if order.open]  # FP215


@app.get("/large")
def large(least: int, session: SessionDep) -> list[int]:
    return [order.id for order in session.query(Order).all() if order.total > least and order.open]  # FP215


@app.get("/sum")
def total(session: SessionDep) -> int:
    orders = session.scalars(select(Order).where(Order.open)).all()
    return sum(order.total for order in orders)  # FP215


@app.get("/first")
def first(session: SessionDep) -> list[Order]:
    orders = session.scalars(select(Order).order_by(Order.total)).all()
    return orders[:10]  # FP215


# Near misses


@app.get("/used-twice")
def used_twice(session: SessionDep) -> dict[str, list[Order]]:
    orders = session.scalars(select(Order)).all()
    return {"all": orders, "open": [order for order in orders if order.open]}


@app.get("/limited")
def limited(session: SessionDep) -> list[int]:
    orders = session.scalars(select(Order).limit(50)).all()
    return [order.id for order in orders if order.open]


@app.get("/computed")
def computed(words: list[str], session: SessionDep) -> list[int]:
    late = session.scalars(select(Order)).all()
    found = [order.id for order in late if order.is_late]
    noted = session.scalars(select(Order)).all()
    found += [order.id for order in noted if matches(order.note, words)]
    named = session.scalars(select(Order)).all()
    return found + [order.id for order in named if order.note in words]


def matches(note: str, words: list[str]) -> bool:
    return any(word in note for word in words)


@app.get("/plain")
def plain(numbers: list[int], session: SessionDep) -> list[int]:
    return [number for number in numbers if number > 10][:10] + [order.id for order in session.scalars(select(Order).limit(9))]
