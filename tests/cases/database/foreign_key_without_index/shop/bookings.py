from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Bookings(DeclarativeBase):
    pass


class Person(Bookings):
    __tablename__ = "persons"
    id: Mapped[int] = mapped_column(primary_key=True)
    bookings: Mapped[list["Booking"]] = relationship(foreign_keys="Booking.owner_id")
    visits: Mapped[list["Visit"]] = relationship(foreign_keys="Visit.owner_id")


class Booking(Bookings):
    __tablename__ = "bookings"
    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    place_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    guest_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    host_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    agent_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))  # FP207


class Visit(Bookings):
    __tablename__ = "visits"
    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    guest_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    host_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    agent_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))  # FP207
