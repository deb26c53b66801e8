"""Load against response time of the endpoints of a change, as SVG: where each one's curve goes up, before and after.

The curve is that of a queue at the endpoint's first limit (`rules.engine.costs.capacity`): flat for long, then a wall.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from markupsafe import Markup, escape

from app.review.costs import EndpointChange
from app.review.record import Record
from rules.engine.costs import capacity
from rules.engine.costs.capacity import Capacity, Site
from rules.engine.costs.estimates import number
from rules.engine.finding import Cost, Endpoint
from rules.engine.reading.paths import nearest

MOST: Final = 6
MOST_OTHERS: Final = 40
WIDTH, HEIGHT, LEFT, BOTTOM = 420, 150, 46, 24
STEPS: Final = 48
_CEILING: Final = 0.97
"""The last share of its ceiling that a curve is drawn at: above it the time is endless."""


class Curve(NamedTuple):
    """One endpoint's drawing, with what it says in words."""

    name: str
    drawing: Markup
    words: str


def curves(record: Record) -> list[Curve]:
    """Drawings of the endpoints whose cost moved, those that grew most first."""
    site = record.site
    if site is None:
        return []
    return [_curve(change, nearest(record.sites, change.file, site)) for change in _moved(record)[:MOST]]


def _moved(record: Record) -> list[EndpointChange]:
    return [
        change for change in record.endpoints if change.after is not None and change.before != change.after
    ]


def others(record: Record) -> list[Curve]:
    """Drawings of the endpoints that cost what they did, those that take least first."""
    site = record.site
    if site is None:
        return []
    drawn = {change.ref for change in _moved(record)[:MOST]}
    ceilings = capacity.capacities(
        (
            _endpoint(change, change.after)
            for change in (*record.endpoints, *record.standing)
            if change.after is not None and change.ref not in drawn
        ),
        lambda endpoint: nearest(record.sites, endpoint.file, site),
    )
    return of_ceilings(ceilings[:MOST_OTHERS])


def of_ceilings(ceilings: Sequence[Capacity], wanted: float = 0.0) -> list[Curve]:
    """A drawing for each endpoint, with a line at the load in question."""
    return [
        Curve(
            each.name,
            load_and_latency(None, each, each.wanted or wanted),
            f"at most {number(each.ceiling)} requests/s ({each.limits[0].resource})",
        )
        for each in ceilings
    ]


def _curve(change: EndpointChange, site: Site) -> Curve:
    before, after = _capacity(change, change.before, site), _capacity(change, change.after, site)
    told = [each for each in (before, after) if each is not None]
    words = [
        f"{name}at most {number(each.ceiling)} requests/s ({each.limits[0].resource})"
        for name, each in _named(told)
    ]
    return Curve(str(change.ref), load_and_latency(before, after), "; ".join(words))


def _named(told: Sequence[Capacity]) -> list[tuple[str, Capacity]]:
    return [("", told[0])] if len(told) == 1 else list(zip(("before ", "after "), told, strict=True))


def _capacity(change: EndpointChange, cost: Cost | None, site: Site) -> Capacity | None:
    if cost is None:
        return None
    return capacity.capacity(_endpoint(change, cost), site)


def _endpoint(change: EndpointChange, cost: Cost) -> Endpoint:
    return Endpoint(change.method, change.path, change.file, change.line, change.runs_on, cost)


def load_and_latency(before: Capacity | None, after: Capacity | None, wanted: float = 0.0) -> Markup:
    """Both axes are logarithmic: requests per second, and milliseconds. `wanted` is a load to mark."""
    told = [each for each in (before, after) if each is not None]
    if not told:
        return Markup()
    least_load = min(each.ceiling for each in told) / 30
    most_load = max([wanted, *(each.ceiling for each in told)])
    least_load = min(least_load, wanted or least_load)
    least = min(each.response_ms for each in told) / 1.3
    most = max(each.response_ms for each in told) / (1 - _CEILING)

    def x(load: float) -> float:
        return LEFT + (WIDTH - LEFT - 6) * math.log(load / least_load) / math.log(most_load / least_load)

    def y(milliseconds: float) -> float:
        return (HEIGHT - BOTTOM) * (1 - math.log(milliseconds / least) / math.log(most / least)) + 4

    parts = []
    for kind, each in (("before", before), ("after", after)):
        if each is None:
            continue
        loads = [
            least_load * (each.ceiling * _CEILING / least_load) ** (step / STEPS) for step in range(STEPS + 1)
        ]
        points = " ".join(f"{x(load):.1f},{y(each.latency_ms(load)):.1f}" for load in loads)
        parts.append(f'<polyline class="{kind}" points="{points}" fill="none"/>')
    if wanted:
        parts.append(f'<path class="wanted" d="M{x(wanted):.1f} 2 V{HEIGHT - BOTTOM + 6}" fill="none"/>')
    parts += [
        f'<text x="{LEFT - 4}" y="{y(each) + 4:.0f}" text-anchor="end">{number(each)}</text>'
        for each in (least * 1.3, math.sqrt(least * most), most / 1.1)
    ]
    for load in (least_load, math.sqrt(least_load * most_load), most_load):
        anchor = "start" if load == least_load else "end" if load == most_load else "middle"
        parts.append(f'<text x="{x(load):.0f}" y="{HEIGHT - 6}" text-anchor="{anchor}">{number(load)}</text>')
    axes = f'<path class="axis" d="M{LEFT} 2 V{HEIGHT - BOTTOM + 6} H{WIDTH - 4}" fill="none"/>'
    label = escape(f"response time in milliseconds against requests per second, up to {number(most_load)}")
    return Markup(  # noqa: S704 - numbers and names of ours
        f'<svg class="load" role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}"'
        f' height="{HEIGHT}">{axes}{"".join(parts)}</svg>'
    )
