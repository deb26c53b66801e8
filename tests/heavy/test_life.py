"""A few lives of pull requests, each another one; `make lives LIVES=100` lives some thousand steps."""

from __future__ import annotations

import pytest

from tests.scenarios.life import Life, live


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    Life.hurry(monkeypatch)


def test_whatever_happens_each_open_head_is_answered_once_and_nothing_is_said_twice() -> None:
    live(lives=2, steps=12)
