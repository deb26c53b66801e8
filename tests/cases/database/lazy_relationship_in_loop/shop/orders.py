"""Mapped classes that know how to turn themselves into something else."""

from typing import Any, Self

from pydantic import BaseModel
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.base import Base


class OrderOut(BaseModel):
    number: str
    customer: str = ""
    lines: list[str] = []


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    is_gift: Mapped[bool]
    customer: Mapped["Customer"] = relationship(back_populates="orders")  # noqa: F821
    lines: Mapped[list["Line"]] = relationship(back_populates="order")  # noqa: F821
    notes: Mapped[list["Note"]] = relationship(lazy="selectin")  # noqa: F821

    def to_out(self) -> OrderOut:
        return OrderOut(
            number=self.number,
            customer=self.customer.name,
            lines=[line.label() for line in self.lines],
        )

    def to_short(self) -> OrderOut:
        return OrderOut(number=self.number, lines=[note.text for note in self.notes])

    def to_named(self) -> OrderOut:
        return OrderOut(number=self.number, customer=self.customer.name)

    def to_wrapped(self) -> dict[str, OrderOut]:
        return {"order": self.to_out()}

    def to_gift(self, everything: bool) -> OrderOut:
        if everything:
            return self.to_out()
        return OrderOut(number=self.number)

    @classmethod
    def of(cls, out: OrderOut) -> Self:
        return cls(number=out.number)

    @staticmethod
    def named(order: Any) -> str:
        return str(order)
