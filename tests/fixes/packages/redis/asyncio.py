"""A client whose server is a dictionary."""

from __future__ import annotations

import fnmatch
from collections.abc import AsyncIterator


class Redis:
    def __init__(self, *, decode_responses: bool = False) -> None:
        assert decode_responses
        self._values: dict[str, str] = {}

    async def get(self, name: str) -> str | None:
        return self._values.get(name)

    async def set(self, name: str, value: str, ex: int | None = None) -> bool:
        assert ex is None or ex > 0
        self._values[name] = value
        return True

    async def keys(self, pattern: str) -> list[str]:
        return fnmatch.filter(self._values, pattern)

    async def scan_iter(self, match: str | None = None, count: int | None = None) -> AsyncIterator[str]:
        for name in fnmatch.filter(self._values, match or "*"):
            yield name
