"""One crash here; all points, and PostgreSQL, in `tests/heavy`."""

from __future__ import annotations

from pathlib import Path

from tests.fakegithub import FakeGitHub

from .recovery import crash_and_recover


async def test_killed_after_the_review_was_posted_there_is_one_review_and_one_check(
    fakegithub: FakeGitHub, tmp_path: Path
) -> None:
    await crash_and_recover(fakegithub, f"sqlite:///{tmp_path}/fastperf.db", "after-review")
