"""Loops over data are told from loops that are short, batched or searches."""

import ast

import pytest

from rules.engine.reading.loop_shapes import gone_over, is_batched, is_search, is_short, shortened, unwrapped
from rules.engine.reading.loop_shapes import spelled as spelled_out


def loop(text: str) -> ast.AST:
    statement = ast.parse(text).body[0]
    return statement.value if isinstance(statement, ast.Expr) else statement


def spelled(function: ast.expr) -> str:
    return ast.unparse(function)


@pytest.mark.parametrize(
    "text",
    [
        "for kind in ('a', 'b'): pass",
        "for number in range(3): pass",
        "for number in range(5, 15): pass",
        "for number in range(-3, 3): pass",
        "for kind in KINDS: pass",
        "for kind in settings.KINDS: pass",
        "for kind in OrderStatus: pass",
        "for key, value in MAP.items(): pass",
        "for number, kind in enumerate(KINDS): pass",
        "for key in {'a': 1}: pass",
        "for table in metadata.sorted_tables: pass",
        "for number in itertools.count(): pass",
        "[kind for kind in ['a', 'b']]",
    ],
)
def test_a_loop_fixed_by_the_source_is_short(text: str) -> None:
    assert is_short(loop(text), spelled)


@pytest.mark.parametrize(
    "text",
    [
        "for item in items: pass",
        "for number in range(100): pass",
        "for number in range(n): pass",
        "for number in range(0, 10, 0): pass",
        "for item in [*items]: pass",
        "for item in order.items.all(): pass",
        "for number, item in enumerate(items): pass",
        "while True: pass",
        "{item for item in items}",
    ],
)
def test_a_loop_over_data_is_not(text: str) -> None:
    assert not is_short(loop(text), spelled)


@pytest.mark.parametrize(
    ("text", "batched"),
    [
        ("for start in range(0, len(ids), 500): pass", True),
        ("for part in chunked(ids, 500): pass", True),
        ("for part in itertools.batched(ids, 500): pass", True),
        ("for rows in result.partitions(500): pass", True),
        ("for batch in source: pass", True),
        ("for item in pages: pass", True),
        ("for item in items: pass", False),
        ("for item in range(10): pass", False),
        ("[chunk for chunk in read()]", True),
    ],
)
def test_batches_are_recognised(text: str, batched: bool) -> None:
    assert is_batched(loop(text)) is batched


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("for attempt in range(n):\n    if ok(): break", True),
        ("for attempt in range(n):\n    try:\n        return f()\n    except E:\n        pass", True),
        ("for attempt in range(n):\n    for x in y: break", False),
        ("for attempt in range(n):\n    def f(): return 1", False),
        ("for item in items:\n    break", False),
        ("while True: break", False),
    ],
)
def test_a_counting_loop_that_leaves_early_is_a_search(text: str, search: bool) -> None:
    assert is_search(loop(text)) is search


def test_wrappers_are_looked_through() -> None:
    inner = unwrapped(ast.parse("enumerate(sorted(rows.values()))", mode="eval").body)
    assert ast.unparse(inner) == "rows"


def test_long_source_is_cut() -> None:
    assert shortened("a  +\n b") == "a + b"
    assert shortened("x" * 50, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("for number, order in enumerate(orders): pass", "orders"),
        ("for key, order in found.items(): pass", "found"),
        ("for order in service.orders(customer): pass", "service.orders(customer)"),
        ("for order in service.orders_of_customer(session, customer, since): pass", "service.orders_of_customer(…)"),
        ("for order in await service.orders_of_customer(session, customer, since): pass", "service.orders_of_customer(…)"),
        ("for order in [first_order_of_all, second_order_of_all, third]: pass", "[first_order_of_all, second_order_of_al…"),
    ],
)  # fmt: skip
def test_what_a_loop_goes_over_is_named_without_what_would_be_cut(text: str, told: str) -> None:
    assert gone_over(loop(text), ast.unparse) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("session.query(Order).filter(Order.open).all", "session.query(…).filter(…).all"),
        ("marketplace_service_of_all.reconcile_references", "reconcile_references"),
        ("session.query(Order).filter(Order.open).order_by(x).all", "….query(…).filter(…).order_by(…).all"),
    ],
)
def test_the_end_of_a_long_name_is_told(text: str, told: str) -> None:
    assert spelled_out(ast.parse(text, mode="eval").body, 36) == told
