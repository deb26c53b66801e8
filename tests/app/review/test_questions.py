"""Every question that is asked changes a finding: its severity, its estimate, or whether it is said."""

from __future__ import annotations

import re
import textwrap

import msgspec
import pytest

from app.review.advice import ANSWERED
from app.review.table import Context
from rules import analyze
from rules.engine import registry
from rules.engine.costs import capacity, estimates
from rules.engine.finding import Cost, Endpoint, Finding, Impact, Options
from rules.engine.rule import Invalid, Rule
from tests.test_rules_contract import with_prelude

ANSWERS: dict[str, tuple[int | str, ...]] = {"database": ("mysql", "sqlite"), "workers": (1, 7)}


def said(rule: Rule, example: Invalid, context: dict[str, int | str]) -> list[tuple[object, ...]]:
    return [
        (each.severity, each.confidence, each.message, each.impact.summary)
        for each in findings(rule, example, context)
    ]


def estimates_of(rule: Rule, example: Invalid, context: dict[str, int | str]) -> list[Impact]:
    return [each.impact for each in findings(rule, example, context)]


def findings(rule: Rule, example: Invalid, context: dict[str, int | str]) -> list[Finding]:
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
    return [*found.findings, *found.advice]


@pytest.mark.parametrize("key", ANSWERED)
def test_an_answer_changes_what_is_said_of_every_rule_that_it_is_asked_for(key: str) -> None:
    for code in sorted(ANSWERED[key]):
        rule = registry.by_code(code)
        assert any(
            said(rule, example, {}) != said(rule, example, {key: answer})
            for example in rule.invalid
            for answer in ANSWERS.get(key, (77,))
        ), f"{code} says the same whatever `{key}` is"


CONTEXT = {field.name for field in msgspec.structs.fields(Context)}
OF_SCALE = {"cpus", "page_size"}
"""What only `fastperf scale` works with."""
RANKING = {"p95_ms", "error_rate"}
"""What changes no figure but the order of what is recommended (`app.review.demand`)."""
SHOWN = {
    "rps": "FP304",
    "concurrency": "FP101",
    "workers": "FP101",
    "threads": "FP508",
    "database": "FP207",
    "db_round_trip_ms": "FP201",
    "http_latency_ms": "FP110",
    "redis_round_trip_ms": "FP307",
    "rows": "FP206",
    "pool_size": "FP219",
    "max_overflow": "FP219",
    "max_connections": "FP607",
}
"""Key -> a rule whose finding changes with it."""


def test_each_fact_of_the_context_is_shown_to_change_an_estimate() -> None:
    assert SHOWN.keys() | OF_SCALE | RANKING == CONTEXT


@pytest.mark.parametrize(("key", "code"), SHOWN.items())
def test_a_fact_of_the_context_changes_what_a_finding_expects(key: str, code: str) -> None:
    rule = registry.by_code(code)
    answers = {"database": ("mysql",), "max_connections": (1, 1000)}.get(key, (3, 77))

    assert any(
        said(rule, example, {}) != said(rule, example, {key: answer})
        for example in rule.invalid
        for answer in answers
    )


@pytest.mark.parametrize("key", sorted(OF_SCALE))
def test_a_fact_of_the_context_changes_a_ceiling(key: str) -> None:
    endpoint = Endpoint("GET", "/", "a.py", 1, "loop", Cost("1 + N", "0", "1", (), False))
    usual, told = (
        capacity.capacity(endpoint, capacity.Site.of(Options(context=context)))
        for context in ({"workers": 4}, {"workers": 4, key: 2})
    )

    assert usual.ceiling != told.ceiling


@pytest.mark.parametrize("rule", registry.rules(), ids=lambda rule: rule.code)
def test_an_estimate_names_whose_its_figures_are(rule: Rule) -> None:
    """The project's where it says them, and else what is assumed: a key of the context, or a figure that is explained."""
    context: dict[str, int | str] = {"rows": 40, "pool_size": 3, "concurrency": 9, "threads": 11}
    for example in rule.invalid[:2]:
        for impact in estimates_of(rule, example, context):
            assumed, told = impact.grounds()
            assert told.keys() == impact.assumptions.keys() & context.keys()
            assert all(told[key] == context[key] for key in told)
            assert not assumed.keys() - CONTEXT - estimates.KEYS.keys()


@pytest.mark.parametrize(
    ("engine", "told"),
    [
        ('create_engine("postgresql+psycopg://shop@db/shop")', True),
        ("create_engine(f\"mysql+pymysql://{os.environ['WHO']}@db/shop\")", True),
        ('create_engine(os.environ.get("DATABASE_URL", "postgresql://db/shop"))', True),
        (
            'create_engine(os.environ.get("DATABASE_URL", "sqlite:///shop.db"))',
            False,
        ),  # a deployment may say another
        ('create_engine(URL.create("postgresql", host="db"))', True),
        ('create_engine(os.environ["DATABASE_URL"])', False),
    ],
)
def test_which_database_it_is_is_known_where_its_address_stands_in_the_code(engine: str, told: bool) -> None:
    code = f"import os\nfrom sqlalchemy import URL, create_engine\n\ndef connect():\n    return {engine}\n"
    found = analyze({"app/main.py": code.encode()}, options=Options(select=("none",)))

    assert ("database" in found.result.told) is told
