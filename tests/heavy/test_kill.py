"""kill -9 at every point of a review: one review, one completed check run, nothing lost."""

from __future__ import annotations

import pytest

from app.settings import CRASH_POINTS
from tests.app.recovery import crash_and_recover
from tests.fakegithub import FakeGitHub


@pytest.mark.parametrize("point", CRASH_POINTS)
async def test_on_sqlite(fakegithub: FakeGitHub, sqlite_url: str, point: str) -> None:
    await crash_and_recover(fakegithub, sqlite_url, point)


@pytest.mark.parametrize("point", CRASH_POINTS)
async def test_on_postgresql(fakegithub: FakeGitHub, postgres_url: str, point: str) -> None:
    await crash_and_recover(fakegithub, postgres_url, point)
