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
