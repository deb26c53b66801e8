"""Costs as polynomials in the sizes of loops: `2 + 3N`, where N is how many `orders` there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

Term: TypeAlias = tuple[str, ...]
"""The loops around: `()` for a constant, `("orders",)`, `("items", "orders")` for nested ones."""
Polynomial: TypeAlias = Mapping[Term, int]
"""How often for each term. An empty one is zero."""

ZERO: Polynomial = {}
ONE: Polynomial = {(): 1}
UNNAMED = ""
"""The size of a loop over something that has no name."""

_MAX_DEGREE = 4
_MAX_TERMS = 12
_MOST = 10**9
LETTERS = "NMKLPQ"
_MOST_TERMS = 3
"""Of a written cost: of more, those that grow most are told."""
_TOLD = 2
POWERS = {"²": 2, "³": 3, "⁴": 4}
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"


def add(left: Polynomial, right: Polynomial) -> Polynomial:
    if not left:
        return right
    if not right:
        return left
    total = dict(left)
    for term, factor in right.items():
        total[term] = total.get(term, 0) + factor
    return total if len(total) <= _MAX_TERMS else _merged(total)


def total(values: Iterable[Polynomial]) -> Polynomial:
    found = ZERO
    for value in values:
        found = add(found, value)
    return found


def _merged(value: Polynomial) -> Polynomial:
    """With one name for all loops: too many to tell apart."""
    found: dict[Term, int] = {}
    for term, factor in value.items():
        short = (UNNAMED,) * len(term)
        found[short] = found.get(short, 0) + factor
    return found


def times(value: Polynomial, loop: str) -> Polynomial:
    """`value` once for each turn of `loop`: a name, or `=5`."""
    if loop[:1] == "=":
        return {term: min(factor * int(loop[1:]), _MOST) for term, factor in value.items()}
    return {
        tuple(sorted((*term, loop))) if len(term) < _MAX_DEGREE else term: factor
        for term, factor in value.items()
    }


def degrees(value: Polynomial) -> tuple[int, ...]:
    """The factors by degree, the highest first: comparable when all loops are long."""
    found = [0] * (_MAX_DEGREE + 1)
    for term, factor in value.items():
        found[_MAX_DEGREE - len(term)] += factor
    return tuple(found)


def exceeds(left: Polynomial, right: Polynomial) -> bool:
    """Whether it is more when loops are long."""
    return degrees(left) > degrees(right)


def larger(left: Polynomial, right: Polynomial) -> Polynomial:
    return right if exceeds(right, left) else left


def minus(left: Polynomial, right: Polynomial) -> Polynomial:
    """What `left` has more, term by term."""
    return {term: factor - right.get(term, 0) for term, factor in left.items() if factor > right.get(term, 0)}


def grows(value: Polynomial) -> bool:
    """Whether it depends on the size of something."""
    return any(term and factor for term, factor in value.items())


def letters(*values: Polynomial) -> dict[str, str]:
    """A letter for each size in `values`, in the order in which they are read when `values` are written out."""
    names = dict.fromkeys(name for value in values for term in sorted(value, key=len) for name in term)
    return {name: LETTERS[min(position, len(LETTERS) - 1)] for position, name in enumerate(names)}


def written(value: Polynomial, sizes: Mapping[str, str] | None = None) -> str:
    """`2 + 3N`, `N² + NM`, `0`; `sizes` are the letters to write."""
    sizes = letters(value) if sizes is None else sizes
    factors: dict[tuple[int, str], int] = {}
    for term, factor in value.items():
        key = len(term), _product(sorted((sizes[name] for name in term), key=LETTERS.index))
        factors[key] = factors.get(key, 0) + factor
    terms = [
        product if product and factor == 1 else f"{factor}{product}"
        for (_, product), factor in sorted(factors.items(), key=_order)
        if factor
    ]
    return " + ".join(terms) or "0"


def brief(cost: str) -> str:
    """What a written cost comes to: whole where it is short, else the terms that grow most and how many more there are,
    `28N + 13K and 4 more terms`."""
    parts = cost.split(" + ")
    if len(parts) <= _MOST_TERMS:
        return cost
    steepest = max(map(_degree, parts))
    told = sorted((part for part in parts if _degree(part) == steepest), key=lambda part: -_factor(part))[
        :_TOLD
    ]
    return f"{' + '.join(part for part in parts if part in told)} and {len(parts) - len(told)} more terms"


def _degree(term: str) -> int:
    letters = sum(character.isalpha() for character in term)
    return letters + sum((power - 1) * term.count(sign) for sign, power in POWERS.items())


def _factor(term: str) -> int:
    return int(term[: len(term) - len(term.lstrip("0123456789"))] or 1)


def _order(item: tuple[tuple[int, str], int]) -> tuple[int, list[int]]:
    (degree, product), _ = item
    return degree, [LETTERS.index(letter) for letter in product if letter in LETTERS]


def _product(names: list[str]) -> str:
    return "·".join(
        name if names.count(name) == 1 else f"{name}{_SUPERSCRIPTS[names.count(name)]}"
        for name in dict.fromkeys(names)
    )
