"""What a card says in the names of its example is marked when a finding tells it."""

from __future__ import annotations

from rules.engine import registry


def test_a_name_of_the_example_is_marked_once_per_sentence() -> None:
    told = registry.told(registry.by_code("FP222"))

    assert "for example `.where(Order.id > after)" in told.instead
    assert told.instead.count("for example") == 1


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
