from __future__ import annotations

import json
from pathlib import Path

import pytest

from app import checklist
from rules.engine import registry
from rules.engine.finding import Result, Severity
from tests.app.review.builders import finding
from tests.cli.program import fastperf
from tests.cli.test_check import SHOP, shop, write

__all__ = ["shop"]


def test_what_is_missing_is_said_with_its_place_and_the_rest_is_ticked(shop: Path) -> None:
    done = fastperf("check", "--checklist", folder=shop)

    assert done.returncode == 1
    lines = done.stdout.splitlines()
    missing = next(number for number, line in enumerate(lines) if "nothing blocks the event loop" in line)
    assert lines[missing].startswith("  ✗ ")
    assert "shop/api.py:13" in lines[missing]
    assert lines[missing + 1].strip()
    assert "  ✓ no query per row" in lines
    assert lines[-1].endswith("are in place.")


def test_a_project_without_findings_is_ticked_but_for_advice(tmp_path: Path) -> None:
    write(tmp_path, SHOP | {"shop/api.py": "x = 1\n", "shop/clients.py": "y = 1\n"})

    done = fastperf("check", "--checklist", folder=tmp_path)

    assert done.returncode == 0
    assert "✗" not in done.stdout


@pytest.mark.parametrize("group", [group for group, _ in checklist.ITEMS])
def test_every_item_names_rules_that_there_are(group: str) -> None:
    for title, codes in dict(checklist.ITEMS)[group]:
        assert set(codes) & registry.codes(), title


def test_no_rule_is_listed_twice() -> None:
    codes = [code for _, items in checklist.ITEMS for _, named in items for code in named]

    assert len(codes) == len(set(codes))


def test_the_worst_finding_of_an_item_speaks_for_it() -> None:
    low = finding(3, Severity.LOW, code="FP601", path="a.py")
    high = finding(9, Severity.HIGH, code="FP602", path="b.py")

    items = {item.title: item for item in checklist.of(Result(findings=(low,), advice=(high,)))}

    assert items["every call has a timeout"].missing == (high, low)
    text = checklist.as_text([items["every call has a timeout"]]).plain
    assert "FP602 b.py:9 and 1 more" in text
    assert text.endswith("0 of 1 are in place.")


def test_the_list_is_for_programs_and_issues_too(shop: Path) -> None:
    document = json.loads(fastperf("check", "--checklist", "--output-format", "json", folder=shop).stdout)
    tasks = fastperf("check", "--checklist", "--output-format", "markdown", folder=shop).stdout
    refused = fastperf("check", "--checklist", "--output-format", "sarif", folder=shop)

    (loop,) = (item for item in document["items"] if item["title"] == "nothing blocks the event loop")
    assert (loop["present"], loop["missing"][0]["path"], loop["missing"][0]["line"]) == (
        False,
        "shop/api.py",
        13,
    )
    assert "- [ ] nothing blocks the event loop\n  FP101 `shop/api.py:13`" in tasks
    assert "- [x] no query per row\n" in tasks
    assert (refused.returncode, refused.stdout) == (2, "")
