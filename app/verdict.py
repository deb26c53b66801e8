"""What a review has to say, as a value between its steps; what several of one commit say together."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from app.analysis.documents import is_python
from app.github.models import (
    Action,
    Annotation,
    CheckRun,
    Compared,
    Conclusion,
    PullState,
    Queued,
    ReviewComment,
    Thread,
)
from app.records import HeadReview
from app.review.report import Report
from app.review.wishes import Wishes

MOST_FILES: Final = 1000
"""Changed Python files of one review."""
LONGEST_SUMMARY: Final = 65_535
NO_PYTHON: Final = "no Python files changed"
_WORST_FIRST: Final = (
    "failure",
    "action_required",
    "timed_out",
    "cancelled",
    "neutral",
    "skipped",
    "success",
)
RESCAN: Final = Action("Re-scan", "Review this commit again", "rescan")
APPLY: Final = Action("Apply fixes", "Commit the proven fixes to this branch", "apply")
IGNORE: Final = Action("Ignore in this PR", "Leave what blocks here alone, logged", "ignore")

_REVERT: Final = re.compile(r"revert-\d+-")

Status = Literal["report", "closed", "done", "gone", "superseded", "published", "limited", "fault"]


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What the first step leaves for the others."""

    status: Status
    head_sha: str = ""
    conclusion: Conclusion = "neutral"
    title: str = ""
    summary: str = ""
    text: str = ""
    annotations: tuple[Annotation, ...] = ()
    comments: tuple[ReviewComment, ...] = ()
    """New ones, to be posted as one review."""
    body: str = ""
    """The review's own text, with its marker."""
    fixed: tuple[Thread, ...] = ()
    """Threads whose finding is gone; their body is what it is to say now."""
    advised: bool = False
    """It says what the project lacks, which is said once per repository."""
    folded: tuple[str, ...] = ()
    """Findings that had no room and stay in the summary from now on."""
    run: CheckRun | None = None
    """Our check run on the head, if there is one."""
    unsure: bool = False
    """A run was begun and no answer came: there may be one."""
    details_url: str | None = None
    """The report's page."""
    applicable: bool = False
    """There are fixes, a branch of this repository to commit them to, and the owner's leave."""
    spent: tuple[int, int, int] = (0, 0, 0)
    """Calls of GitHub's API so far, what they cost in points, and how many of them were writes."""

    def encode(self) -> bytes:
        return msgspec.msgpack.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> Gathered:
        """Raises msgspec.MsgspecError for one of another form."""
        return msgspec.msgpack.decode(data, type=cls)


def of_report(head_sha: str, report: Report, *, python: bool) -> Gathered:
    """What the check run says of a report; `python` is whether the change touches any."""
    return Gathered(
        status="report",
        head_sha=head_sha,
        conclusion=report.conclusion,
        title=report.title if python else NO_PYTHON,
        summary=report.summary,
        text=report.text,
        annotations=report.annotations,
    )


def unreviewed(head_sha: str, conclusion: Conclusion, reason: str, run: CheckRun | None) -> Gathered:
    return Gathered(
        status="report",
        head_sha=head_sha,
        conclusion=conclusion,
        title="not reviewed",
        summary=f"This change was not reviewed: {reason}.",
        run=run,
    )


def buttons(said: Gathered) -> tuple[Action, ...]:
    made = [RESCAN]
    if said.applicable:
        made.append(APPLY)
    if said.conclusion == "failure" and said.details_url:
        made.append(IGNORE)
    return tuple(made)


def shared(said: Gathered, reviews: Sequence[HeadReview], number: int) -> Gathered:
    """What the one check run on a head says when several open pull requests have it: the worst conclusion wins."""
    others = [review for review in reviews if review.number != number]
    if not others:
        return said
    mine = HeadReview(number, said.conclusion, said.title, said.summary)
    worst = min([mine, *others], key=lambda review: (_WORST_FIRST.index(review.conclusion), review.number))
    summary = f"{said.summary}\n\n---\n*This commit is also the head of other pull requests.*\n"
    for review in others:
        section = f"\n## #{review.number}: {review.title}\n\n{review.summary}\n"
        if len((summary + section).encode()) <= LONGEST_SUMMARY:
            summary += section
    title = said.title if worst is mine else f"{worst.title} (in #{worst.number})"
    conclusion = msgspec.convert(worst.conclusion, Conclusion)
    return msgspec.structs.replace(said, conclusion=conclusion, title=title, summary=summary)


def too_large(compared: Compared) -> str:
    if not compared.complete:
        return "it changes more files than GitHub lists"
    changed = sum(is_python(file.path) for file in compared.files)
    return f"it changes {changed} Python files, {MOST_FILES} at most" if changed > MOST_FILES else ""


def lacking(accepted: str) -> str:
    """Why nothing could be read: GitHub's names of the permissions that would do, as its settings call them."""
    names = " or ".join(
        f"`{each.strip().replace('=', ': ')}`" for each in accepted.split(";") if each.strip()
    )
    return (
        f"the app lacks the permission {names}, which an owner can grant in the settings of its installation"
    )


def is_revert(state: PullState | Queued) -> bool:
    """Made by GitHub's Revert: what it brings back was there before, and it is in a hurry.

    A fork's branch and title are the word of somebody who may not write here.
    """
    named = state.title.startswith('Revert "') and _REVERT.match(state.head_ref) is not None
    return named and not state.is_fork


def verdict_key(compared: Compared, state: PullState, wishes: Wishes, version: str) -> str:
    """Names everything that a verdict depends on: two changes with one key deserve one verdict.

    Empty while the base branch has moved on, for then the verdict depends on what it became. `version` is that of
    the engine.
    """
    if state.base_sha != compared.merge_base_sha:
        return ""
    files = sorted(
        (file.path, file.status, file.sha or "", file.previous_path or "") for file in compared.files
    )
    everything = (
        compared.merge_base_sha,
        files,
        sorted((name, text or "") for name, text in state.documents.items()),
        state.base_ref,
        is_revert(state),
        sorted((each.code, each.path, each.token) for each in wishes.waivers),
        version,
    )
    return hashlib.sha256(msgspec.json.encode(everything)).hexdigest()
