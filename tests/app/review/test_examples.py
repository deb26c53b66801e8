from __future__ import annotations

import pytest

from app.review.examples import example
from rules.engine import registry


def test_an_example_shows_what_goes_and_what_comes() -> None:
    assert example("FP104") == (
        ' @app.get("/rates")\n'
        "-async def rates() -> dict[str, float]:\n"
        "+def rates() -> dict[str, float]:\n"
        '     return requests.get("https://rates.example/latest", timeout=5).json()\n'
    )


@pytest.mark.parametrize("code", [rule.code for rule in registry.rules()])
def test_an_example_is_a_change_or_nothing(code: str) -> None:
    shown = example(code)

    assert not shown or any(line.startswith("+") for line in shown.split("\n"))
    assert not shown.startswith(("@@", "\n", " \n"))


def test_an_unknown_rule_has_no_example() -> None:
    assert example("FP999") == ""
