"""Endpoint costs before and after, and how much they moved."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from app.review.diff import Diff
from rules.engine.finding import Cost, Endpoint, EndpointRef, Result

_UNKNOWN_SIZE = 100.0
"""What N counts for when costs are ordered; never printed."""
_FACTOR = re.compile(r"\d+(?:\.\d+)?|[A-Za-z]\w*")
_POWERS = {"²": 2, "³": 3}


class EndpointChange(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint in both trees. `before` is null for a new one, `after` for one that is gone."""

    method: str
    path: str
    before: Cost | None
    after: Cost | None
    file: str = ""
    line: int = 0
    previous: EndpointRef | None = None
    """Method and path at the merge base when the same handler was reached by another route."""

    @property
    def ref(self) -> EndpointRef:
        return EndpointRef(self.method, self.path)

    @property
    def changed(self) -> bool:
        return self.before != self.after or self.previous is not None

    def contract(self) -> dict[str, Any]:
        """As `review --output-format json` prints it."""
        return {
            "method": self.method,
            "path": self.path,
            "before": msgspec.to_builtins(self.before),
            "after": msgspec.to_builtins(self.after),
        }


def compare(before: Result, after: Result, diff: Diff) -> tuple[EndpointChange, ...]:
    """Endpoints whose cost or route moved, or whose handler's file changed; the dearest growth first.

    Same method and path are the same endpoint; of the rest, same handler (`symbol`) and method are a moved one.
    """
    old = {(endpoint.method, endpoint.path): endpoint for endpoint in before.endpoints}
    new = {(endpoint.method, endpoint.path): endpoint for endpoint in after.endpoints}
    changes: list[EndpointChange] = []
    gone = {key: endpoint for key, endpoint in old.items() if key not in new}
    for key, endpoint in new.items():
        partner = old.get(key)
        previous = None
        if partner is None:
            partner = _moved(endpoint, gone.values())
            if partner is not None:
                del gone[partner.method, partner.path]
                previous = EndpointRef(partner.method, partner.path)
        change = EndpointChange(
            method=endpoint.method,
            path=endpoint.path,
            before=partner.cost if partner else None,
            after=endpoint.cost,
            file=endpoint.file,
            line=endpoint.line,
            previous=previous,
        )
        if change.changed or endpoint.file in diff.files:
            changes.append(change)
    changes += [
        EndpointChange(
            method=endpoint.method, path=endpoint.path, before=endpoint.cost, after=None, file=endpoint.file
        )
        for endpoint in gone.values()
    ]
    return tuple(sorted(changes, key=lambda change: (not change.changed, -growth(change), change.ref)))


def _moved(endpoint: Endpoint, gone: Iterable[Endpoint]) -> Endpoint | None:
    if not endpoint.symbol:
        return None
    return next(
        (old for old in gone if old.symbol == endpoint.symbol and old.method == endpoint.method), None
    )


def weigh(cost: str) -> float:
    """A polynomial such as `2 + 3N` with every unknown size as 100. Only for ordering; text we cannot read is 0."""
    total = 0.0
    for term in cost.split("+"):
        factors = _FACTOR.findall(term)
        if not factors:
            continue
        product = 1.0
        for factor in factors:
            product *= min(float(factor), 1e9) if factor[0].isdigit() else _UNKNOWN_SIZE
        for sign, power in _POWERS.items():
            product *= _UNKNOWN_SIZE ** ((power - 1) * term.count(sign))
        total += product
    return total


def growth(change: EndpointChange) -> float:
    """How much dearer the endpoint became; blocking the loop outweighs any number of queries."""
    return price(change.after) - price(change.before)


def price(cost: Cost | None) -> float:
    """One number for a whole cost, for ordering only; nothing for an endpoint that is not there."""
    if cost is None:
        return 0.0
    numbers = weigh(cost.queries) + weigh(cost.external_calls) + weigh(cost.serial_waits)
    return numbers + 1e6 * len(cost.blocking) + 1e5 * cost.unbounded
