from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.base import Base


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    orders: Mapped[list["Order"]] = relationship(back_populates="customer")  # noqa: F821

    def numbers(self) -> list[str]:
        return [order.number for order in self.orders]

    @property
    def latest(self) -> str:
        return self.orders[-1].number

    @property
    def oldest(self) -> str:
        return self.orders[0].number

    @property
    def initial(self) -> str:
        return self.name[:1]

    def to_dict(self) -> dict[str, str]:
        return {"name": self.name, "latest": self.latest}

    def to_short(self) -> dict[str, str]:
        return {"name": self.name, "initial": self.initial}


class Line(Base):
    __tablename__ = "lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    order: Mapped["Order"] = relationship(back_populates="lines")  # noqa: F821
    product: Mapped["Product"] = relationship()

    def label(self) -> str:
        return self.product.name


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    text: Mapped[str]


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
