"""How many findings a project had at points of its history: whether it gets better."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from app.review.markdown import code, table
from rules.engine.finding import Confidence, Finding, Severity

WIDTH: Final = 24
"""Of the longest bar, in letters."""
TODAY: Final = "now"


class Point(msgspec.Struct, frozen=True):
    """A commit of the main line, or the working tree."""

    commit: str
    date: str
    counts: dict[Severity, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def counted(findings: Sequence[Finding]) -> dict[Severity, int]:
    """By severity, as an audit counts: what is merely possible is left out."""
    return dict(Counter(each.severity for each in findings if each.confidence != Confidence.POSSIBLE))


def today(findings: Sequence[Finding]) -> Point:
    """The files as they lie there."""
    return Point("", f"{datetime.now(UTC):%Y-%m-%d}", counted(findings))


def as_markdown(found: Sequence[Point]) -> str:
    """A table with a bar for each point, and what became of it."""
    shown = [severity for severity in Severity if any(point.counts.get(severity) for point in found)]
    most = max((point.total for point in found), default=0)
    rows = [
        [
            point.date,
            code(point.commit[:10]) if point.commit else TODAY,
            *(str(point.counts.get(severity, 0)) for severity in shown),
            str(point.total),
            "█" * round(WIDTH * point.total / most) if most else "",
        ]
        for point in found
    ]
    headings = ("date", "commit", *(str(severity) for severity in shown), "all", "")
    heads = ("---", "---", *("--:" for _ in shown), "--:", "---")
    return "\n\n".join(["#### Burn-down", table(headings, heads, rows), "\n".join(_told(found))])


def _told(found: Sequence[Point]) -> Iterator[str]:
    first, last = found[0], found[-1]
    gone = first.total - last.total
    if gone:
        yield f"{abs(gone)} {'fewer' if gone > 0 else 'more'} than on {first.date}."
    else:
        yield f"As many as on {first.date}."


def contract(found: Sequence[Point]) -> list[dict[str, object]]:
    """As `--output-format json` prints it."""
    return [{"commit": point.commit or None, "date": point.date, "counts": point.counts} for point in found]


_NOTED: Final = re.compile(r"([0-9a-f]{7,64})((?: [a-z]+ \d+)*)\Z")


def noted(point: Point) -> str:
    """A point as a line of the record: `4f2a… critical 1 high 2`."""
    return " ".join(
        [point.commit, *(f"{severity} {count}" for severity, count in sorted(point.counts.items()) if count)]
    )


def of_note(text: str, at: float) -> Point | None:
    """The point that `noted` wrote at a time; None for anything else."""
    found = _NOTED.match(text)
    if found is None:
        return None
    words = found[2].split()
    known = set(Severity)
    counts = {
        Severity(name): int(count)
        for name, count in zip(words[::2], words[1::2], strict=True)
        if name in known
    }
    return Point(found[1], f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}", counts)
