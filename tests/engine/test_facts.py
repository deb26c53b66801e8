"""Facts survive their cache."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from rules.engine.analysis import extract
from rules.engine.reading.facts import ModuleFacts

CASES = sorted((Path(__file__).parent.parent / "cases").rglob("*.py"))

LITERALS = b"""
class Order(Base):
    __tablename__ = "orders"
    total = Column(Numeric(10, 2), default=99999999999999999999, index=True, info={"a": -1, 2: None})
    note: Mapped[str | None] = mapped_column(default=None, comment=b"bytes", doc=f"{1}", key=..., x=1.5, y=1j)
"""


def test_odd_literals_are_read_back() -> None:
    facts = extract("shop/models.py", LITERALS)

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(facts), type=ModuleFacts) == facts


@pytest.mark.parametrize("path", CASES[::4], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_facts_are_read_back_as_they_were(path: Path) -> None:
    facts = extract(path.name, path.read_bytes())

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(facts), type=ModuleFacts) == facts
