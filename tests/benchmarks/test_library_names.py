"""Names of the tables are followed as a reader would follow them, and what is found is held against what the tables say."""

import sys
from pathlib import Path

import pytest

from benchmarks.libraries.__main__ import Named, Plan, groups, judge
from benchmarks.libraries.probe import answer
from rules.libraries import LIBRARIES

SHOP = """
from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shop_orders import Orders


class Base:
    def __init__(self) -> None:
        self.stock = self._make_stock()

    def _make_stock(self) -> "Stock":
        return Stock()


class Client(Base):
    @functools.cached_property
    def orders(self) -> Orders:
        from shop_orders import Orders
        return Orders()

    @property
    def carts(self):
        from shop_orders import Orders
        return Orders()


class Stock:
    async def count(self, number, *, timeout=None): ...


class Loose:
    def __getattr__(self, name): ...
"""
ORDERS = """
class Orders:
    def create(self, price): ...
"""
BROKEN = """
import nothing_that_is_installed
from .inner import Model
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "shop_orders.py").write_text(ORDERS)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "__init__.py").write_text(BROKEN)
    (tmp_path / "broken" / "inner.py").write_text("class Model:\n    def load(self): ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("shop", "shop_orders", "broken"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("shop.Client.orders.create", "found"),  # by the annotation, which only type checkers import
        ("shop.Client.carts.create", "found"),  # by what the property returns
        ("shop.Client.stock.count", "found"),  # by what the base class assigns
        ("shop.Client.orders.refund", "missing"),
        ("shop.Client.baskets", "missing"),
        ("shop.Loose.anything", "unseen"),
        ("broken.Model.load", "found"),  # read: it cannot be imported
        ("broken.Model.save", "unseen"),
        ("no_such_package.Client", "unseen"),
    ],
)
def test_a_name_is_followed_through_annotations_properties_and_init(name: str, state: str) -> None:
    assert answer(name)["state"] == state


@pytest.mark.usefixtures("shop")
def test_what_the_tables_say_of_a_call_is_held_against_it() -> None:
    wanted = {
        "shop.Client.stock.count": [Named("shop.Client.stock.count", blocks=True, keyword="deadline")],
        "shop.Client.orders.create": [Named("shop.Client.orders.create", awaits=True, keyword="price")],
    }
    plan = Plan({}, frozenset(), {}, {}, frozenset(), {})

    outcome = judge("shop", wanted, {name: answer(name) for name in wanted}, plan)

    assert outcome.wrong == {"shop.Client.stock.count": "takes no argument deadline"}
    assert outcome.unconfirmed == ["shop.Client.orders.create"]


def test_a_name_of_an_old_release_is_looked_for_there_and_must_be_gone_from_the_newest() -> None:
    plan = Plan({"shop": "shop"}, frozenset(), {}, {}, frozenset(), {"shop.Old": "shop==1"})
    wanted = {"shop.Old.get": [Named("shop.Old.get")]}
    found, missing = (
        {"shop.Old.get": {"state": state, "why": "", "awaited": "", "keywords": None}}
        for state in ("found", "missing")
    )

    assert judge("shop==1", wanted, found, plan).found == 1
    assert judge("shop", wanted, missing, plan).found == 1
    assert judge("shop", wanted, found, plan).wrong
    assert judge("shop==1", wanted, missing, plan).missing


def test_every_name_of_the_tables_has_a_library_to_be_installed_from() -> None:
    plan = Plan.load()

    assert sorted(groups([], plan).get("?", {})) == []
    assert plan.former.keys() == {name for library in LIBRARIES for name in library.former}
