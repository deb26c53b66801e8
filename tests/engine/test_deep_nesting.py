"""Expressions of thousands of terms, as generated code has them: each is nested in the next, and read all the same."""

from __future__ import annotations

import ast

import pytest

from rules import analyze
from rules.engine.finding import Options
from rules.engine.service.ran_before import surely
from tests.engine.projects import sources

TERMS = 2_500
"""Some parsers of Python itself refuse more than 3,000."""
FAR = 5_000
NEXT = "\n"
API = """
import time
from fastapi import Depends, FastAPI
from shop.roles import Role, require_role

app = FastAPI()

@app.get("/orders")
async def orders(x: int{taken}):
    {body}
    time.sleep(1)
"""


@pytest.mark.parametrize(
    ("taken", "body"),
    [
        ("", f"if {' + '.join(['x'] * TERMS)}: print(x)"),
        ("", f"print({' + '.join(['x'] * TERMS)})"),
        ("", f"if {'not ' * TERMS}x: raise ValueError"),
        ("", f"if {'not ' * TERMS}settings.debug: return"),
        ("", f"if x: pass\n{''.join(f'    elif x == {own}: pass{NEXT}' for own in range(TERMS))}"),
        (f", _=Depends(require_role({' | '.join(['Role.ADMIN'] * TERMS)}))", "pass"),
        (f", _=Depends(require_role(Role.ADMIN{'.value' * TERMS}))", "pass"),
        (", _=Depends(lambda: x)", f"if user.role != Role.ADMIN{'.value' * TERMS}: raise ValueError"),
        (", _=Depends(lambda: x)", f"if {' or ('.join(['not user.name'] * 90)}{')' * 89}: raise ValueError"),
    ],
)
def test_deep_expressions_are_read(taken: str, body: str) -> None:
    files = sources({"shop/api.py": API.format(taken=taken, body=body)})
    result = analyze(files, options=Options(select=("FP101",))).result

    assert result.skipped == ()
    assert [finding.code for finding in result.findings] == ["FP101"]


SOME = 600
"""As a query builder or a generated address has them."""


@pytest.mark.parametrize(
    "body",
    [
        f"await query{'.where(x)' * SOME}.arun(); query{'.where(x)' * SOME}.run()",
        f"await ({' | '.join(['x'] * SOME)}).arun(); ({' | '.join(['x'] * SOME)}).run()",
        f"requests.get('https://shop.example/' + {' + '.join(['x'] * SOME)}, timeout=3)",
        f"KEPT[x] = {' + '.join(['x'] * SOME)}",
        f"await asyncio.gather(*[kept(each) for each in {' + '.join(['x'] * SOME)}])",
    ],
)
def test_no_rule_gives_up_on_deep_expressions(body: str) -> None:
    head = "import asyncio, requests\nKEPT = {}\nasync def kept(x): await asyncio.sleep(x)\n"
    files = sources({"shop/api.py": head + API.format(taken="", body=body)})

    assert analyze(files).result.skipped == ()


def test_what_surely_runs_is_found_at_any_depth() -> None:
    calls = [each for each in surely(_nested(ast.Add())) if isinstance(each, ast.Call)]

    assert len(calls) == FAR + 1


def _nested(operator: ast.operator) -> ast.expr:
    nested: ast.expr = _term()
    for _ in range(FAR):
        nested = ast.BinOp(nested, operator, _term())
    return nested


def _term() -> ast.expr:
    return ast.Call(ast.Name("term", ast.Load()), [], [])
