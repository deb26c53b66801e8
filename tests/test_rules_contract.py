"""What every rule promises: a card that is filled in, examples that hold, a case file."""

from __future__ import annotations

import re
import textwrap

import pytest

from rules.engine import exemplified, registry
from rules.engine.finding import Finding, Options
from rules.engine.fixing import bindings
from rules.engine.reading.edits import apply
from rules.engine.rule import Effort, Invalid, ProjectRule, Rule, Severity, Valid
from tests.test_cases import of_rule

RULES = registry.rules()
every_rule = pytest.mark.parametrize(
    "rule", RULES, ids=[f"{rule.code}-{registry.name_of(rule)}" for rule in RULES]
)

# Examples leave out what a reader knows. A name that an example uses and does not bind is one of these,
# or a class of the example's own project when it starts with a capital.
PRELUDE = {
    "app": "from fastapi import FastAPI\n\napp = FastAPI()",
    "router": "from fastapi import APIRouter\n\nrouter = APIRouter()",
    "FastAPI": "from fastapi import FastAPI",
    "APIRouter": "from fastapi import APIRouter",
    "Depends": "from fastapi import Depends",
    "Request": "from fastapi import Request",
    "BackgroundTasks": "from fastapi import BackgroundTasks",
    "HTTPException": "from fastapi import HTTPException",
    "run_in_threadpool": "from fastapi.concurrency import run_in_threadpool",
    "Annotated": "from typing import Annotated",
    "Any": "from typing import Any",
    "Iterator": "from collections.abc import Iterator",
    "AsyncIterator": "from collections.abc import AsyncIterator",
    "asynccontextmanager": "from contextlib import asynccontextmanager",
    "lru_cache": "from functools import lru_cache",
    "partial": "from functools import partial",
    "Thread": "from threading import Thread",
    "ThreadPoolExecutor": "from concurrent.futures import ThreadPoolExecutor",
    "Path": "from pathlib import Path",
    "select": "from sqlalchemy import select",
    "func": "from sqlalchemy import func",
    "text": "from sqlalchemy import text",
    "create_engine": "from sqlalchemy import create_engine",
    "Session": "from sqlalchemy.orm import Session",
    "sessionmaker": "from sqlalchemy.orm import sessionmaker",
    "selectinload": "from sqlalchemy.orm import selectinload",
    "AsyncSession": "from sqlalchemy.ext.asyncio import AsyncSession",
    "create_async_engine": "from sqlalchemy.ext.asyncio import create_async_engine",
    "async_sessionmaker": "from sqlalchemy.ext.asyncio import async_sessionmaker",
    **{
        module: f"import {module}"
        for module in (
            "aiohttp", "anyio", "asyncio", "asyncpg", "boto3", "functools", "httpx", "json", "os", "psycopg",
            "redis", "requests", "smtplib", "sqlite3", "subprocess", "threading", "time",
        )
    },
}  # fmt: skip


def with_prelude(code: str, *alternatives: str) -> tuple[str, str]:
    """(what stands before the example, the example): names of `alternatives` are provided for too."""
    code = textwrap.dedent(code).strip("\n") + "\n"
    names = bindings.names(code).unbound
    for other in alternatives:
        names |= bindings.names(textwrap.dedent(other).strip("\n") + "\n").unbound
    unknown = sorted(name for name in names if name not in PRELUDE and not name[:1].isupper())
    assert unknown == [], "the example uses names that neither it nor PRELUDE binds"
    parts = [
        PRELUDE.get(name, f"class {name}: ...")
        for name in sorted(names, key=lambda name: (name not in PRELUDE, name))
    ]
    return "\n".join(parts) + "\n\n\n" if parts else "", code


def analysed(
    rule: Rule, text: str, example: Invalid | Valid | None = None
) -> tuple[tuple[Finding, ...], str | None]:
    """The rule's findings in the text as the only module (or document), and the text with the first one's fix made."""
    from rules import analyze

    raw = text.encode()
    others = {path: textwrap.dedent(other) for path, other in example.documents.items()} if example else {}
    path = (example.path if example else "") or "app/main.py"
    sources = (
        {"app/__init__.py": b""} | {name: other.encode() for name, other in others.items()} | {path: raw}
    )
    analysis = analyze(
        {name: source for name, source in sources.items() if name.endswith(".py")},
        documents={name: source.decode() for name, source in sources.items() if not name.endswith(".py")},
        options=Options(select=(rule.code,)),
    )
    assert analysis.result.skipped == ()
    said = (*analysis.result.findings, *analysis.result.advice)
    findings = tuple(finding for finding in said if finding.code == rule.code)
    fix = analysis.prove(findings[0]).fix if findings else None
    return findings, None if fix is None else apply(raw, fix.edits).decode()


@every_rule
def test_the_card_is_filled_in(rule: Rule) -> None:
    card = registry.card(rule)

    assert registry.CODE.fullmatch(rule.code)
    assert rule.code.startswith(registry.FAMILIES[registry.family_of(rule)])
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", registry.name_of(rule))
    assert card.summary.endswith("."), "the first line says what and what it costs, in a sentence"
    assert card.why
    assert card.instead
    assert isinstance(rule.severity, Severity)
    assert isinstance(rule.effort, Effort)
    assert rule.watch.strip()
    assert registry.node_types(rule) or isinstance(rule, ProjectRule)


@every_rule
def test_the_advice_is_a_sentence_without_the_names_of_the_example(rule: Rule) -> None:
    """It is told of other people's code, where nothing has those names."""
    advice = registry.card(rule).instead

    assert is_told(advice)
    assert exemplified.marked(advice, rule) == advice


def is_told(advice: str) -> bool:
    """Whether it says what to do in a sentence: a verb first, and enough of it to act on."""
    words = advice.split()
    return words[0].isalpha() and words[0].istitle() and len(words) >= 5 and advice.rstrip().endswith(".")


@every_rule
def test_there_are_examples_of_both_kinds(rule: Rule) -> None:
    assert rule.invalid
    assert rule.valid


@every_rule
def test_a_rule_with_a_fix_says_what_it_trades(rule: Rule) -> None:
    if any(example.fixed is not None for example in rule.invalid):
        assert registry.card(rule).trade_offs


@every_rule
def test_a_rule_has_a_case(rule: Rule) -> None:
    assert of_rule(rule), "tests/cases/<family>/<module>.py is missing"


EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.code}-{kind}-{number}")
    for rule in RULES
    for kind in ("invalid", "valid")
    for number, example in enumerate(getattr(rule, kind), 1)
]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_examples_hold(rule: Rule, example: Invalid | Valid) -> None:
    if isinstance(example, Valid):
        text = textwrap.dedent(example.code).lstrip() if example.path else "".join(with_prelude(example.code))
        findings, _ = analysed(rule, text, example)
        assert [finding.message for finding in findings] == []
        return
    if example.path:
        before, code = "", textwrap.dedent(example.code).lstrip()
    else:
        before, code = with_prelude(example.code, example.fixed or "")

    findings, fixed = analysed(rule, before + code, example)

    assert findings
    if not (isinstance(rule, ProjectRule) and rule.advice):
        assert all(finding.line > before.count("\n") for finding in findings)
    if example.fixed is not None:
        whole = "".join(with_prelude(example.fixed))
        assert fixed in (
            before + with_prelude(example.fixed)[1],
            whole,
        )  # it takes imports along that nobody uses now


def test_codes_and_names_are_unique() -> None:
    cards = registry.cards()

    assert len({rule.code for rule in cards}) == len(cards)
    assert len({registry.name_of(rule) for rule in cards}) == len(cards)
