"""kill -9 before and after each write to GitHub and to the database, and within analysis: nothing lost, nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.storm import Storm, seen_points
from tests.fakegithub import FakeGitHub

NEEDED = (
    *("before the answer", "before analysis", "in analysis", "after analysis"),
    *("before POST check-runs", "after POST check-runs", "before POST reviews", "after POST reviews"),
    *("before POST mutation", "after POST mutation", "committed INSERT workflow_status"),
    *("before INSERT operation_outputs", "committed INSERT operation_outputs"),
    *("after UPDATE workflow_status", "committed INSERT fastperf_reviews", "after INSERT fastperf_blobs"),
)
"""That the matrix has these says that it is what it claims to be."""


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def database(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(request.param)
    return url


async def test_a_server_that_is_killed_at_any_point_loses_nothing_and_says_nothing_twice(
    fakegithub: FakeGitHub, database: str, tmp_path: Path
) -> None:
    async with Storm(fakegithub, database, tmp_path, seed=1, points=True) as storm:
        assert storm.points_file is not None
        pull = await storm.open(slow=True)
        await storm.rest()
        await storm.push(pull, slow=False)
        await storm.rest()
        points = seen_points(storm.points_file)
        assert set(NEEDED) <= set(points)

        missed = [point for point in points if not await storm.die_in_a_review(point)]

        assert await storm.judge() == []
        assert len(missed) <= len(points) // 8, missed
