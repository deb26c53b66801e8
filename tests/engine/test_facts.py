"""Facts survive their cache."""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec
import pytest

from rules.engine.analysis import extract
from rules.engine.reading.facts import ModuleFacts
from rules.engine.reading.revisions import parse_at
from rules.engine.reading.source import Source

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
NAMED = b"""
from alembic import op
import sqlalchemy as sa

revision = "0123456789ab"
down_revision = "ba9876543210"
TABLE = "orders"


def upgrade():
    op.add_column(TABLE, sa.Column("region", sa.String(), index=True))
"""


def test_of_a_revision_in_its_place_only_its_operations_are_told() -> None:
    light, whole = (extract(f"{folder}/ab_region.py", REVISION) for folder in ("migrations", "shop"))

    assert light.migration == whole.migration is not None
    assert whole.functions[1].calls
    assert not light.functions
    assert not light.flows


def test_an_operation_says_the_constants_and_turns_of_its_function() -> None:
    written = extract("migrations/ab_region.py", REVISION).migration
    named = extract("migrations/ab_region.py", NAMED).migration

    assert written is not None
    assert named is not None
    assert [item.given.items[0].literal for item in written.operations if item.name == "add_column"] == [
        "orders",
        "customers",
    ]
    assert [item.given.items[0].literal for item in named.operations] == ["orders"]


WAY_BACK = b"""

def downgrade() -> None:
    op.drop_table("returns")
"""


@pytest.mark.parametrize("before", [b"", b"\r\n"], ids=["LF", "CRLF"])
def test_the_way_back_of_a_revision_is_not_read(before: bytes) -> None:
    ending = before or b"\n"
    whole = (REVISION + WAY_BACK).replace(b"\n", ending)

    assert parsed("migrations/ab_region.py", whole) == ["upgrade"]
    assert parsed("shop/ab_region.py", whole) == ["upgrade", "downgrade"]
    assert extract("migrations/ab_region.py", whole).lines == whole.count(b"\n")


@pytest.mark.parametrize(
    ("written", "functions"),
    [
        (REVISION + WAY_BACK + b"\n\ndef later(): ...\n", ["upgrade", "downgrade", "later"]),
        (REVISION + WAY_BACK.replace(b"def", b"@once\ndef"), ["upgrade", "downgrade"]),
        (REVISION + b'\nTEXT = """' + WAY_BACK + b'"""\n', ["upgrade"]),
        (REVISION + WAY_BACK + b"# the end\n", ["upgrade"]),
        (REVISION + WAY_BACK.replace(b"()", b"(\n    engine\n)") + WAY_BACK, ["upgrade"]),
        (REVISION.replace(b"down_revision", b"another") + WAY_BACK, ["upgrade", "downgrade"]),
    ],
    ids=["more behind it", "decorated", "in a text", "a comment behind it", "two", "no revision"],
)
def test_a_revision_is_read_to_its_way_back_where_nothing_else_follows(
    written: bytes, functions: list[str]
) -> None:
    assert parsed("migrations/ab_region.py", written) == functions


def parsed(path: str, source: bytes) -> list[str]:
    """The functions of what is read of a file."""
    body = parse_at(path, Source(source)).body
    return [each.name for each in body if isinstance(each, ast.FunctionDef)]


def test_what_prepares_migrations_is_no_revision() -> None:
    source = REVISION.replace(b"down_revision", b"another")

    assert extract("migrations/env.py", source) == extract("shop/env.py", source)
