from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rules.engine import page, registry
from rules.engine.rule import Effort, Impact, Invalid, Match, Rule, Severity, Valid


class MadeUpRule(Rule):
    """`a | b` costs a lot.

    Because of this.

    ## Instead
    Do that.

    ## Trade-offs
    Some.
    """

    code = "FP698"
    severity = Severity.HIGH
    gates = True
    effort = Effort.HOURS
    watch = "queue depth"
    invalid = (
        Invalid(
            """
            a |= b
            """,
            fixed="""
            a = b
            """,
        ),
    )
    valid = (Valid("a = c"),)

    def check(self, node: Any, module: Any) -> Iterator[Match]:
        return iter(())


def test_a_page_says_everything_on_the_card() -> None:
    text = page.render(MadeUpRule())

    assert text.startswith("# FP698 made-up-rule\n\n`a | b` costs a lot.\n")
    for part in (
        "| Severity | high |",
        "| Gates | yes",
        "| Effort | hours |",
        "| Fix | yes",
        "| Watch in production | queue depth |",
        "## Why\n\nBecause of this.\n",
        "## Instead\n\nDo that.\n",
        "Found:\n\n```python\na |= b\n```\n\nWith the fix:\n\n```python\na = b\n```\n",
        "Not found:\n\n```python\na = c\n```\n",
        "## Impact\n\nNot measured.\n",
        "## Trade-offs\n\nSome.\n",
        "## Monitor\n\nWatch queue depth.\n",
        "`# fastperf: ignore[FP698] reason`",
        'ignore = ["FP698"]',
    ):
        assert part in text
    assert text.endswith("\n")
    assert "\n\n\n" not in text


def test_a_measured_impact_comes_with_its_assumptions() -> None:
    class Measured(MadeUpRule):
        impact = Impact("8 → 250 requests/s", "1 / t", {"concurrency": 32}, measured=True)

    assert "8 → 250 requests/s\n\nFormula: `1 / t`\n\nAssumes `concurrency = 32`." in page.render(Measured())


def test_the_index_links_every_rule() -> None:
    index = page.render_index()

    for rule in registry.cards():
        assert f"[{rule.code}]({rule.code}.md) | {registry.name_of(rule)} |" in index


def test_stale_pages_are_seen_and_written(tmp_path: Path) -> None:
    assert set(page.write(tmp_path)) == set(page.pages())
    assert page.stale(tmp_path) == []

    (tmp_path / "FP001.md").write_text("old")
    (tmp_path / "FP000.md").write_text("of a rule that is gone")

    assert page.stale(tmp_path) == ["FP000.md", "FP001.md"]
    assert page.write(tmp_path) == ["FP000.md", "FP001.md"]
    assert page.stale(tmp_path) == []
    assert not (tmp_path / "FP000.md").exists()


def test_check_says_what_is_stale_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(page, "DIRECTORY", tmp_path)

    assert page.main(["--check"]) == 1
    assert "README.md is stale" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
    assert page.main([]) == 0
    assert page.main(["--check"]) == 0


def test_the_pages_in_the_repository_are_fresh() -> None:
    assert page.stale(page.DIRECTORY) == [], "run: python -m rules.engine.page"


def test_an_alias_has_a_page_that_leads_to_its_rule() -> None:
    assert "[FP101](FP101.md)" in page.pages()["FP116.md"]
    assert "Also called FP116 `subprocess-in-async`." in page.pages()["FP101.md"]
    assert "| [FP116](FP116.md) | subprocess-in-async |" in page.render_index()
