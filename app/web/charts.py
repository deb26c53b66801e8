"""Small drawings as SVG, made on the server. Text in them is escaped; colours come from the page's style."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

from rules.engine.finding import Hop

BAR = 220
HEIGHT = 14
BOX, GAP, LINE = 56, 22, 16
WIDE = 560


def before_and_after(before: float, after: float, longest: float) -> Markup:
    """Two bars above one another on a logarithmic scale; the second is coloured by whether it grew."""
    kind = "same" if after == before else "worse" if after > before else "better"
    rows = "".join(
        f'<rect class="{name}" x="0" y="{y}" width="{_length(value, longest):.1f}" height="{HEIGHT - 4}" rx="2"/>'
        for name, value, y in (("before", before, 0), (kind, after, HEIGHT))
    )
    label = f"before {_figure(before)}, after {_figure(after)}"
    return Markup(  # noqa: S704 - numbers and names of ours
        f'<svg class="bars" role="img" aria-label="{label}" viewBox="0 0 {BAR} {2 * HEIGHT}"'
        f' width="{BAR}" height="{2 * HEIGHT}">{rows}</svg>'
    )


def path_graph(hops: Sequence[Hop], start: str, leaf: str) -> Markup:
    """The way of a call from its endpoint down to what it reaches in the end, one box a hop."""
    boxes = [(start, "")] if start else []
    boxes += [(hop.symbol or hop.path, f"{hop.path}:{hop.line}") for hop in hops]
    if leaf and (not boxes or boxes[-1][0] != leaf):
        boxes.append((leaf, ""))
    height = len(boxes) * (BOX + GAP) - GAP
    parts = []
    for number, (name, place) in enumerate(boxes):
        y = number * (BOX + GAP)
        kind = "first" if number == 0 else "last" if number == len(boxes) - 1 else "hop"
        middle = y + BOX / 2 + (0 if place else 5)
        parts.append(
            f'<rect class="{kind}" x="1" y="{y + 1}" width="{WIDE - 2}" height="{BOX - 2}" rx="6"/>'
            f'<text x="14" y="{middle - (4 if place else 0):.0f}">{escape(_cut(name))}</text>'
        )
        if place:
            parts.append(f'<text class="place" x="14" y="{middle + LINE:.0f}">{escape(_cut(place))}</text>')
        if number + 1 < len(boxes):
            parts.append(
                f'<path d="M28 {y + BOX} v{GAP - 6} m-5 -6 l5 6 l5 -6" fill="none" stroke="currentColor"/>'
            )
    label = escape(" to ".join(_cut(name) for name, _ in boxes))
    return Markup(  # noqa: S704 - everything that is not ours is escaped above
        f'<svg class="path" role="img" aria-label="{label}" viewBox="0 0 {WIDE} {height}">{"".join(parts)}</svg>'
    )


def _length(value: float, longest: float) -> float:
    if value <= 0 or longest <= 0:
        return 1.0
    return max(3.0, BAR * math.log1p(value) / math.log1p(longest))


def _figure(value: float) -> str:
    return f"{value:g}"


def _cut(text: str, most: int = 74) -> str:
    return text if len(text) <= most else f"…{text[1 - most :]}"
