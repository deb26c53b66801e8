from __future__ import annotations

import pytest

from app.review import guards
from app.review.guards import Lost
from rules.engine.finding import Hop

from . import builders
from .builders import finding

MODEL = """\
class Order(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    total: Mapped[int]
"""
QUERY = """\
def orders(session: Session, limit: int) -> list[Order]:
    query = (
        select(Order)
        .options(selectinload(Order.items))
        .where(Order.open)
        .limit(min(limit, 100))
    )
    return list(session.scalars(query))


@lru_cache(maxsize=128)
def rates(day: date) -> dict[str, float]:
    return load(day)
"""


@pytest.mark.parametrize(
    ("text", "removed", "guard", "line", "said"),
    [
        (MODEL, ", index=True", "index", 3, "index=True"),
        (
            QUERY,
            "        .options(selectinload(Order.items))\n",
            "selectinload",
            4,
            "selectinload(Order.items)",
        ),
        (QUERY, "        .limit(min(limit, 100))\n", "limit", 6, ".limit(min(limit, 100))"),
        (QUERY, "@lru_cache(maxsize=128)\n", "lru_cache", 11, "@lru_cache(maxsize=128)"),
    ],
)
def test_a_guard_is_named_as_it_was_written(
    text: str, removed: str, guard: str, line: int, said: str
) -> None:
    diff = builders.diff({"shop/api.py": (text, text.replace(removed, ""))})
    found = finding(line, guards=(guard,))

    assert guards.lost(found, diff, [Hop("shop/api.py", line, "")]) == Lost("shop/api.py", line, said)


def test_a_rule_without_guards_misses_none() -> None:
    diff = builders.diff({"shop/api.py": (MODEL, MODEL.replace(", index=True", ""))})

    assert guards.lost(finding(3), diff, [Hop("shop/api.py", 3, "")]) is None


def test_a_guard_in_another_file_counts_when_it_is_the_only_one_that_went() -> None:
    changes = {"shop/crud.py": (QUERY, QUERY.replace("        .options(selectinload(Order.items))\n", ""))}
    found = finding(9, guards=("selectinload", "joinedload"))
    here = [Hop("shop/api.py", 9, "")]

    assert guards.lost(found, builders.diff(changes), here) == Lost(
        "shop/crud.py", 4, "selectinload(Order.items)"
    )

    changes["shop/other.py"] = changes["shop/crud.py"]
    assert guards.lost(found, builders.diff(changes), here) is None  # which of them?


def test_a_comment_that_names_the_guard_is_none() -> None:
    before = "call(url)  # no timeout needed\n"
    diff = builders.diff({"shop/api.py": (before, "call(url)\n")})

    assert guards.lost(finding(1, guards=("timeout",)), diff, [Hop("shop/api.py", 1, "")]) is None


CLIENTS = """\
def default_client() -> Answers:
    return Answers(
        key=KEY,
        timeout=TIMEOUT,
    )
"""


def test_the_timeout_of_one_client_is_none_of_anothers() -> None:
    diff = builders.diff({"shop/api.py": (CLIENTS, CLIENTS.replace("        timeout=TIMEOUT,\n", ""))})
    here = [Hop("shop/api.py", 90, "")]

    def lost(leaf: str) -> Lost | None:
        return guards.lost(finding(90, guards=("timeout",), leaf=leaf), diff, here)

    assert lost("answers.Answers.ask") == Lost("shop/api.py", 4, "timeout=TIMEOUT")
    assert lost("embeddings.Embedder") is None
