"""Our one check run on a commit: how it is known, and when it is an answer."""

from __future__ import annotations

from collections.abc import Iterable

from app.github.models import CheckRun


def external_id(head_sha: str) -> str:
    """How our one check run on a commit is known."""
    return f"fastperf@{head_sha}"


def own_run(runs: Iterable[CheckRun], head_sha: str) -> CheckRun | None:
    """Our run on the commit, the newest if an accident made two."""
    ours = [run for run in runs if run.head_sha == head_sha and run.external_id == external_id(head_sha)]
    return max(ours, key=lambda run: run.id, default=None)


def is_answered(run: CheckRun | None) -> bool:
    """A cancelled run answers nobody: its commit may be pushed again."""
    return (
        run is not None and run.status == "completed" and run.conclusion not in {None, "cancelled", "stale"}
    )
