"""Small drawings as SVG, made on the server. Text in them is escaped; colours come from the page's style."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup, escape

from rules.engine.finding import Hop

BAR: Final = 120
HEIGHT: Final = 9
GAP: Final = 3
LINE_HEIGHT: Final = 30
DOT: Final = 3

WIDE: Final = 340
"""As wide as a small telephone shows without shrinking the letters."""
LINE: Final = 17
PAD: Final = 10
ARROW: Final = 22
LETTERS: Final = 42
"""Of the path's font in one line of a box."""
MOST_STARTS: Final = 3


def before_and_after(before: float | None, after: float | None, longest: float) -> Markup:
    """Two bars above one another on a logarithmic scale; the second is coloured by whether it grew.

    None stands for an endpoint that is not there: it has no bar, and nothing to be better or worse than. The figures
    stand beside the bars in words, so readers of the page are not told twice.
    """
    kind = (
        "new"
        if before is None or after is None
        else "same"
        if after == before
        else "worse"
        if after > before
        else "better"
    )
    bars = [(name, value) for name, value in (("before", before), (kind, after)) if value is not None]
    rows = "".join(
        f'<rect class="{name}" x="0" y="{number * (HEIGHT + GAP)}" width="{_length(value, longest):.1f}"'
        f' height="{HEIGHT}" rx="2"/>'
        for number, (name, value) in enumerate(bars)
    )
    height = len(bars) * (HEIGHT + GAP) - GAP
    return Markup(  # noqa: S704 - numbers and names of ours
        f'<svg class="bars" aria-hidden="true" viewBox="0 0 {BAR} {height}"'
        f' width="{BAR}" height="{height}">{rows}</svg>'
    )


def line_of(values: Sequence[float | None]) -> Markup:
    """A figure after each merged change, as steps on a scale of their own; the last one is this change's.

    None stands for an endpoint that was not there. In words the steps stand in a list beside it. Nothing is drawn for
    what never moved.
    """
    known = [value for value in values if value is not None]
    if len(set(known)) < 2:
        return Markup()
    longest = max(known)
    each = (BAR - 2 * DOT) / max(1, len(values) - 1)
    spots = [
        (DOT + number * each, LINE_HEIGHT - DOT - (LINE_HEIGHT - 2 * DOT) * _share(value, longest))
        for number, value in enumerate(values)
        if value is not None
    ]
    (x, y), *rest = spots
    path = f"M{x:.1f} {y:.1f}" + "".join(f" H{x:.1f} V{y:.1f}" for x, y in rest)
    kind = "worse" if known[-1] > known[-2] else "better" if known[-1] < known[-2] else "same"
    x, y = spots[-1]
    return Markup(  # noqa: S704 - numbers and names of ours
        f'<svg class="line" aria-hidden="true" viewBox="0 0 {BAR} {LINE_HEIGHT}" width="{BAR}"'
        f' height="{LINE_HEIGHT}"><path d="{path}" fill="none"/>'
        f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{DOT}"/></svg>'
    )


def path_graph(hops: Sequence[Hop], starts: Sequence[str], leaf: str) -> Markup:
    """The way of a call, from the endpoints that take it down to what it reaches in the end; one box a hop."""
    boxes: list[tuple[str, list[str], str]] = []
    shown = list(starts[:MOST_STARTS])
    if len(starts) > MOST_STARTS:
        shown.append(f"and {len(starts) - MOST_STARTS} more endpoints")
    if shown:
        boxes.append(("first", [line for start in shown for line in _wrapped(start)], ""))
    boxes += [("hop", _wrapped(hop.symbol or hop.path), f"{hop.path}:{hop.line}") for hop in hops]
    if leaf and (not hops or hops[-1].symbol != leaf):
        boxes.append(("hop", _wrapped(leaf), ""))
    if boxes:
        _, names, place = boxes[-1]
        boxes[-1] = ("last", names, place)
    parts: list[str] = []
    y = 1
    for number, (kind, names, place) in enumerate(boxes):
        lines = [(name, "") for name in names] + ([(_cut(place), ' class="place"')] if place else [])
        height = 2 * PAD + LINE * len(lines) - 4
        parts.append(f'<rect class="{kind}" x="1" y="{y}" width="{WIDE - 2}" height="{height}" rx="6"/>')
        parts += [
            f'<text x="12" y="{y + PAD + LINE * (row + 1) - 6}"{style}>{escape(text)}</text>'
            for row, (text, style) in enumerate(lines)
        ]
        y += height
        if number + 1 < len(boxes):
            parts.append(
                f'<path d="M24 {y} v{ARROW - 3} m-5 -6 l5 6 l5 -6" fill="none" stroke="currentColor"/>'
            )
            y += ARROW
    label = escape("call path: " + " to ".join(" ".join(names) for _, names, _ in boxes))
    return Markup(  # noqa: S704 - everything that is not ours is escaped above
        f'<svg class="path" role="img" aria-label="{label}" viewBox="0 0 {WIDE} {y + 1}"'
        f' width="{WIDE}" height="{y + 1}">{"".join(parts)}</svg>'
    )


def _length(value: float, longest: float) -> float:
    return max(3.0, BAR * share) if (share := _share(value, longest)) else 1.0


def _share(value: float, longest: float) -> float:
    """Of the longest, on a logarithmic scale."""
    return math.log1p(value) / math.log1p(longest) if value > 0 and longest > 0 else 0.0


def _wrapped(name: str, most: int = 2) -> list[str]:
    """A name on at most two lines, broken behind a dot or a slash where that is possible."""
    lines: list[str] = []
    while len(name) > LETTERS and len(lines) + 1 < most:
        head = name[:LETTERS]
        at = max(head.rfind("."), head.rfind("/"), head.rfind(" ")) + 1
        at = at if at > LETTERS // 3 else LETTERS
        lines.append(name[:at])
        name = name[at:]
    return [*lines, _cut(name)]


def _cut(text: str, most: int = LETTERS) -> str:
    return text if len(text) <= most else f"…{text[1 - most :]}"
