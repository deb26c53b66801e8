"""What `fastperf scale` says: the ceiling of each endpoint, what saturates first, what to change for a load."""

from __future__ import annotations

import math
from typing import Final, Literal

import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from app.terminal import visible
from rules.engine import estimates
from rules.engine.capacity import BUSY, Capacity, Limit, Site

SHOWN: Final = 25
COLUMNS: Final[tuple[tuple[str, Literal["left", "right"], int | None], ...]] = (
    ("endpoint", "left", None),
    ("at most", "right", 9),
    ("saturates first", "left", 15),
    ("next", "left", 26),
    ("alone", "right", 9),
)
"""Heading, where its cells stand, and the cells below which it is not squeezed."""
_EFFORT = {"minutes": 1, "hours": 3, "days": 9}


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoints at a load. `wanted` is in requests per second for each endpoint; 0 asks for ceilings alone."""

    site: Site
    capacities: tuple[Capacity, ...]
    wanted: float = 0.0

    @property
    def short(self) -> tuple[Capacity, ...]:
        """Endpoints that would run out, or too hot, at the wanted load."""
        return tuple(entry for entry in self.capacities if self.wanted and entry.below(self.wanted))

    def changes(self) -> list[tuple[str, str, int, float]]:
        """(what to do, resource, endpoints it helps, factor that is missing), by effect per effort."""
        found: dict[tuple[str, str], list[tuple[Limit, float]]] = {}
        for entry in self.short:
            for limit in entry.below(self.wanted):
                missing = self.wanted / (limit.rps * BUSY)
                found.setdefault((limit.change, limit.resource), []).append((limit, missing))
        ranked = [
            (change, resource, len(limits), max(missing for _, missing in limits), limits[0][0])
            for (change, resource), limits in found.items()
        ]
        ranked.sort(key=lambda row: (-row[2] * math.log1p(row[3]) / _EFFORT[row[4].effort], row[0]))
        return [(change, resource, count, missing) for change, resource, count, missing, _ in ranked]

    def contract(self) -> dict[str, object]:
        """As `--output-format json` prints it."""
        return {
            "version": 1,
            "site": {key: value for key, value in msgspec.to_builtins(self.site).items() if key != "known"},
            "wanted_rps": self.wanted or None,
            "endpoints": [
                {
                    "method": entry.method,
                    "path": entry.path,
                    "file": entry.file,
                    "line": entry.line,
                    "ceiling_rps": round(entry.ceiling, 1),
                    "response_ms": round(entry.response_ms, 2),
                    "limits": [
                        {**msgspec.to_builtins(limit), "rps": round(limit.rps, 1)} for limit in entry.limits
                    ],
                    "assumptions": entry.assumptions,
                }
                for entry in self.capacities
            ],
            "changes": [
                {
                    "change": change,
                    "resource": resource,
                    "endpoints": count,
                    "short_by_factor": round(missing, 2),
                }
                for change, resource, count, missing in self.changes()
            ],
        }


def as_json(plan: Plan) -> str:
    return msgspec.json.format(msgspec.json.encode(plan.contract()), indent=2).decode() + "\n"


def as_text(plan: Plan) -> Group:
    """A table of the tightest endpoints; with a load also what to change."""
    if not plan.capacities:
        return Group(Text("No endpoints were found."))
    table = Table(box=None, pad_edge=False)
    for heading in ("endpoint", "at most", "saturates first", "next", "alone"):
        table.add_column(
            heading, justify="right" if heading in ("at most", "alone") else "left", no_wrap=True
        )
    for entry in plan.capacities[:SHOWN]:
        first = entry.limits[0]
        following = entry.limits[1] if len(entry.limits) > 1 else None
        hot = bool(plan.wanted and entry.below(plan.wanted))
        table.add_row(
            Text(visible(f"{entry.method} {entry.path}"), "bold red" if hot else "bold"),
            f"{estimates.number(entry.ceiling)}/s",
            first.resource,
            f"{following.resource} at {estimates.number(following.rps)}/s" if following else "",
            f"{estimates.number(entry.response_ms)} ms",
        )
    parts: list[Text | Table] = [table]
    if (more := len(plan.capacities) - SHOWN) > 0:
        parts.append(Text(f"{more} more endpoints take more; --output-format json has all", "dim"))
    parts.append(Text())
    tightest = plan.capacities[0]
    parts.append(
        Text(f"{tightest.method} {tightest.path}: {tightest.limits[0].formula} = ", "dim").append(
            f"{estimates.number(tightest.ceiling)} requests/s"
        )
    )
    if plan.wanted:
        parts += _changes(plan)
    parts.append(Text(_resting_on(plan), "dim"))
    return Group(*parts)


def _changes(plan: Plan) -> list[Text | Table]:
    wanted = estimates.number(plan.wanted)
    if not plan.short:
        return [Text(f"Every endpoint by itself takes {wanted} requests/s.", "green")]
    told: list[Text | Table] = [
        Text(
            f"{len(plan.short)} of {len(plan.capacities)} endpoints cannot take {wanted} requests/s"
            f" with a fifth in reserve:",
            "bold",
        )
    ]
    for number, (change, resource, count, missing) in enumerate(plan.changes(), start=1):
        helped = "1 endpoint" if count == 1 else f"{count} endpoints"
        told.append(Text(f" {number}. {change} ({resource}: {helped}, short by a factor of {missing:.1f})"))
    return told


def _resting_on(plan: Plan) -> str:
    """The figures' assumptions, with how to replace them."""
    assumed: dict[str, float] = {}
    for entry in plan.capacities:
        assumed |= entry.assumptions
    if not assumed:
        return "Estimated from the code and [tool.fastperf.context]."
    listed = ", ".join(f"{key} = {value:g}" for key, value in assumed.items())
    return f"Estimated; assumes {listed}. Put the real values into [tool.fastperf.context]."
