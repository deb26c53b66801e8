"""What `fastperf budget` does: says which endpoints keep their budgets, and freezes today's costs as new ones."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from app.review.budgets import BudgetRow, row
from app.review.reading import FILE, PYPROJECT
from app.terminal import visible
from rules.engine import budgets
from rules.engine.finding import Budget, Endpoint

BEGIN = "# Costs frozen by `fastperf budget --freeze`, which writes this part anew: never looser."
END = "# End of the frozen costs."


class Freezing(msgspec.Struct, frozen=True):
    """A configuration file with today's costs in it."""

    path: Path
    text: str
    count: int
    kept: int
    """Endpoints that cost more today than their frozen budget, which stays."""


def rows(endpoints: Sequence[Endpoint], tables: Sequence[Budget]) -> list[BudgetRow]:
    """Every endpoint that has a budget, broken ones first."""
    found = [
        row(endpoint, fitting)
        for endpoint in endpoints
        if (fitting := [table for table in tables if budgets.fits(table.match, endpoint)])
    ]
    return sorted(found, key=lambda entry: (not entry.beyond, entry.ref))


def freeze(root: Path, endpoints: Sequence[Endpoint], *, loosen: bool = False) -> Freezing:
    """Today's costs as budgets, in the file that holds the project's configuration; nothing is written yet.

    What was frozen before and is tighter stays, unless `loosen`; budgets outside the frozen part are left alone.
    """
    place = root / FILE if (root / FILE).is_file() or not (root / PYPROJECT).is_file() else root / PYPROJECT
    text = place.read_text(encoding="utf-8-sig") if place.is_file() else ""
    table = "[[budget]]" if place.name != PYPROJECT else "[[tool.fastperf.budget]]"
    before, inside, after = _parts(text)
    old = _frozen(inside)
    made: list[Budget] = []
    kept = 0
    for endpoint in sorted(endpoints, key=lambda entry: (entry.path, entry.method)):
        budget = budgets.frozen(endpoint, old.get(f"{endpoint.method} {endpoint.path}"), loosen=loosen)
        kept += any(budgets.broken_by(endpoint.cost, budget))
        made.append(budget)
    written = "\n".join(_toml(budget, table) for budget in {entry.match: entry for entry in made}.values())
    head = f"{before.rstrip()}\n\n" if before.strip() else ""
    tail = f"\n{after.lstrip()}" if after.strip() else ""
    whole = f"{head}{BEGIN}\n{written}{END}\n{tail}"
    try:
        tomllib.loads(whole)
    except ValueError as error:
        reason = (
            f"{place.name} cannot take frozen budgets as tables of their own ({error}); nothing was written"
        )
        raise ValueError(reason) from None
    return Freezing(place, whole, len(made), kept)


def _parts(text: str) -> tuple[str, str, str]:
    """What stands before, in and after the frozen part."""
    before, begin, rest = text.partition(BEGIN)
    if not begin:
        return text, "", ""
    inside, _, after = rest.partition(END)
    return before, inside, after


def _frozen(text: str) -> dict[str, Budget]:
    try:
        document = tomllib.loads(text)
    except ValueError:  # a number of thousands of digits is no TOMLDecodeError
        return {}
    tables = document.get("budget") or document.get("tool", {}).get("fastperf", {}).get("budget", [])
    found = msgspec.convert(tables, list[Budget])
    return {budget.match: budget for budget in found}


def _toml(budget: Budget, table: str) -> str:
    lines = [table, f"match = {_quoted(budget.match)}"]
    for attribute in budgets.KINDS:
        value = getattr(budget, attribute)
        lines.append(f"{attribute} = {value if isinstance(value, int) else _quoted(str(value))}")
    if not budget.blocks:
        lines.append("blocks = false")
    if budget.unbounded:
        lines.append("unbounded = true")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def as_json(found: Sequence[BudgetRow]) -> str:
    contract = {
        "version": 1,
        "budgets": [
            {
                "method": entry.ref.method,
                "path": entry.ref.path,
                "budget": entry.allowed,
                "holds": not entry.beyond,
                "beyond": list(entry.beyond),
            }
            for entry in found
        ],
    }
    return msgspec.json.format(msgspec.json.encode(contract), indent=2).decode() + "\n"


def as_text(found: Sequence[BudgetRow]) -> Group:
    if not found:
        return Group(
            Text("No endpoint has a budget. `fastperf budget --freeze` writes today's costs as budgets.")
        )
    table = Table(box=None, pad_edge=False)
    for heading in ("endpoint", "budget", "now"):
        table.add_column(heading)
    for entry in found:
        table.add_row(
            Text(visible(str(entry.ref)), "bold red" if entry.beyond else "bold"),
            Text(visible(entry.allowed)),
            Text(visible("; ".join(entry.beyond)), "red") if entry.beyond else Text("holds", "green"),
        )
    beyond = sum(bool(entry.beyond) for entry in found)
    told = f"{beyond} of {len(found)} beyond the budget" if beyond else "Every budget holds."
    return Group(table, Text(), Text(told, "bold"))
