from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import Select, and_, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("postgresql://"))


class Base(DeclarativeBase):
    pass


class Parcel(Base):
    __tablename__ = "parcels"
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    number: Mapped[str]  # FP206 (inline)
    label: Mapped[str]  # FP206 (summary)
    depot: Mapped[str] = mapped_column(index=True)
    sender: Mapped[str]
    receiver: Mapped[str]  # FP206 (summary)


class Voucher(Base):  # nothing but its name says that it grows
    __tablename__ = "vouchers"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]


class Payment(Base):
    __tablename__ = "payments"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]  # FP206 (summary)


def get_session():
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


@app.get("/parcels/{number}")
def parcel(number: str, session: SessionDep) -> list[object]:
    conditions = [Parcel.number == number]
    session.add(Parcel(number=number))
    return session.scalars(select(Parcel).where(*conditions)).all()


@app.get("/parcels")
def parcels(session: SessionDep, label: str | None = None, sender: str | None = None) -> list[object]:
    conditions = []
    if label is not None:
        conditions.append(Parcel.label == label)
    return session.scalars(select(Parcel).where(and_(*conditions)).limit(10)).all()


@app.get("/depots/{depot}")
def depot(depot: str, sender: str, more: list[object], session: SessionDep) -> list[object]:
    conditions = [Parcel.sender == sender]
    conditions.append(Parcel.depot == depot)
    others = [Parcel.sender == sender]
    others.extend(more)
    return [
        *session.scalars(select(Parcel).where(*conditions)),
        *session.scalars(select(Parcel).where(*others)),
    ]


@app.get("/codes/{code}")
def by_code(code: str, session: SessionDep) -> list[object]:
    return [
        session.scalar(select(Voucher).where(Voucher.code == code)),
        session.scalar(select(Payment).where(Payment.code == code)),
    ]


def of_the_shop() -> Select[tuple[Parcel]]:
    return select(Parcel)


@app.get("/receivers/{receiver}")
def by_receiver(receiver: str, depot: str, session: SessionDep) -> list[object]:
    return [
        session.scalar(of_the_shop().where(Parcel.receiver == receiver)),
        session.scalar(of_the_shop().where(Parcel.sender == receiver).where(Parcel.depot == depot)),
    ]
