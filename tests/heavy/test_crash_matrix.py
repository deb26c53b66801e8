"""kill -9 before and after each write to GitHub and to the database, and within analysis: nothing lost, nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.storm import FIRST_DEATHS, Storm, seen_points
from tests.fakegithub import FakeGitHub

NEEDED = (
    *("before the answer", "before analysis", "in analysis", "after analysis"),
    *("before POST check-runs", "after POST check-runs", "before POST reviews", "after POST reviews"),
    *("before PATCH check-runs", "committed INSERT fastperf_begun_checks"),
    *("before POST mutation", "after POST mutation", "committed INSERT workflow_input"),
    *("before INSERT operation_outputs", "committed INSERT operation_outputs"),
    *("after UPDATE workflow_status", "committed INSERT fastperf_reviews", "after INSERT fastperf_blobs"),
)
"""That the matrix has these says that it is what it claims to be."""
SHARES = {"sqlite": 0, "postgresql+psycopg": 1}
"""Every second point here, the others on the other database; `make crash-matrix` has all of them on both, and those of all that people do."""


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def database(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(request.param)
    return url


async def test_a_server_that_is_killed_at_any_point_loses_nothing_and_says_nothing_twice(
    fakegithub: FakeGitHub, database: str, workers: str, servers: str, tmp_path: Path
) -> None:
    storm = Storm(fakegithub, database, tmp_path, seed=1, points=True, workers=workers, servers=servers)
    storm.first_deaths = FIRST_DEATHS
    async with storm:
        assert storm.points_file is not None
        storm.be_slow_once()
        pull = await storm.open(slow=True)
        await storm.rest()
        await storm.push(pull, slow=False)
        await storm.rest()
        points = seen_points(storm.points_file)
        assert set(NEEDED) <= set(points)

        share = points[SHARES[database.partition("://")[0]] :: 2]
        missed = [point for point in share if not await storm.die_in_a_review(point)]

        assert await storm.judge() == []
        assert len(missed) <= len(share) // 6, missed
