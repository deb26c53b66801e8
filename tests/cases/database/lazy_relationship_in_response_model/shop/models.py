from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    backref,
    declared_attr,
    mapped_column,
    object_session,
    relationship,
)


class Base(DeclarativeBase):
    pass


class Owned:
    @declared_attr
    def owner_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("customers.id"), index=True)

    @declared_attr
    def owner(cls) -> Mapped["Customer"]:
        return relationship("Customer", lazy="raise")


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    country_id: Mapped[int] = mapped_column(ForeignKey("countries.id"), index=True)
    country: Mapped["Country"] = relationship(lazy="joined")
    region: Mapped["Region"] = relationship()

    @property
    def region_name(self) -> str:
        return self.region.name

    @property
    def order_count(self) -> int:
        return object_session(self).query(Order).filter(Order.customer_id == self.id).count()  # FP204

    @property
    def last_order(self) -> "Order | None":
        if self.name:
            return None
        found = select(Order).where(Order.customer_id == self.id)
        return object_session(self).scalar(found.limit(1))  # FP204

    @property
    def never_shown(self) -> int:
        return object_session(self).scalar(select(func.count()).where(Order.customer_id == self.id))

    @property
    def shown_of_one(self) -> int:
        return object_session(self).query(Order).filter(Order.customer_id == self.id).count()

    @property
    def own_country(self) -> "Country | None":
        return object_session(self).get(Country, self.country_id)

    @hybrid_property
    def shouted(self) -> str:
        return self.name.upper()


class Country(Base):
    __tablename__ = "countries"
    id: Mapped[int] = mapped_column(primary_key=True)


class Region(Base):
    __tablename__ = "regions"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Order(Owned, Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    customer: Mapped[Customer] = relationship(
        foreign_keys=[customer_id], backref=backref("orders", lazy="dynamic")
    )
    items: Mapped[list["Item"]] = relationship(back_populates="order")
    tags: Mapped[list["Tag"]] = relationship(lazy="selectin")


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    order: Mapped[Order] = relationship(back_populates="items")
    product: Mapped["Product"] = relationship()


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
