"""Source that is made to crash, stall or fill a parser, through a real worker."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.analysis import Analysis, Request
from tests.app.analysis.hostile_sources import GOOD, HARMLESS, HOSTILE, STAND_INS
from tests.app.conftest import blockbuster

__all__ = ["blockbuster"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def analysis() -> AsyncIterator[Analysis]:
    async with Analysis(1, file_deadline=2.0, deadline=20.0) as pool:
        yield pool


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_source_ends_in_time_and_harms_no_other_file(name: str, analysis: Analysis) -> None:
    path = f"{name}.py"
    started = time.monotonic()

    comparison = await analysis.compare(Request(before={}, after={path: HOSTILE[name], **GOOD}))

    assert time.monotonic() - started < 30
    result = comparison.after
    assert [found.path for found in result.findings if found.path == "good.py" and found.fix] == ["good.py"]
    assert {skip.path for skip in result.skipped} <= {path}
    assert all(skip.reason for skip in result.skipped)
    if name in HARMLESS:
        assert not result.skipped
        assert [found.path for found in result.findings if found.path == path] == [path]
    if name in STAND_INS:
        assert [(skip.path, skip.reason) for skip in result.skipped] == [(path, STAND_INS[name])]


@pytest.mark.parametrize(
    "name", ["parentheses-3000", "elif-10000", "statements-1MB", "nul", "utf-16", "unclosed"]
)
async def test_facts_of_hostile_source_are_refused_by_name(name: str, analysis: Analysis) -> None:
    facts, skipped = await analysis.extract({"bad.py": HOSTILE[name], **GOOD})

    assert set(facts) == {"good.py"}
    assert [skip.path for skip in skipped] == ["bad.py"]
