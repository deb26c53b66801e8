"""pytest's `fakegithub`: a running stand-in that must be clean at the end of the test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from .github import FakeGitHub


@pytest.fixture
async def fakegithub(tmp_path: Path) -> AsyncIterator[FakeGitHub]:
    """Fails the test when the app under test, or the stand-in itself, broke a rule of GitHub's."""
    async with FakeGitHub(root=tmp_path / "github") as github:
        yield github
        await github.settle()
        github.assert_clean()
