"""Costs as they are read: as words, and as numbers to order by."""

from __future__ import annotations

import re
from collections import Counter

from rules.engine.finding import Cost

UNKNOWN_SIZE = 100.0
"""What N counts for when costs are ordered; never printed."""
_FACTOR = re.compile(r"\d+(?:\.\d+)?|[A-Za-z]\w*")
_POWERS = {"²": 2, "³": 3, "⁴": 4}


def weigh(cost: str) -> float:
    """A polynomial such as `2 + 3N` with every unknown size as 100. Only for ordering; text we cannot read is 0."""
    total = 0.0
    for term in cost.split("+"):
        factors = _FACTOR.findall(term)
        if not factors:
            continue
        product = 1.0
        for factor in factors:
            product *= min(float(factor), 1e9) if factor[0].isdigit() else UNKNOWN_SIZE
        for sign, power in _POWERS.items():
            product *= UNKNOWN_SIZE ** ((power - 1) * term.count(sign))
        total += product
    return total


def terms(cost: str) -> Counter[str]:
    """How often each product of sizes occurs in a polynomial: `2 + 3N` is twice the empty one and three times `N`."""
    found: Counter[str] = Counter()
    for term in cost.split(" + "):
        product = term.lstrip("0123456789")
        found[product] += int(term.removesuffix(product) or 1)
    return +found


def price(cost: Cost | None) -> float:
    """One number for a whole cost, for ordering only; nothing for an endpoint that is not there."""
    if cost is None:
        return 0.0
    numbers = weigh(cost.queries) + weigh(cost.external_calls) + weigh(cost.serial_waits)
    return numbers + 1e6 * len(cost.blocking) + 1e5 * cost.unbounded
