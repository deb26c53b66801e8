from typing import Annotated

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, backref, declared_attr, mapped_column, relationship

from shop.columns import foreign_key


class Base(DeclarativeBase):
    pass


class OwnedMixin:
    owner_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))  # FP207


class IndexedMixin:
    @declared_attr
    def seller_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("customers.id"), index=True)


class PackedMixin:
    @declared_attr
    def packer_id(cls):
        return Column(Integer, ForeignKey("customers.id", ondelete="CASCADE"), index=False)  # FP207 (summary)

    @declared_attr
    def wrapper_id(cls):
        return Column(Integer, ForeignKey("customers.id"), index=False)


class EditedMixin:
    @declared_attr
    def editor_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("customers.id"))  # FP207


order_key = Annotated[int, mapped_column(ForeignKey("orders.id"), index=True)]


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    orders: Mapped[list["Order"]] = relationship(back_populates="customer", foreign_keys="Order.customer_id")


class Order(OwnedMixin, IndexedMixin, EditedMixin, PackedMixin, Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))  # FP207
    declined_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=False)
    swept_id: Mapped[int] = mapped_column(  # FP207 (summary)
        ForeignKey("customers.id", ondelete="CASCADE"), index=False
    )
    customer: Mapped[Customer] = relationship(back_populates="orders", foreign_keys=[customer_id])
    referrer_id: Mapped[int | None] = mapped_column(  # FP207
        ForeignKey("customers.id"),
    )
    indexed_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    unique_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), unique=True)
    leading_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    second_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))  # FP207
    loose_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    migrated_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    dropped_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))  # FP207
    raw_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    batch_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    helper_id: Mapped[int] = foreign_key("customers.id")  # FP207
    helped_id: Mapped[int] = foreign_key("customers.id", index=True)
    parent: Mapped[order_key]
    number: Mapped[int] = mapped_column(Integer)
    created: Mapped[str] = mapped_column(String)

    __table_args__ = (
        UniqueConstraint("leading_id", "created"),
        Index("ix_orders_created_second", "created", "second_id"),
        {"comment": "orders"},
    )


Index("ix_orders_loose", Order.loose_id, Order.created.desc())


class Item(Base):
    __tablename__ = "items"
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)  # FP207


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    shop_id = Column(Integer, ForeignKey("customers.id"))  # FP207
    shop = relationship(Customer, backref=backref("products"))


class Partial(Base):
    __tablename__ = "partials"
    __table_args__ = Order.__table_args__
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))


class Overview(Base):
    __tablename__ = "overviews"
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    id: Mapped[int] = mapped_column(primary_key=True)


class Abstract(Base):
    __abstract__ = True
    any_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))


order_tags = Table("order_tags", Base.metadata, Column("order_id", ForeignKey("orders.id"), primary_key=True))
