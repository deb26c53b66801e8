"""A model that changes reaches the queries of files that nobody touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.engine.analysis import affected, analyze

CASE = Path(__file__).parent.parent / "cases" / "database" / "lazy_relationship_in_response_model"
SOURCES = {str(path.relative_to(CASE)): path.read_bytes() for path in sorted(CASE.rglob("*.py"))}


def review(path: str, old: bytes, new: bytes) -> frozenset[str]:
    """What a change of one file affects besides it."""
    facts = analyze(SOURCES).facts
    others = {name: found for name, found in facts.items() if name != path}
    changed = SOURCES[path].replace(old, new)
    assert changed != SOURCES[path]
    return affected(analyze({path: SOURCES[path]}, others=others), analyze({path: changed}, others=others))


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("shop/models.py", b'relationship(lazy="selectin")', b"relationship()"),
        (
            "shop/schemas.py",
            b"    tags: list[TagOut] = []",
            b"    tags: list[TagOut] = []\n    customer: ProductOut",
        ),
    ],
    ids=["an eager model becomes lazy", "a schema shows one more relationship"],
)
def test_queries_elsewhere_are_looked_at_again(path: str, old: bytes, new: bytes) -> None:
    assert {"shop/api.py", "shop/crud.py", "shop/repository.py"} <= review(path, old, new)


def test_a_change_without_rows_affects_no_query() -> None:
    assert review("shop/db.py", b"postgresql+asyncpg://", b"postgresql+psycopg://") == frozenset()
