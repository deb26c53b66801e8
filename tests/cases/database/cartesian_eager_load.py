from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
)


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    customer: Mapped["Customer"] = relationship(back_populates="orders")
    items: Mapped[list["Item"]] = relationship()
    payments: Mapped[list["Payment"]] = relationship()


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    orders: Mapped[list[Order]] = relationship(back_populates="customer")


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    tags: Mapped[list["Tag"]] = relationship()


class Payment(Base):
    __tablename__ = "payments"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))


def both():
    return select(Order).options(joinedload(Order.items), joinedload(Order.payments))  # FP217


def in_two_calls(session: Session) -> list[Order]:
    query = session.query(Order).options(joinedload(Order.items)).filter(Order.id > 1)
    return query.all()


def chained(session: Session) -> list[Order]:
    return session.query(Order).options(joinedload(Order.items)).options(joinedload(Order.payments)).all()  # FP217


def with_nested():
    return select(Order).options(joinedload(Order.items).joinedload(Item.tags), joinedload(Order.payments))  # FP217


# Near misses


def one_collection():
    return select(Order).options(joinedload(Order.items), joinedload(Order.customer))


def nested():
    return select(Order).options(joinedload(Order.items).joinedload(Item.tags))


def selected():
    return select(Order).options(joinedload(Order.items), selectinload(Order.payments))


def both_selected():
    return select(Order).options(selectinload(Order.items), selectinload(Order.payments))


def of_another_entity():
    return select(Customer).options(joinedload(Customer.orders))


def through_one_join_twice():
    return select(Order).options(
        joinedload(Order.items).joinedload(Item.tags), joinedload(Order.items).selectinload(Item.tags)
    )


class Parcel(Base):
    __tablename__ = "parcels"
    id: Mapped[int] = mapped_column(primary_key=True)
    stamps: Mapped[list["Stamp"]] = relationship()
    customs_form: Mapped[list["CustomsForm"]] = relationship()


class Stamp(Base):
    __tablename__ = "stamps"
    id: Mapped[int] = mapped_column(primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcels.id"))


class CustomsForm(Base):
    __tablename__ = "customs_forms"
    id: Mapped[int] = mapped_column(primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcels.id"))


def with_what_sounds_like_one():
    return select(Parcel).options(joinedload(Parcel.stamps), joinedload(Parcel.customs_form))  # FP217 (summary)


# A collection that every query for its owner joins


class Account(Base):
    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    bookings: Mapped[list["AccountBooking"]] = relationship(lazy="joined")  # FP217 (summary)
    later: Mapped[list["AccountBooking"]] = relationship(lazy="selectin")
    customer: Mapped[Customer] = relationship(lazy="joined")
    roles: Mapped[list["AccountRole"]] = relationship(lazy="joined")


class AccountBooking(Base):
    __tablename__ = "account_bookings"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))


class AccountRole(Base):
    __tablename__ = "account_role"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
