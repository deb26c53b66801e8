"""Fixtures for all tests."""

from __future__ import annotations

import gc
from collections.abc import Generator

import pytest

from tests.engine.projects import at_any_severity
from tests.fakegithub.fixtures import fakegithub

__all__ = ["at_any_severity", "fakegithub"]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected lives as long as the tests do: the garbage collector need not go through it time and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
