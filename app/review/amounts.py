"""Costs as they are read: as words, and as numbers to order by."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeAlias, TypeVar

from rules.engine.costs.polynomials import LETTERS, POWERS, brief
from rules.engine.finding import Cost

WAITS = "waits in a row"
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
_Cell = TypeVar("_Cell")
UNKNOWN_SIZE = 100.0
"""What N counts for when costs are ordered; never printed."""
_FACTOR = re.compile(r"\d+(?:\.\d+)?|[A-Za-z]\w*")


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
        for sign, power in POWERS.items():
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


def moved(old: str, new: str) -> tuple[str, str]:
    """Two costs in brief. Where that would hide what differs, the terms that do."""
    told = brief(old), brief(new)
    if old == new or told[0].partition(" and ")[0] != told[1].partition(" and ")[0]:
        return told
    before, after = old.split(" + "), new.split(" + ")
    if sorted(before) == sorted(after):
        return told[1], told[1]
    gone = " + ".join(part for part in before if part not in after)
    come = " + ".join(part for part in after if part not in before)
    if not gone or not come:
        return told[0], f"the same + {brief(come)}" if come else f"the same without {brief(gone)}"
    same = len(set(before) & set(after))
    return brief(gone), f"{brief(come)}, and {same} terms as before" if same > 1 else brief(come)


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


def waits_for_each(cost: Cost) -> bool:
    """Whether each query and each call is waited for after the other: the number of waits says nothing more then."""
    return terms(cost.serial_waits) == terms(cost.queries) + terms(cost.external_calls)


def without_known_waits(
    titles: Sequence[str], rows: Iterable[Sequence[_Cell]], costs: Iterable[Cost]
) -> list[tuple[_Cell, ...]]:
    """The rows of a table of costs, without the column of waits where it says of none of them more than the others do."""
    if not all(map(waits_for_each, costs)):
        return [tuple(row) for row in rows]
    at = titles.index(WAITS)
    return [(*row[:at], *row[at + 1 :]) for row in rows]
