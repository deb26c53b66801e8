"""The same as `test_life.py`, for longer: `make lives LIVES=50` for as long as you like."""

from __future__ import annotations

import os

import pytest

from tests.scenarios.life import Life, live

LIVES = int(os.environ.get("FASTPERF_LIVES", "5"))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    Life.hurry(monkeypatch)


def test_long_lives() -> None:
    live(lives=LIVES, steps=40)
