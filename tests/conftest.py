"""Fixtures for all tests."""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterator

import pytest

from tests.engine.projects import said_at_any_severity
from tests.fakegithub.fixtures import fakegithub

__all__ = ["fakegithub"]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected lives as long as the tests do: the garbage collector need not go through it time and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture
def at_any_severity() -> Iterator[None]:
    """Of old code too: see `said_at_any_severity`."""
    with said_at_any_severity():
        yield
