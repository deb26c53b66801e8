"""The short form of `make chaos`: ten seconds, one server, SQLite. The whole is the target and `test_crash_matrix.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import operators
from tests.chaos.storm import Storm
from tests.fakegithub import FakeGitHub

POINTS = (
    *("before the answer", "committed INSERT workflow_input", "in analysis", "after POST check-runs"),
    *("before POST reviews", "after POST reviews", "before INSERT operation_outputs"),
    *("committed INSERT fastperf_reviews", "after UPDATE workflow_status", "after POST graphql"),
)
SECONDS = 8.0


@pytest.mark.parametrize("seed", [11])
async def test_whatever_happens_each_head_has_one_check_and_at_most_one_review(
    fakegithub: FakeGitHub, tmp_path: Path, seed: int
) -> None:
    async with Storm(fakegithub, f"sqlite:///{tmp_path}/fastperf.db", tmp_path, seed) as storm:
        await storm.blow(SECONDS, POINTS, operators.FAULTS)

        assert await storm.judge() == []
        assert storm.counts["checks"] > 0
