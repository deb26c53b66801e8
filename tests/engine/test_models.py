"""Tables and what they say of each other."""

from __future__ import annotations

import pytest

from tests.engine.projects import module

MODELS = """
from sqlalchemy import Column, ForeignKey, Integer
from sqlalchemy.orm import backref, declarative_base, relationship

Base = declarative_base()

class Customer(Base):
    __tablename__ = "customers"
    id = Column(Integer, primary_key=True)

class Order(Base):
    __tablename__ = "orders"
    id = Column(Integer, primary_key=True)
    customer_id = Column(Integer, {})
    customer = relationship(Customer, backref=backref("orders"))
"""


@pytest.mark.parametrize(
    ("key", "many"),
    [
        ('ForeignKey("customers.id")', False),
        ("ForeignKey(Customer.id)", False),
        ("ForeignKey(Order.id)", True),
        ("", True),
    ],
)
def test_a_relationship_leads_to_one_row_where_its_own_table_holds_the_key(key: str, many: bool) -> None:
    models = module({"shop.py": MODELS.format(key)}, "shop.py").project.models
    tables = {table.name: table for table in models.tables.values()}
    customer = tables["orders"].relationships["customer"]

    assert customer.many is many
    assert tables["customers"].relationships["orders"].many is not many
    assert tables["orders"].keys_of(customer) == (() if many else ("customer_id",))


HEIRS = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

class Base(DeclarativeBase):
    id: Mapped[int] = mapped_column(primary_key=True)

class Remark(Base):
    __tablename__ = "remarks"
    __mapper_args__ = {"polymorphic_on": "kind"}
    kind: Mapped[str]

class OrderRemark(Remark):
    __mapper_args__ = {"polymorphic_identity": "order"}
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))

class Signed(Base):
    __tablename__ = "signed"
    remark_id: Mapped[int] = mapped_column(ForeignKey("remarks.id"))
    remark: Mapped["OrderRemark"] = relationship()

class Named(Base):
    __abstract__ = True
    __tablename__ = "named"

class Label(Named):
    text: Mapped[str] = mapped_column()
"""


@pytest.mark.parametrize("path", ["app/remarks.py", "remarks.py"])
def test_heirs_of_a_mapped_class_share_its_table(path: str) -> None:
    models = module({path: HEIRS}, path).project.models

    assert {table.symbol for table in models.tables.values()} >= {"Remark", "Signed", "Label"}
    assert (path, "OrderRemark") not in models.tables
    assert models.tables[path, "Signed"].relationships["remark"].target is models.tables[path, "Remark"]
