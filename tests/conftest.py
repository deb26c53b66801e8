"""Fixtures for all tests."""

from tests.fakegithub.fixtures import fakegithub

__all__ = ["fakegithub"]
