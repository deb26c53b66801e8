"""What rules say beforehand about the calls that concern them changes nothing but time."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from rules import Result, Rule, analyze
from rules.engine import registry
from rules.engine.reading import walking

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_a_sieve_takes_no_finding_away(monkeypatch: pytest.MonkeyPatch) -> None:
    sieved = _found()
    for rule in registry.rules():
        monkeypatch.setattr(type(rule), "concerns", Rule.concerns)

    assert _found() == sieved
    assert sieved.findings


def test_most_rules_see_few_calls() -> None:
    asked = [rule for rule in registry.rules() if ast.Call in registry.node_types(rule)]
    free = [rule.code for rule in asked if type(rule).concerns is Rule.concerns]

    assert len(free) < len(asked) / 10, free


def test_walking_gives_what_ast_gives_without_contexts_and_operators() -> None:
    tree = ast.parse(Path(__file__).read_text())
    plain = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)

    assert list(walking.walk(tree)) == [each for each in ast.walk(tree) if not isinstance(each, plain)]


def _found() -> Result:
    sources = {
        path.relative_to(EXAMPLES).as_posix(): path.read_bytes()
        for path in sorted((EXAMPLES / "pull_request" / "slow").rglob("*.py"))
    }
    result = analyze(sources).result
    return Result(findings=result.findings, endpoints=result.endpoints, skipped=result.skipped)
