"""A table whose indexes SQL files make."""

from fastapi import Depends, FastAPI
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = FastAPI()


class Parcels(DeclarativeBase):
    pass


class Person(Parcels):
    __tablename__ = "persons"
    id: Mapped[int] = mapped_column(primary_key=True)


class Parcel(Parcels):
    __tablename__ = "parcels"
    id: Mapped[int] = mapped_column(primary_key=True)
    buyer_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    sender_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    depot_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    hub_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    carrier_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))  # FP207 (inline)
    driver_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))  # FP207 (inline)


def get_session() -> Session:
    raise NotImplementedError


@app.get("/persons/{person}/parcels")
def of_person(person: int, session: Session = Depends(get_session)) -> list[list[Parcel]]:
    return [
        list(session.scalars(select(Parcel).where(Parcel.buyer_id == person))),
        list(session.scalars(select(Parcel).where(Parcel.sender_id == person))),
        list(session.scalars(select(Parcel).where(Parcel.depot_id == person))),
        list(session.scalars(select(Parcel).where(Parcel.hub_id == person))),
        list(session.scalars(select(Parcel).where(Parcel.carrier_id == person))),
        list(session.scalars(select(Parcel).where(Parcel.driver_id == person))),
    ]
