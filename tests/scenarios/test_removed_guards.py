"""Pull requests that only take something away: the damage is said on the line that is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.pull_requests import BLOCKING_CARRIER, PRODUCTS, SHOP, PullRequest, line_of, said

TIMEOUT_ON_ITS_LINE = PRODUCTS.replace(
    'requests.get(f"https://prices.example/{number}", timeout=5)',
    'requests.get(\n        f"https://prices.example/{number}",\n        timeout=(3, 5),  # seconds\n    )',
)
BOTH = PRODUCTS + PRODUCTS[PRODUCTS.index("\n\n@router") :].replace("price", "discount")


@pytest.mark.parametrize(
    ("before", "removed", "words"),
    [
        (PRODUCTS, ", timeout=5", "`timeout=5` removed, "),
        (TIMEOUT_ON_ITS_LINE, "        timeout=(3, 5),  # seconds\n", "`timeout=(3, 5)` removed, "),
    ],
    ids=["on the call's line", "on a line of its own"],
)
def test_a_removed_timeout(tmp_path: Path, before: str, removed: str, words: str) -> None:
    pull = PullRequest(tmp_path, SHOP | {"shop/products.py": before})
    pull.push({"shop/products.py": before.replace(removed, "")})

    report = pull.review()

    assert said(report) == [("FP601", "shop/products.py", line_of(before, "timeout"), "LEFT")]
    assert words in report.comments[0].body
    assert "```suggestion" not in report.comments[0].body  # GitHub takes none on a removed line
    assert "```diff" in report.comments[0].body


def test_a_timeout_that_only_changed_is_not_missed(tmp_path: Path) -> None:
    pull = PullRequest(tmp_path)
    pull.push({"shop/products.py": PRODUCTS.replace("timeout=5", "timeout=10")})

    assert said(pull.review()) == []


def test_a_new_call_without_a_timeout_is_said_where_it_is(tmp_path: Path) -> None:
    """Beside a call that moved away with its own timeout."""
    pull = PullRequest(tmp_path, SHOP | {"shop/products.py": BOTH})
    after = PRODUCTS + PRODUCTS[PRODUCTS.index("\n\n@router") :].replace("price", "stock").replace(
        ", timeout=5", ""
    )
    pull.push({"shop/products.py": after})

    report = pull.review()

    assert [(code, path) for code, path, _, _ in said(report)] == [("FP601", "shop/products.py")]


def test_each_removed_timeout_is_said_on_its_own_line(tmp_path: Path) -> None:
    pull = PullRequest(tmp_path, SHOP | {"shop/products.py": BOTH})
    pull.push({"shop/products.py": BOTH.replace(", timeout=5", "")})

    lines = [number for number, line in enumerate(BOTH.split("\n"), start=1) if "timeout" in line]
    assert said(pull.review()) == [("FP601", "shop/products.py", line, "LEFT") for line in lines]


def test_a_word_that_left_a_document_was_no_guard(tmp_path: Path) -> None:
    before = SHOP | {"docs/openapi.yml": "paths:\n  timeout: 5\n  more: 1\n"}
    pull = PullRequest(tmp_path, before)
    pull.push(
        {
            "docs/openapi.yml": "paths:\n  more: 1\n",
            "shop/carrier.py": BLOCKING_CARRIER.replace(", timeout=5", ""),
        }
    )

    assert {path for _, path, _, _ in said(pull.review())} == {"shop/carrier.py"}
