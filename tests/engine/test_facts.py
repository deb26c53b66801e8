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


SECRETS = b"""
STRIPE = "sk_live_0123456789abcdef"
GITHUB: str = "ghp_0123456789abcdefghij"
DATABASE = "postgresql+asyncpg://shop:hunter2@db.internal/shop"
PEM = "-----BEGIN RSA PRIVATE KEY-----\\nMIIhunter2"

class Settings(BaseSettings):
    openai: str = "sk-proj-0123456789abcdef"
    broker: str = Field(default="amqp://:hunter2@queue//", description="eyJhbGciOi.hunter2hunter2")
    path: str = "/sk_live_orders"
"""


def test_keys_and_passwords_in_the_code_are_no_facts() -> None:
    encoded = msgspec.msgpack.encode(extract("shop/settings.py", SECRETS))

    assert b"hunter2" not in encoded
    assert b"0123456789" not in encoded
    assert b"postgresql+asyncpg://shop:" in encoded
    assert b"@db.internal/shop" in encoded
    assert b"/sk_live_orders" in encoded


@pytest.mark.parametrize("path", CASES[::4], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_facts_are_read_back_as_they_were(path: Path) -> None:
    facts = extract(path.name, path.read_bytes())

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(facts), type=ModuleFacts) == facts


AROUND = b"""
from shop import step

def load(orders):
    step.a()
    if orders.fast:
        step.b()
        return step.c()
    step.d()
    for order in orders:
        step.e()
        try:
            step.f()
            step.g()
        except KeyError:
            step.h()
            step.i()
        step.k()
    step.l()
"""


def test_statements_of_one_block_have_the_same_around_them_until_it_may_be_left() -> None:
    calls = extract("shop/orders.py", AROUND).functions[1].calls

    assert {call.ref[-1]: call.path for call in calls} == {
        "a": "",
        **dict.fromkeys("bc", "?6.0/"),
        **dict.fromkeys("dl", "?6.1/"),
        **dict.fromkeys("ek", "?6.1/*orders/"),
        **dict.fromkeys("fg", "?6.1/*orders/?12t.0/"),
        **dict.fromkeys("hi", "?6.1/*orders/?12t.1/"),
    }


REVISION = b"""
from alembic import op
import sqlalchemy as sa

revision = "0123456789ab"
down_revision = "ba9876543210"


def upgrade():
    for table in ("orders", "customers"):
        op.add_column(table, sa.Column("region", sa.String(), index=True))
        op.get_bind().execute(sa.select(Order)).scalars().all()
"""


def test_of_a_revision_in_its_place_only_its_operations_are_looked_at_closely() -> None:
    light, whole = (extract(f"{folder}/ab_region.py", REVISION) for folder in ("migrations", "shop"))
    calls, all_calls = light.functions[1].calls, whole.functions[1].calls

    assert light.migration == whole.migration is not None
    assert {call.ref for call in calls} == {call.ref for call in all_calls}
    assert all(call.path == "" for call in calls)
    assert any(call.path for call in all_calls)
    assert not light.flows


def test_what_prepares_migrations_is_no_revision() -> None:
    source = REVISION.replace(b"down_revision", b"another")

    assert extract("migrations/env.py", source) == extract("shop/env.py", source)
