"""What a project had at earlier commits, for `fastperf audit --since`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from app.check import analyze, at_revision
from app.localgit import Commit, LocalRepository
from app.review.burndown import Point, counted
from rules.engine.finding import Options

MOST_COMMITS: Final = 20_000
POINTS: Final = 6


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
        result = analyze(sources, frozenset(filter(asked, sources)), documents, options, fixes="none")
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
