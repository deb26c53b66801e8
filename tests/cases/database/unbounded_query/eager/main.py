from fastapi import Depends, FastAPI
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, joinedload, mapped_column, relationship, selectinload

from eager.db import get_session

app = FastAPI()


class Base(DeclarativeBase):
    pass


class Machine(Base):
    __tablename__ = "machines"
    id: Mapped[int] = mapped_column(primary_key=True)
    events: Mapped[list["Event"]] = relationship(back_populates="machine")
    doors: Mapped[list["Door"]] = relationship()


class Event(Base):
    __tablename__ = "machine_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[int]
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"), index=True)
    machine: Mapped[Machine] = relationship(back_populates="events")


class Door(Base):
    __tablename__ = "doors"
    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"), index=True)


def machine_with_events(session: Session, machine_id: int) -> Machine | None:
    query = select(Machine).where(Machine.id == machine_id).options(joinedload(Machine.events))  # FP211 (summary)
    return session.scalars(query).unique().one_or_none()


@app.get("/machines/{machine_id}")
def show(machine_id: int, session: Session = Depends(get_session)) -> list[int]:
    machine = machine_with_events(session, machine_id)
    return sorted(event.level for event in machine.events) if machine else []


@app.get("/machines/{machine_id}/levels")
def levels(machine_id: int, session: Session = Depends(get_session)) -> int:
    options = [selectinload(Machine.events)]  # FP211 (summary)
    machine = session.scalars(select(Machine).where(Machine.id == machine_id).options(*options)).one()
    return max(event.level for event in machine.events)


# Near misses


@app.get("/machines/{machine_id}/doors")
def doors(machine_id: int, session: Session = Depends(get_session)) -> list[int]:
    machine = session.scalars(
        select(Machine).where(Machine.id == machine_id).options(selectinload(Machine.doors))
    ).one()
    return [door.id for door in machine.doors]


@app.get("/events/{event_id}")
def event(event_id: int, session: Session = Depends(get_session)) -> int:
    found = session.scalars(select(Event).where(Event.id == event_id).options(joinedload(Event.machine))).one()
    return found.machine.id


@app.get("/machines/{machine_id}/worst")
def worst(machine_id: int, session: Session = Depends(get_session)) -> list[int]:
    machine = session.scalars(
        select(Machine)
        .where(Machine.id == machine_id)
        .options(selectinload(Machine.events.and_(Event.level > 5)))
    ).one()
    return [event.level for event in machine.events]


@app.delete("/machines/{machine_id}")
def delete_machine(machine_id: int, session: Session = Depends(get_session)) -> None:
    machine = session.scalars(
        select(Machine).where(Machine.id == machine_id).options(selectinload(Machine.events))
    ).one()
    session.delete(machine)
    session.commit()


def print_events(session: Session) -> None:
    for machine in session.scalars(select(Machine).options(selectinload(Machine.events))):
        print(len(machine.events))
