"""Regular expressions that are compiled when they are first used.

A scan uses a part of those there are, and compiling them all takes longer than starting Python.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

_MEMBERS = (
    "findall",
    "finditer",
    "flags",
    "fullmatch",
    "groupindex",
    "groups",
    "match",
    "pattern",
    "search",
    "split",
    "sub",
    "subn",
)


class Uncompiled:
    """Stands for a compiled expression, and has its members as its own from the first use of one on."""

    __slots__ = ("_written", *_MEMBERS)

    def __init__(self, written: Any, flags: int) -> None:
        self._written: tuple[Any, int] = written, flags

    def __getattr__(self, name: str) -> Any:
        if name not in _MEMBERS:
            raise AttributeError(name)
        written, flags = self._written
        compiled: re.Pattern[Any] = re.compile(written, flags)
        for each in _MEMBERS:
            setattr(self, each, getattr(compiled, each))
        return getattr(compiled, name)


def regex(written: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """As `re.compile`, later: for the constants of a module. What is wrong with it is said when it is used."""
    return cast("re.Pattern[AnyStr]", Uncompiled(written, flags))
