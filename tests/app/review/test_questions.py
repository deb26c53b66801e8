"""Every question that is asked changes a finding: its severity, its estimate, or whether it is said."""

from __future__ import annotations

import re
import textwrap

import pytest

from app.review.advice import ANSWERED
from rules import analyze
from rules.engine import registry
from rules.engine.finding import Options
from rules.engine.rule import Invalid, Rule
from tests.test_rules_contract import with_prelude

ANSWERS: dict[str, tuple[int | str, ...]] = {"database": ("mysql", "sqlite"), "workers": (1, 7)}


def said(rule: Rule, example: Invalid, context: dict[str, int | str]) -> list[tuple[object, ...]]:
    code = (
        textwrap.dedent(example.code).lstrip()
        if example.path
        else "".join(with_prelude(example.code, example.fixed or ""))
    )
    code = re.sub(r"\.limit\(\d+\)", "", code)  # what the code bounds needs no answer
    texts = {name: textwrap.dedent(text) for name, text in example.documents.items()}
    texts |= {"app/__init__.py": "", example.path or "app/main.py": code}
    found = analyze(
        {name: text.encode() for name, text in texts.items() if name.endswith(".py")},
        documents={name: text for name, text in texts.items() if not name.endswith(".py")},
        options=Options(select=(rule.code,), context=context),
    ).result
    return [
        (each.severity, each.confidence, each.message, each.impact.summary)
        for each in (*found.findings, *found.advice)
    ]


@pytest.mark.parametrize("key", ANSWERED)
def test_an_answer_changes_what_is_said_of_every_rule_that_it_is_asked_for(key: str) -> None:
    for code in sorted(ANSWERED[key]):
        rule = registry.by_code(code)
        assert any(
            said(rule, example, {}) != said(rule, example, {key: answer})
            for example in rule.invalid
            for answer in ANSWERS.get(key, (77,))
        ), f"{code} says the same whatever `{key}` is"
