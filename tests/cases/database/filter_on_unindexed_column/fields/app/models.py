from datetime import datetime

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    trace_id: Mapped[str]  # FP206
    number: Mapped[str]  # FP206
    reference: Mapped[str]  # FP206
    invoice: Mapped[str] = mapped_column(index=True)
    customer: Mapped[str]
    town: Mapped[str]
    code: Mapped[str]
    carrier: Mapped[str]
    slip: Mapped[str]  # FP206
    voucher: Mapped[str]  # FP206
    batch: Mapped[str]  # FP206
    dock: Mapped[str]  # FP206
    shelf: Mapped[str]
    is_open: Mapped[bool]
    created_at: Mapped[datetime]


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_number: Mapped[str]  # FP206
    label: Mapped[str]
    created_at: Mapped[datetime]


class Parcel(Base):
    __tablename__ = "parcels"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str]  # FP206
    place: Mapped[str]
    created_at: Mapped[datetime]
