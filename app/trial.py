"""What `fastperf trial` does: the reviews that the last changes of a project would have got.

Every change is reviewed as its own pull request, from its first parent, in the project as it was then.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections import Counter
from collections.abc import Callable

import msgspec

from app import localreview
from app.analysis import Analysis, AnalysisError
from app.github.models import Conclusion
from app.localgit import Commit, GitError, LocalRepository
from app.review import marker
from app.review.links import Links
from app.review.report import Report
from rules.engine.finding import Finding, Severity


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One inline comment or annotation that would have been made."""

    path: str
    line: int
    code: str
    name: str
    severity: Severity
    message: str
    blocks: bool
    inline: bool
    """An inline comment; otherwise an annotation of the check run."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change and its review. Without a conclusion it could not be reviewed, and `error` says why."""

    commit: str
    subject: str
    date: str
    """ISO 8601, of the commit."""
    conclusion: Conclusion | None = None
    title: str = ""
    said: tuple[Said, ...] = ()
    fixed: int = 0
    skipped: int = 0
    """Files that could not be analysed."""
    seconds: float = 0.0
    error: str = ""

    @property
    def comments(self) -> int:
        return sum(said.inline for said in self.said)


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """The reviews of the last changes that touched Python, newest first."""

    repository: str
    head: str
    changes: tuple[Change, ...]

    @property
    def reviewed(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.conclusion is not None)

    @property
    def comments_per_change(self) -> float:
        return statistics.fmean(change.comments for change in self.reviewed) if self.reviewed else 0.0

    @property
    def most_comments(self) -> int:
        return max((change.comments for change in self.reviewed), default=0)

    @property
    def silent(self) -> int:
        """Changes that would have got no comment."""
        return sum(not change.comments for change in self.reviewed)

    @property
    def blocked(self) -> tuple[Change, ...]:
        return tuple(change for change in self.reviewed if change.conclusion == "failure")

    @property
    def median_seconds(self) -> float:
        return statistics.median(change.seconds for change in self.reviewed) if self.reviewed else 0.0

    def top_rules(self, most: int = 10) -> list[tuple[str, str, int]]:
        """(code, name, how often it was said), the most frequent first."""
        counts = Counter((said.code, said.name) for change in self.reviewed for said in change.said)
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return [(code, name, count) for (code, name), count in ordered[:most]]

    def contract(self) -> dict[str, object]:
        """As `--output-format json` prints it."""
        return {
            "version": 1,
            "repository": self.repository,
            "head": self.head,
            "changes": msgspec.to_builtins(self.changes),
            "totals": {
                "reviewed": len(self.reviewed),
                "comments_per_change": round(self.comments_per_change, 3),
                "most_comments": self.most_comments,
                "silent": self.silent,
                "would_block": len(self.blocked),
                "median_seconds": round(self.median_seconds, 3),
                "rules": [
                    {"code": code, "name": name, "count": count} for code, name, count in self.top_rules(1000)
                ],
            },
        }


async def run(
    repository: LocalRepository,
    name: str,
    *,
    last: int,
    head: str = "HEAD",
    workers: int = 1,
    advance: Callable[[int], object] = lambda count: None,
) -> Trial:
    """Review the last `last` changes up to `head`. Raises GitError or AnalysisError when none can be read.

    From the oldest on, so that what one review made of a file is what the next one needs; as many at once as there are
    `workers`, each of which keeps its own project linked from change to change.
    """
    head_id = repository.commit(head)
    commits = repository.history(head_id, last)
    facts: dict[str, bytes] = {}
    changes: dict[str, Change] = {}
    waiting = list(commits)

    async def review(analysis: Analysis, most: int) -> None:
        while waiting and most:
            commit, most = waiting.pop(), most - 1
            changes[commit.id] = await _change(repository, commit, analysis, facts)
            advance(1)

    async with contextlib.AsyncExitStack() as stack:
        lanes = [
            await stack.enter_async_context(Analysis(1, deadline=localreview.PATIENCE))
            for _ in range(max(1, min(workers, len(commits))))
        ]
        await review(lanes[0], 1)  # reads the whole project: the others find it read
        async with asyncio.TaskGroup() as group:
            for analysis in lanes:
                group.create_task(review(analysis, len(commits)))
    return Trial(repository=name, head=head_id, changes=tuple(changes[commit.id] for commit in commits))


async def _change(
    repository: LocalRepository, commit: Commit, analysis: Analysis, facts: dict[str, bytes]
) -> Change:
    change = Change(commit=commit.id, subject=commit.subject, date=commit.date)
    started = time.perf_counter()
    try:
        gathered = await asyncio.to_thread(localreview.gather, repository, commit.parent, commit.id)
        comparison = await localreview.compare(repository, gathered, analysis, facts)
    except (
        GitError,
        AnalysisError,
    ) as error:  # a commit whose objects are missing, say: the next is reviewed
        return msgspec.structs.replace(change, error=str(error))
    report = localreview.decide(gathered, comparison, Links(head_sha=commit.id))
    return msgspec.structs.replace(
        change,
        conclusion=report.conclusion,
        title=report.title,
        said=tuple(_said(report)),
        fixed=len(report.fixed),
        skipped=len(report.skipped),
        seconds=round(time.perf_counter() - started, 3),
    )


def _said(report: Report) -> list[Said]:
    """What would stand in the change, each with the finding it speaks for."""
    blocking = set(report.blocking)
    by_token = {marker.token(finding.fingerprint): finding for finding in report.new}
    said = [
        _one(by_token[comment.fingerprint], comment.path, comment.line, blocking, inline=True)
        for comment in report.comments
        if comment.fingerprint in by_token
    ]
    for annotation in report.annotations:
        for finding in report.new:
            if (finding.path, finding.line) == (annotation.path, annotation.start_line) and (
                f" {finding.code} " in annotation.title
            ):
                said.append(_one(finding, annotation.path, annotation.start_line, blocking, inline=False))
                break
    return said


def _one(finding: Finding, path: str, line: int, blocking: set[str], *, inline: bool) -> Said:
    return Said(
        path=path,
        line=line,
        code=finding.code,
        name=finding.name,
        severity=finding.severity,
        message=finding.message,
        blocks=finding.fingerprint in blocking,
        inline=inline,
    )
