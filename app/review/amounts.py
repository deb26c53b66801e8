"""Costs as they are read: as words, and as numbers to order by."""

from __future__ import annotations

import re
from collections import Counter
from typing import TypeAlias

from rules.engine.costs.polynomials import LETTERS
from rules.engine.finding import Cost

MOST_TERMS = 3
"""Of a cost that grows in proportion: more are told by the largest."""
_NAMED = 2
_LONGEST_NAME = 40
_SAYS_NOTHING = frozenset(
    {
        "all",
        "enumerate",
        "exec",
        "execute",
        "fetch",
        "fetchall",
        "fetchmany",
        "get",
        "iter",
        "list",
        "mappings",
    }
    | {"partitions", "range", "scalars", "split", "stream", "zip"}
)
"""Names that tell how items are got, and not what they are."""
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


Sizes: TypeAlias = tuple[tuple[str, str], ...]
"""Letters of a cost and what they count; empty where that has no name."""


def brief(cost: str) -> str:
    """What a cost comes to: its steepest terms where there are powers, and where there are many; `…` stands for the
    rest, which adds to them: `Q³ + …`."""
    parts = cost.split(" + ")
    degrees = [_degree(part) for part in parts]
    if max(degrees) < 2 and len(parts) <= MOST_TERMS:
        return cost
    steepest = [part for part, degree in zip(parts, degrees, strict=True) if degree == max(degrees)]
    kept = sorted(steepest, key=lambda part: -_factor(part))[:_NAMED]
    told = [part for part in steepest if part in kept]
    return " + ".join([*told, "…"] if len(told) < len(parts) else told)


def moved(old: str, new: str) -> tuple[str, str]:
    """Two costs in brief. Where they would look the same and are not, the terms that differ; whole where one only lacks
    some."""
    told = brief(old), brief(new)
    if old == new or told[0] != told[1]:
        return told
    before, after = old.split(" + "), new.split(" + ")
    gone = [part for part in before if part not in after]
    come = [part for part in after if part not in before]
    if not gone or not come or len(before) <= MOST_TERMS:
        return old, new
    return " + ".join([*gone, "…"]), " + ".join([*come, "…"])


def named(sizes: Sizes, *told: str) -> list[tuple[str, str]]:
    """What the letters in these costs count, as far as that has a name."""
    names: dict[str, list[str]] = {}
    for letter, name in sizes:
        names.setdefault(letter, []).append(name)
    return [
        (letter, _short(counted[0]))
        for letter, counted in names.items()
        if len(counted) == 1
        and counted[0] not in ("", *_SAYS_NOTHING)
        and any(letter in each for each in told)
    ]


def aligned(old: str, sizes: Sizes, new: Sizes) -> str:
    """A former cost with the letters of the present one, where both count the same things."""
    letters = {name: letter for letter, name in new}
    if len(set(letters.values())) != len(new) or len({letter for letter, _ in sizes}) != len(sizes):
        return old  # one letter for several sizes
    free = (letter for letter in LETTERS if letter not in letters.values())
    now = {letter: letters.get(name) or next(free, letter) for letter, name in sizes}
    return "".join(now.get(character, character) for character in old)


def short_name(called: str) -> str:
    """What stops the event loop: `Session.execute` of `sqlalchemy.orm.Session.execute`, `open` of `builtins.open`; names
    without a class whole."""
    parts = called.removeprefix("builtins.").split(".")
    owner = next((at for at, part in enumerate(parts[:-1]) if part[:1].isupper()), 0)
    return ".".join(parts[owner:])


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _degree(term: str) -> int:
    letters = sum(character.isalpha() for character in term)
    return letters + sum((power - 1) * term.count(sign) for sign, power in _POWERS.items())


def _factor(term: str) -> int:
    return int(term[: len(term) - len(term.lstrip("0123456789"))] or 1)


def waits_for_each(cost: Cost) -> bool:
    """Whether each query and each call is waited for after the other: the number of waits says nothing more then."""
    return terms(cost.serial_waits) == terms(cost.queries) + terms(cost.external_calls)
