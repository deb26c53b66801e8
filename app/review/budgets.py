"""The budgets of a change's endpoints, for its summary."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.review.costs import EndpointChange
from rules.engine import budgets
from rules.engine.finding import Budget, Endpoint, EndpointRef, Options, Result


class BudgetRow(msgspec.Struct, frozen=True):
    """One endpoint against all budgets that fit it."""

    ref: EndpointRef
    allowed: str
    beyond: tuple[str, ...]
    """What breaks them; empty when they hold."""


def held(changes: Sequence[EndpointChange], after: Result, options: Options) -> tuple[BudgetRow, ...]:
    """Rows for the endpoints among `changes` that have a budget, broken ones first."""
    touched = {change.ref for change in changes if change.after is not None}
    rows = [
        row(endpoint, fitting)
        for endpoint in after.endpoints
        if EndpointRef(endpoint.method, endpoint.path) in touched
        and (
            fitting := [table for table in options.at(endpoint.file).budget if budgets.fits(table, endpoint)]
        )
    ]
    return tuple(sorted(rows, key=lambda entry: (not entry.beyond, entry.ref)))


def row(endpoint: Endpoint, fitting: Sequence[Budget]) -> BudgetRow:
    return BudgetRow(
        EndpointRef(endpoint.method, endpoint.path),
        "; ".join(dict.fromkeys(words(table) for table in fitting)),
        tuple(
            dict.fromkeys(what for table in fitting for what, _ in budgets.broken_by(endpoint.cost, table))
        ),
    )


def words(table: Budget) -> str:
    """`queries ≤ 5, external calls ≤ 1, never blocks`."""
    parts = [
        f"{name} ≤ {getattr(table, attribute)}"
        for attribute, name in budgets.KINDS.items()
        if getattr(table, attribute) is not None
    ]
    if table.blocks is False:
        parts.append("never blocks")
    return ", ".join(parts) or "nothing is bounded"
