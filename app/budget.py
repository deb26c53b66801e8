"""What `fastperf budget` does: says which endpoints keep their budgets, and freezes today's costs as new ones."""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from app.printable import visible
from app.review.budgets import BudgetRow, row
from app.review.config import Config
from app.review.reading import FILE, MAX_BYTES, PYPROJECT
from rules.engine import budgets
from rules.engine.finding import Budget, Endpoint, Options

BEGIN = "# Costs frozen by `fastperf budget --freeze`, which writes this part anew: never looser."
END = "# End of the frozen costs."


class Freezing(msgspec.Struct, frozen=True):
    """A configuration file with today's costs in it."""

    path: Path
    text: str
    count: int
    kept: int
    """Endpoints that cost more today than their frozen budget, which stays."""


def rows(endpoints: Sequence[Endpoint], options: Options) -> list[BudgetRow]:
    """Every endpoint that has a budget, broken ones first."""
    found = [row(endpoint, fitting) for endpoint in endpoints if (fitting := _held(endpoint, options))]
    return sorted(found, key=lambda entry: (not entry.beyond, entry.ref))


def dead(endpoints: Sequence[Endpoint], options: Options) -> list[Budget]:
    """The budgets that mean no endpoint: a route that is no more, or a slip of the pen."""
    alive = {table for endpoint in endpoints for table in _held(endpoint, options)}
    tables = dict.fromkeys(table for each in (options, *options.parts.values()) for table in each.budget)
    return [table for table in tables if table not in alive and not table.above]


def _held(endpoint: Endpoint, options: Options) -> list[Budget]:
    return [table for table in options.at(endpoint.file).budget if budgets.fits(table, endpoint)]


def freeze(
    root: Path, endpoints: Sequence[Endpoint], config: Config, *, loosen: bool = False
) -> list[Freezing]:
    """Today's costs as budgets, in the files that configure the endpoints, one or several; nothing is written yet.

    What was frozen before and is tighter stays, unless `loosen`; budgets outside the frozen parts are left alone.
    """
    by_file: dict[Path, list[Endpoint]] = {}
    for endpoint in sorted(endpoints, key=lambda entry: (entry.path, entry.method, entry.file)):
        by_file.setdefault(_configuring(root, config.at(endpoint.file)), []).append(endpoint)
    return [_frozen_in(place, root, found, loosen=loosen) for place, found in by_file.items()]


def _configuring(root: Path, config: Config) -> Path:
    """The file that holds the configuration in force; where there is none, the one to begin."""
    if config.source:
        return Path(os.path.normpath(root / config.source))
    return root / FILE if (root / FILE).is_file() or not (root / PYPROJECT).is_file() else root / PYPROJECT


def _frozen_in(place: Path, root: Path, endpoints: Sequence[Endpoint], *, loosen: bool) -> Freezing:
    text = place.read_text(encoding="utf-8-sig") if place.is_file() else ""
    folder = place.parent if place.name == PYPROJECT else place.parent.parent
    # What stands further out is for other projects too: there a route alone does not say whose it is.
    is_outer = folder != root and root.is_relative_to(folder)
    before, inside, after = _parts(text, place)
    old = _frozen(inside)
    seen = [
        msgspec.structs.replace(each, file=Path(os.path.relpath(root / each.file, folder)).as_posix())
        for each in endpoints
    ]
    alike = Counter(
        _ref(each) for each in {(each.method, each.path, each.file): each for each in seen}.values()
    )
    groups: dict[tuple[str, str | None], list[Endpoint]] = {}
    for endpoint in seen:
        told = alike[_ref(endpoint)] > 1 or is_outer
        known = [each for each in old if budgets.fits(each, endpoint)]
        if told and len(known) == 1 and known[0].file is None and alike[_ref(endpoint)] == 1:
            told = False
        groups.setdefault((_ref(endpoint), endpoint.file if told else None), []).append(endpoint)
    made: list[Budget] = []
    kept = 0
    for (match, file), members in groups.items():
        olds = [each for each in old if any(budgets.fits(each, endpoint) for endpoint in members)]
        costs = [endpoint.cost for endpoint in members]
        budget = msgspec.structs.replace(budgets.frozen(costs, match, olds, loosen=loosen), file=file)
        kept += sum(any(budgets.broken_by(cost, budget)) for cost in costs)
        made.append(budget)
    others = [each for each in old if not any(budgets.fits(each, endpoint) for endpoint in seen)]
    if is_outer:
        ours = root.relative_to(folder).as_posix()
        made += [each for each in others if not (each.file or "").startswith(f"{ours}/")]
    return Freezing(place, _whole(place, before, made, after), len(seen), kept)


def _ref(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def _whole(place: Path, before: str, made: Sequence[Budget], after: str) -> str:
    table = "[[budget]]" if place.name != PYPROJECT else "[[tool.fastperf.budget]]"
    written = "\n".join(_toml(budget, table) for budget in made)
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
    if len(whole.encode()) > MAX_BYTES:
        raise ValueError(
            f"{place.name} would be larger than {MAX_BYTES // 1024} kB with {len(made)} budgets, and then not be read;"
            " nothing was written"
        )
    return whole


def _parts(text: str, place: Path) -> tuple[str, str, str]:
    """What stands before, in and after the frozen part."""
    before, begin, rest = text.partition(BEGIN)
    if not begin:
        return text, "", ""
    inside, end, after = rest.partition(END)
    if not end:  # whatever follows may be somebody else's
        raise ValueError(
            f"{place.name}: put the line `{END}` back where the frozen costs end; nothing was written"
        )
    return before, inside, after


def _frozen(text: str) -> list[Budget]:
    try:
        document = tomllib.loads(text)
    except ValueError:  # a number of thousands of digits is no TOMLDecodeError
        return []
    tables = document.get("budget") or document.get("tool", {}).get("fastperf", {}).get("budget", [])
    return msgspec.convert(tables, list[Budget])


def _toml(budget: Budget, table: str) -> str:
    lines = [table, f"match = {_quoted(budget.match)}"]
    if budget.file is not None:
        lines.append(f"file = {_quoted(budget.file)}")
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


def as_json(found: Sequence[BudgetRow], unused: Sequence[Budget] = ()) -> str:
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
        "unused": [table.match for table in unused],
    }
    return msgspec.json.format(msgspec.json.encode(contract), indent=2).decode() + "\n"


def as_text(found: Sequence[BudgetRow], unused: Sequence[Budget] = ()) -> Group:
    if not found and not unused:
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
    lines = [Text(told, "bold")] if found else []
    if unused:
        named = ", ".join(dict.fromkeys(visible(table.match) for table in unused))
        lines.append(Text(f"No endpoint fits: {named}", "yellow"))
    return Group(table, Text(), *lines)
