from __future__ import annotations

import msgspec
import pytest

from app.review.amounts import aligned, moved, named, price, short_name, weigh
from app.review.comments import cost_words
from app.review.costs import EndpointChange
from rules.engine.costs.polynomials import brief
from rules.engine.finding import Cost


@pytest.mark.parametrize(
    ("cost", "told"),
    [
        ("0", "0"),
        ("2 + 3N", "2 + 3N"),
        ("2 + 3N + M", "2 + 3N + M"),
        ("1 + N·M", "1 + N·M"),
        ("N²", "N²"),
        ("2 + N + 3M + 2K + L", "3M + 2K and 3 more terms"),
        ("18 + 2N + M + 4N·M + 3K·L + P·Q", "4N·M + 3K·L and 4 more terms"),
        ("N + M·K + N³ + M·K·L", "N³ + M·K·L and 2 more terms"),
        ("2 + N + M + 17Q² + Q³", "Q³ and 4 more terms"),
    ],
)
def test_a_cost_is_told_by_what_is_steepest_in_it(cost: str, told: str) -> None:
    assert brief(cost) == told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("2 + N", "2 + N²", ("2 + N", "2 + N²")),
        ("2 + N²", "5 + N²", ("2 + N²", "5 + N²")),
        ("13 + 2K + 2L + P", "12 + 2K + 2L + P", ("13", "12, and 3 terms as before")),
        ("9N + 8K + M + 2L", "9N + 8K + 2L + M", ("9N + 8K and 2 more terms", "9N + 8K and 2 more terms")),
        ("2K + 2L + P + M", "1 + 2K + 2L + P + M", ("2K + 2L and 2 more terms", "the same + 1")),
        ("2K + 2L + P + M", "2K + 2L + P", ("2K + 2L and 2 more terms", "2K + 2L + P")),
        ("5 + 2K + 2L + P + M", "2K + 2L + P + M", ("2K + 2L and 3 more terms", "the same without 5")),
        ("5N + K + L + P", "5N + K + L + P", ("5N + K and 2 more terms", "5N + K and 2 more terms")),
    ],
)
def test_two_costs_that_would_look_the_same_are_told_by_what_differs(
    old: str, new: str, told: tuple[str, str]
) -> None:
    assert moved(old, new) == told


def test_what_stops_the_loop_is_called_from_its_class_on() -> None:
    assert short_name("sqlalchemy.orm.Session.execute") == "Session.execute"
    assert short_name("openai.OpenAI.beta.threads.create") == "OpenAI.beta.threads.create"
    assert short_name("builtins.open") == "open"
    assert short_name("subprocess.run") == "subprocess.run"


def test_letters_have_names_where_they_count_one_thing_that_has_one() -> None:
    sizes = (("N", "orders"), ("M", ""), ("K", "a" * 50), ("Q", "rows"), ("Q", "items"))

    assert named(sizes, "2 + N", "M") == [("N", "orders")]
    assert named((("N", "scalars"),), "N") == []
    assert named(sizes, "N·Q and 3 more terms", "K") == [("N", "orders"), ("K", "a" * 39 + "…")]


def test_a_former_cost_has_the_letters_of_the_present_one() -> None:
    now = (("N", "orders"), ("M", "items"))
    assert aligned("1 + 2N", (("N", "items"),), now) == "1 + 2M"
    assert aligned("N + M", (("N", "items"), ("M", "gone")), now) == "M + K"
    assert aligned("N", (("N", "items"),), (("Q", "orders"), ("Q", "items"))) == "N"


def test_a_comment_says_what_the_letters_count() -> None:
    change = EndpointChange(
        method="GET",
        path="/orders",
        before=Cost("2", "0", "2"),
        after=Cost("2 + N", "0", "2 + N"),
        sizes=(("N", "orders"),),
    )

    assert cost_words(change) == "queries **2 → 2 + N** (N = `orders`)"
    assert msgspec.json.decode(msgspec.json.encode(change), type=EndpointChange) == change
    assert change.contract()["after"].keys() == {
        *("queries", "external_calls", "serial_waits", "blocking", "unbounded"),
    }


def test_a_fourth_power_weighs_as_one() -> None:
    assert weigh("N⁴") == 1e8
    assert price(Cost("N⁴")) > price(Cost("N³"))
