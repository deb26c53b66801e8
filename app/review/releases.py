"""Which rules are new: they observe for the release that brings them, and for as long as a project pins an older one."""

from __future__ import annotations

from functools import cache
from typing import Final

from rules.engine import registry

FIRST: Final = (0, 1)
"""What came with the first release was never new to anybody."""


def is_new(code: str, pinned: str | None, *, current: str = registry.RELEASE) -> bool:
    """Whether a rule came after the pinned release; without a pin, whether the current one brought it."""
    since = _since(code)
    if since <= FIRST:
        return False
    if pinned is not None:
        return since > _release(pinned)
    return since >= _release(current)


@cache
def _since(code: str) -> tuple[int, ...]:
    try:
        return _release(registry.by_code(code).since)
    except KeyError:
        return FIRST


def _release(text: str) -> tuple[int, ...]:
    """Major and minor: a patch brings no rules."""
    return tuple(int(part) for part in text.split(".")[:2])
