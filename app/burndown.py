"""How many findings a project had at points of its history, for `fastperf audit --since`: whether it gets better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from app.check import analyze, at_revision
from app.localgit import Commit, LocalRepository
from app.review.markdown import code, table
from rules.engine.finding import Confidence, Finding, Options, Severity

MOST_COMMITS: Final = 20_000
POINTS: Final = 6
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


def points(
    root: Path,
    options: Options,
    asked: Callable[[str], bool],
    days: float,
    *,
    advance: Callable[[int], None] = lambda count: None,
) -> list[Point]:
    """At most `POINTS` commits spread over the last `days`, oldest first; findings in the files that are `asked` for.

    Raises GitError.
    """
    repository = LocalRepository(root)
    found = []
    for commit in _spread(repository.history("HEAD", MOST_COMMITS), days):
        sources, documents = at_revision(repository, root, commit.id)
        result = analyze(sources, frozenset(filter(asked, sources)), documents, options, prove=False)
        findings = [each for each in result.findings if asked(each.path)]
        found.append(Point(commit.id, commit.date[:10], counted(findings)))
        advance(1)
    return found


def _spread(history: Sequence[Commit], days: float) -> list[Commit]:
    """The newest commit before each of equally distant moments, the first one where there was none; each once."""
    if not history:
        return []
    last = datetime.fromisoformat(history[0].date)
    chosen: dict[str, Commit] = {}
    for number in range(POINTS):
        moment = last - timedelta(days=days) * (1 - number / (POINTS - 1))
        before = next((each for each in history if datetime.fromisoformat(each.date) <= moment), history[-1])
        chosen[before.id] = before
    return list(chosen.values())


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
