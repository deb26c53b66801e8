"""What a card says in the names of its example is marked when a finding tells it."""

from __future__ import annotations

import pytest

from rules.engine import exemplified, registry


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("`order.items` is a query.", "For example `order.items` is a query."),
        ("It is cheap. `order.items` is not.", "It is cheap. For example `order.items` is not."),
        (
            "Load with it: `Order.items` or `Item.order`.",
            "Load with it: for example `Order.items` or `Item.order`.",
        ),
        ("Read `Order.items`, say.", "Read for example `Order.items`, say."),
        ("Such as `Order.items`.", "Such as `Order.items`."),
        ("Write `async def __call__(self)`.", "Write `async def __call__(self)`."),
    ],
)
def test_a_name_of_the_example_is_marked_once_per_sentence(text: str, told: str) -> None:
    assert exemplified.marked(text, registry.by_code("FP203")) == told


def test_what_every_project_has_is_left_as_it_is() -> None:
    rule = registry.by_code("FP101")

    assert registry.told(rule).instead == registry.card(rule).instead


def test_no_finding_tells_of_an_order_as_if_it_were_the_readers() -> None:
    for rule in registry.rules():
        for sentence in registry.told(rule).instead.replace("\n", " ").split(". "):
            if "`Order." in sentence or "Order]`" in sentence:
                assert any(lead in sentence.lower() for lead in ("for example", "such as")), (
                    rule.code,
                    sentence,
                )
