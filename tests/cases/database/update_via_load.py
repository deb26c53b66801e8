from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("sqlite://"))


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    open: Mapped[bool]
    total: Mapped[int]
    seen: Mapped[datetime]


class Box(Base):
    __tablename__ = "boxes"
    id: Mapped[int] = mapped_column(primary_key=True)
    parcels: Mapped[list["Parcel"]] = relationship(back_populates="box")


class Parcel(Base):
    __tablename__ = "parcels"
    id: Mapped[int] = mapped_column(primary_key=True)
    box_id: Mapped[int] = mapped_column(ForeignKey("boxes.id"), index=True)
    box: Mapped[Box] = relationship(back_populates="parcels")


class Shelf(Base):
    __tablename__ = "shelves"
    id: Mapped[int] = mapped_column(primary_key=True)
    box_id: Mapped[int] = mapped_column(ForeignKey("boxes.id"), index=True)


class Setting(Base):
    __tablename__ = "settings"
    id: Mapped[int] = mapped_column(primary_key=True)
    active: Mapped[bool]


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


@app.post("/close")
def close(now: datetime, session: SessionDep) -> None:
    orders = session.scalars(select(Order).where(Order.open)).all()
    for order in orders:  # FP214 (inline)
        order.open = False
        order.seen = now
        session.add(order)
    session.commit()


@app.post("/reset")
def reset(session: SessionDep) -> None:
    for setting in session.scalars(select(Setting)):  # FP214 (summary)
        setting.active = False


@app.post("/legacy")
def legacy(session: SessionDep) -> None:
    for order in session.query(Order).filter(Order.open).all():  # FP214
        order.open = False
    session.commit()


@app.post("/counted")
def counted(session: SessionDep) -> int:
    orders = session.scalars(select(Order).where(Order.open)).all()
    for order in orders:  # FP214
        order.open = False
    session.commit()
    return len(orders)


# Near misses


@app.post("/computed")
def computed(session: SessionDep) -> None:
    for order in session.scalars(select(Order)):
        order.total = order.total + 1
    for order in session.scalars(select(Order)):
        if order.total > 10:
            order.open = False
    for order in session.scalars(select(Order)):
        order.seen = moment_of(order)
    for order in session.scalars(select(Order)):  # FP214 (summary)
        order.seen = datetime.now()
    session.commit()


def moment_of(order: Order) -> datetime:
    return order.seen


async def closes_the_old(session: Session) -> int:
    """No request is seen to get here."""
    old = session.scalars(select(Order).where(Order.open)).all()
    for order in old:  # FP214 (summary)
        order.open = False
    session.commit()
    return len(old)


@app.post("/returned")
def returned(session: SessionDep) -> list[Order]:
    orders = session.scalars(select(Order)).all()
    for order in orders:
        order.open = False
    session.commit()
    return list(orders)


@app.post("/one")
def one(order_id: int, session: SessionDep) -> None:
    for order in session.scalars(select(Order).where(Order.id == order_id)).all():
        order.open = False
    session.commit()


@app.post("/others")
def others(orders: list[Order]) -> None:
    for order in orders:
        order.open = False


@app.delete("/orders")
def remove_closed(session: SessionDep) -> None:
    for order in session.scalars(select(Order).where(Order.open.is_(False))).all():  # FP214 (summary)
        session.delete(order)
    session.commit()


@app.delete("/parcels")
def remove_parcels(box_id: int, session: SessionDep) -> None:
    parcels = session.query(Parcel).filter(Parcel.box_id == box_id).all()
    for parcel in parcels:  # FP214 (summary)
        session.delete(parcel)
    session.commit()


@app.delete("/boxes")
def remove_boxes(session: SessionDep) -> None:
    for shelf in session.scalars(select(Shelf)).all():
        session.delete(shelf)
    for box in session.scalars(select(Box)).all():
        session.delete(box)  # its parcels go with it
    for parcel in session.scalars(select(Parcel).where(Parcel.id == len(session.info))).all():
        session.delete(parcel)
    for parcel in session.scalars(select(Parcel)).all():
        forget(parcel)
        session.delete(parcel)  # FP214 (summary)
    session.commit()


def forget(parcel: Parcel) -> None:
    raise NotImplementedError


def remove_file(order: Order) -> None:
    print(order.id)


@app.post("/remove/files")
def remove_with_files(session: SessionDep) -> None:
    for order in session.scalars(select(Order).where(Order.open)).all():
        remove_file(order)
        session.delete(order)  # FP214 (summary)
    session.commit()


@app.post("/remove/found")
def remove_found(numbers: list[int], session: SessionDep) -> list[int]:
    missing = []
    orders = {order.id: order for order in session.scalars(select(Order).where(Order.id.in_(numbers)))}
    for number in numbers:
        order = orders.get(number)
        if order is None:
            missing.append(number)
            continue
        session.delete(order)
    for setting in session.scalars(select(Setting)).all():
        print(setting.id)
        session.delete(setting)
    for order in session.scalars(select(Order).where(Order.open)).all():
        remove_file(order)
    one = session.get(Order, 1)
    session.delete(one)
    return missing
