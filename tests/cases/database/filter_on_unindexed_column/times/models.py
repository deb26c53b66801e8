from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    created_at: Mapped[datetime]  # FP206
    handled_at: Mapped[datetime | None]  # FP206
    deleted_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None] = mapped_column(index=True)
    ordered_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    total: Mapped[int]
    billing_number: Mapped[str]  # FP206 (summary)
    batch_number: Mapped[str]
    cut_at: Mapped[datetime | None]
    last_checked: Mapped[datetime]  # FP206
    last_four: Mapped[str]


class Reminder(Base):
    __tablename__ = "reminders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    status: Mapped[str]
    due_at: Mapped[datetime]  # FP206


class Execution(Base):
    __tablename__ = "executions"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    started: Mapped[datetime]  # FP206
    finished: Mapped[datetime]
    queued: Mapped[datetime] = mapped_column(index=True)


class Span(Base):
    __tablename__ = "spans"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    start_time: Mapped[datetime]  # FP206


class EventResource(Base):
    __tablename__ = "event_resources"
    __table_args__ = (Index("ix_event_resources", "resource_id", "occurred"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[str]
    occurred: Mapped[datetime]  # FP206


class Shelf(Base):
    __tablename__ = "shelves"
    id: Mapped[int] = mapped_column(primary_key=True)
    started: Mapped[datetime]


class Reading(Base):
    __tablename__ = "meter_values"
    __table_args__ = (Index("ix_meter_values", "occurred", "meter"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    meter: Mapped[str]
    occurred: Mapped[datetime]
