"""Names of files that may not be text: git and archives hold bytes."""

from __future__ import annotations

from rules.engine.reading.regexes import regex

NAMELESS = "its name is not UTF-8"
_SURROGATE = regex("[\ud800-\udfff]")


def is_utf8(path: str) -> bool:
    """Whether a name can be written: what is not UTF-8 arrives with surrogates, and has no name on GitHub either."""
    return path.isascii() or _SURROGATE.search(path) is None


def shown(path: str) -> str:
    """A name that is not UTF-8, with a mark for what cannot be written."""
    return path if is_utf8(path) else _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", path)
