"""What `fastperf scale` says: the ceiling of each endpoint, what saturates first, what to change for a load."""

from __future__ import annotations

import math
from typing import Final, Literal

import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from app.printable import visible
from rules.engine.costs import estimates, load_plans
from rules.engine.costs.capacity import LOADS, Capacity, Site, Sockets

SHOWN: Final = 25
COLUMNS: Final[tuple[tuple[str, Literal["left", "right"], int | None], ...]] = (
    ("endpoint", "left", None),
    ("at most", "right", 9),
    ("saturates first", "left", 15),
    ("next", "left", 26),
    ("alone", "right", 9),
)
"""Heading, where its cells stand, and the cells below which it is not squeezed."""
LEAST: Final = 0.01
"""Requests per second below which a ceiling is not told in figures."""
DRAWN: Final = 6
"""Asked for so few endpoints, each is told from idle to its ceiling."""
_BLOCKS: Final = "▁▂▃▄▅▆▇█"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoints at their loads. `wanted` is that of endpoints of which nothing else is told, in requests per second; 0
    asks for ceilings alone."""

    site: Site
    capacities: tuple[Capacity, ...]
    websockets: tuple[Sockets, ...] = ()
    wanted: float = 0.0

    @property
    def short(self) -> tuple[Capacity, ...]:
        """Endpoints that would run out, or too hot, at their load."""
        return load_plans.short(self.capacities)

    def changes(self) -> list[load_plans.Change]:
        """What to do, by effect per effort."""
        return load_plans.changes(self.capacities)

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
                    "wanted_rps": entry.wanted or None,
                    "response_ms": round(entry.response_ms, 2),
                    "load": [
                        {"rps": round(rps, 2), "response_ms": round(milliseconds, 2)}
                        for rps, milliseconds in entry.loads()
                    ],
                    "limits": [
                        {**msgspec.to_builtins(limit), "rps": round(limit.rps, 1)} for limit in entry.limits
                    ],
                    "assumptions": entry.assumptions,
                    "standstill": entry.standstill or None,
                }
                for entry in self.capacities
            ],
            "websockets": [
                {**each._asdict(), "connections": each.connections or None} for each in self.websockets
            ],
            "changes": [
                {
                    "change": each.change,
                    "resource": each.resource,
                    "endpoints": each.endpoints,
                    "short_by_factor": round(each.missing, 2),
                    "worst": each.worst,
                }
                for each in self.changes()
            ],
        }


def as_json(plan: Plan) -> str:
    return msgspec.json.format(msgspec.json.encode(plan.contract()), indent=2).decode() + "\n"


def as_text(plan: Plan) -> Group:
    """A table of the tightest endpoints; with a load also what to change."""
    if not plan.capacities:
        return Group(Text("No endpoints were found."), *_staying(plan))
    table = Table(box=None, pad_edge=False)
    for heading, side, least in COLUMNS:
        table.add_column(heading, justify=side, no_wrap=True, min_width=least)
    for entry in plan.capacities[:SHOWN]:
        first = entry.limits[0]
        following = entry.limits[1] if len(entry.limits) > 1 else None
        hot = bool(entry.wanted and entry.below(entry.wanted))
        table.add_row(
            Text(visible(entry.name), "bold red" if hot else "bold"),
            _rate(entry.ceiling),
            first.resource,
            f"{following.resource} at {_rate(following.rps)}" if following else "",
            _time(entry.response_ms),
        )
    parts: list[Text | Table] = [table]
    if (more := len(plan.capacities) - SHOWN) > 0:
        parts.append(Text(f"{more} more endpoints take more; --output-format json has all", "dim"))
    parts.append(Text())
    tightest = plan.capacities[0]
    work = f" ({tightest.work})" if tightest.work else ""
    parts.append(
        Text(f"{tightest.name}: {tightest.limits[0].formula} = ", "dim").append(
            f"{_rate(tightest.ceiling)}{work}"
        )
    )
    if len(plan.capacities) <= DRAWN:
        parts += [Text(), _loads(plan)]
    if any(entry.wanted for entry in plan.capacities):
        parts += _changes(plan)
    parts += _staying(plan)
    parts += [Text(visible(line), "bold") for line in load_plans.standstills(plan.capacities)]
    parts.append(Text(_resting_on(plan), "dim"))
    return Group(*parts)


def _staying(plan: Plan) -> list[Text]:
    """The websockets, of which connections at once are the measure."""
    told = [each for each in plan.websockets if each.connections]
    lines = [
        Text(visible(f"WEBSOCKET {each.path}: at most {each.connections:,} clients at once: {each.formula}"))
        for each in told
    ]
    if free := len(plan.websockets) - len(told):
        lines.append(Text(f"{free} websockets: nothing in the code limits how many clients stay", "dim"))
    return lines


def as_html(plan: Plan) -> str:
    """One page with a drawing of load against response time for each endpoint."""
    from app.web import load_chart, pages

    return pages.render(
        "scale.html",
        plan=plan,
        changes=plan.changes(),
        curves=load_chart.of_ceilings(plan.capacities),
        number=estimates.number,
        resting_on=_resting_on(plan),
        load=load_plans.told(plan.capacities),
        standstills=load_plans.standstills(plan.capacities),
    )


def _loads(plan: Plan) -> Table:
    """Response time at shares of each ceiling, beside a curve of blocks."""
    table = Table(box=None, pad_edge=False)
    table.add_column("under load", overflow="fold", min_width=len("under load"))
    table.add_column("", no_wrap=True)
    for share in LOADS[1:-1]:
        table.add_column(f"at {share:.0%}", justify="right", no_wrap=True)
    for entry in plan.capacities:
        loads = entry.loads()
        table.add_row(
            Text(visible(entry.name)),
            "".join(_BLOCKS[_height(ms / entry.response_ms)] for _, ms in loads),
            *(f"{estimates.number(rps)}/s {_time(ms)}" for rps, ms in loads[1:-1]),
        )
    return table


def _rate(rps: float) -> str:
    """What hardly ever fits is not told by its digits: they rest on every collection having so many rows."""
    return f"{estimates.number(rps)}/s" if rps >= LEAST else f"< {LEAST:g}/s"


def _time(milliseconds: float) -> str:
    if milliseconds >= 600_000:
        return "> 10 min"
    if milliseconds >= 10_000:
        return f"{estimates.number(milliseconds / 1000)} s"
    return f"{estimates.number(milliseconds)} ms"


def _height(times: float) -> int:
    """Of a block, for a response so many times slower than alone: doubling is a step."""
    return min(len(_BLOCKS) - 1, round(1.7 * math.log2(times)))


def _changes(plan: Plan) -> list[Text | Table]:
    load = load_plans.told(plan.capacities)
    if not plan.short:
        return [Text(f"Every endpoint by itself takes {load}.", "green")]
    told: list[Text | Table] = [
        Text(
            f"{len(plan.short)} of {len(plan.capacities)} endpoints cannot take {load} with a fifth in reserve:",
            "bold",
        )
    ]
    told += [Text(visible(f" {number}. {each}")) for number, each in enumerate(plan.changes(), start=1)]
    return told


def _resting_on(plan: Plan) -> str:
    return load_plans.resting_on(plan.capacities, cores_are_known=bool(plan.site.cpus))
