"""Budgets are held against costs by degree, whatever the sizes are called."""

from __future__ import annotations

import msgspec
import pytest

from rules.engine import budgets
from rules.engine.analysis import analyze
from rules.engine.finding import Budget, Cost, Endpoint, Options, Severity

APP = b"""
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession
import requests

app = FastAPI()

@app.get("/orders")
async def list_orders(session: AsyncSession, names: list[str]):
    await session.execute(1)
    for name in names:
        await session.execute(name)

@app.get("/health")
async def health():
    return requests.get("https://peer.example", timeout=1).status_code
"""


@pytest.mark.parametrize(
    ("cost", "allowed"),
    [
        ("0", 0),
        ("5", 5),
        ("2 + N", "2 + N"),
        ("1 + M", "2 + N"),
        ("2 + 3N", "5N"),
        ("N·M", "K²"),
        ("51", "1 + N"),
        ("1 + 50N", "1 + N²"),
    ],
)
def test_a_cost_within_its_budget(cost: str, allowed: int | str) -> None:
    assert budgets.within(cost, allowed)


@pytest.mark.parametrize(
    ("cost", "allowed"),
    [
        ("1", 0),
        ("6", 5),
        ("N", 100),
        ("2 + 2N", "3 + N"),
        ("N²", "50N"),
        ("3 + N", "2 + N"),
    ],
)
def test_a_cost_beyond_its_budget(cost: str, allowed: int | str) -> None:
    assert not budgets.within(cost, allowed)


def told(*tables: Budget, select: tuple[str, ...] = ("FP005",), **options: object) -> list[str]:
    analysis = analyze({"app.py": APP}, options=Options(budget=tables, select=select, **options))  # type: ignore[arg-type] # by name
    return [finding.message for finding in analysis.result.findings if finding.code == "FP005"]


def test_an_endpoint_beyond_its_budget_is_a_gating_finding_at_its_handler() -> None:
    analysis = analyze({"app.py": APP}, options=Options(budget=(Budget(match="GET /orders", queries=5),)))

    (finding,) = [each for each in analysis.result.findings if each.code == "FP005"]
    assert finding.message == (
        "`GET /orders` is beyond its budget: queries 1 + N; the budget says at most 5."
    )
    assert (finding.gates, finding.severity, str(finding.endpoint)) == (True, Severity.HIGH, "GET /orders")
    assert (finding.path, finding.line) == ("app.py", 9)
    assert analysis.prove(finding) == finding


def test_blocking_and_calls_are_bounded_too() -> None:
    assert told(Budget(match="/health", external_calls=0, blocks=False)) == [
        "`GET /health` is beyond its budget: external calls 1; the budget says at most 0.",
        "`GET /health` is beyond its budget: blocks the event loop (`requests.get`); the budget says never blocks.",
    ]


def test_every_budget_that_fits_holds_and_others_say_nothing() -> None:
    loose, tight = Budget(match="GET /*", queries="9N"), Budget(match="/orders", queries="N")

    assert told(loose) == []
    assert told(tight) == told(tight, loose) == told(loose, tight) != []
    assert told(Budget(match="POST /orders", queries=0)) == []
    assert told(tight, ignore=("FP005",)) == []


def test_the_same_bound_stays_the_same_finding_while_the_cost_moves() -> None:
    once = analyze({"app.py": APP}, options=Options(budget=(Budget(match="/orders", queries=0),)))
    twice = analyze(
        {"app.py": APP.replace(b"    await session.execute(1)\n", b"    await session.execute(1)\n" * 2)},
        options=Options(budget=(Budget(match="/orders", queries=0),)),
    )

    assert [finding.fingerprint for finding in once.result.findings if finding.code == "FP005"] == [
        finding.fingerprint for finding in twice.result.findings if finding.code == "FP005"
    ]


def endpoint(queries: str, *, blocking: tuple[str, ...] = (), unbounded: bool = False) -> Endpoint:
    return Endpoint("GET", "/orders", "api.py", 1, "loop", Cost(queries, "0", "0", blocking, unbounded))


def test_freezing_turns_one_way() -> None:
    budget = budgets.frozen([endpoint("2 + N").cost], "GET /orders")
    assert (budget.queries, budget.external_calls, budget.blocks) == ("2 + N", 0, False)

    assert budgets.frozen([endpoint("1").cost], "GET /orders", [budget]).queries == 1
    assert (
        budgets.frozen([endpoint("2 + 2N", blocking=("time.sleep",)).cost], "GET /orders", [budget]) == budget
    )
    assert budgets.frozen([endpoint("2 + 2N").cost], "GET /orders", [budget], loosen=True).queries == "2 + 2N"


def test_a_loop_without_a_bound_breaks_a_number_unless_it_was_accepted() -> None:
    cost = endpoint("2", unbounded=True).cost

    assert list(budgets.broken_by(cost, Budget(match="/", queries=9)))
    assert not list(budgets.broken_by(cost, Budget(match="/", queries=9, unbounded=True)))
    assert not list(budgets.broken_by(cost, Budget(match="/", blocks=False)))


def test_a_folder_is_held_to_its_own_budgets() -> None:
    free = Options(budget=(Budget(match="/orders", queries=0),))
    held = Options(budget=(Budget(match="/health", blocks=False),), severity={"FP005": Severity.LOW})
    sources = {"a/main.py": APP, "b/main.py": APP}

    found = analyze(sources, options=msgspec.structs.replace(free, parts={"b": held})).result.findings

    assert [(each.path, str(each.endpoint), each.severity) for each in found if each.code == "FP005"] == [
        ("a/main.py", "GET /orders", budgets.BudgetExceeded.severity),
        ("b/main.py", "GET /health", Severity.LOW),
    ]
