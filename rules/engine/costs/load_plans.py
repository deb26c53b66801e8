"""What to change for a load, ranked by effect per effort, and what the figures rest on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from rules.engine.costs import estimates
from rules.engine.costs.capacity import Capacity, Limit

MOST: Final = 1_000
"""A factor above which it is not told in figures: they rest on every collection having so many rows."""
_EFFORT = {"minutes": 1, "hours": 3, "days": 9}


class Change(NamedTuple):
    """One thing to do for a load."""

    change: str
    resource: str
    endpoints: int
    """So many it helps."""
    missing: float
    """The factor that the worst of them is short by."""
    worst: str

    def __str__(self) -> str:
        factor = estimates.number(self.missing) if self.missing <= MOST else f"more than {MOST:,}"
        short = f"short by a factor of {factor}"
        if self.endpoints == 1:
            return f"{self.change} ({self.resource}: {self.worst}, {short})"
        return f"{self.change} ({self.resource}: {self.endpoints} endpoints, {self.worst} {short})"


def loaded(ceilings: Iterable[Capacity], wanted: Callable[[Capacity], float]) -> tuple[Capacity, ...]:
    """The same at a load, in requests per second of each endpoint; 0 asks for its ceiling alone."""
    return tuple(msgspec.structs.replace(entry, wanted=wanted(entry)) for entry in ceilings)


def short(ceilings: Iterable[Capacity]) -> tuple[Capacity, ...]:
    """Endpoints that would run out, or too hot, at their load."""
    return tuple(entry for entry in ceilings if entry.wanted and entry.below(entry.wanted))


def told(ceilings: Iterable[Capacity]) -> str:
    """The load in words; empty when there is none."""
    loads = {entry.wanted for entry in ceilings if entry.wanted}
    if not loads:
        return ""
    return f"{estimates.number(loads.pop())} requests/s" if len(loads) == 1 else "their load"


def standstills(ceilings: Iterable[Capacity]) -> list[str]:
    """How requests may stop each other altogether, with the endpoints whose requests do."""
    found: dict[str, list[str]] = {}
    for entry in ceilings:
        if entry.standstill:
            found.setdefault(entry.standstill, []).append(entry.name)
    return [
        f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''} can stand still: {why}."
        for why, names in found.items()
    ]


def changes(ceilings: Iterable[Capacity]) -> list[Change]:
    """What to do, by effect per effort."""
    found: dict[tuple[str, str], list[tuple[float, str, Limit]]] = {}
    for entry in short(ceilings):
        for limit in entry.below(entry.wanted):
            place = limit.advice(entry.wanted), limit.resource
            missing = limit.missing(entry.wanted)
            found.setdefault(place, []).append((missing, entry.name, limit))
    ranked = []
    for (change, resource), limits in found.items():
        missing, worst, limit = max(limits, key=lambda each: each[0])
        effect = len(limits) * math.log1p(missing) / _EFFORT[limit.effort]
        ranked.append((-effect, Change(change, resource, len(limits), missing, worst)))
    return [change for _, change in sorted(ranked)]


def resting_on(ceilings: Sequence[Capacity], *, cores_are_known: bool = False) -> str:
    """The figures' assumptions, with how to replace them."""
    assumed: dict[str, float] = {}
    supposed: dict[str, None] = {}
    for entry in ceilings:
        assumed |= entry.assumptions
        supposed |= dict.fromkeys(entry.supposed)
    told = "Estimated from the code and [tool.fastperf.context]."
    if assumed:
        listed = ", ".join(f"{key} = {value:g}" for key, value in assumed.items())
        told = f"Estimated; assumes {listed}. Put the real values into [tool.fastperf.context]."
    besides = [*([] if cores_are_known else ["a core for each worker"]), *supposed]
    return f"{told} Besides: {', '.join(besides)}." if besides else told
