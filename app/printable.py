"""Text of files, fit to be printed anywhere; no terminal is needed for it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

NOT_MEASURED = "not measured"
TAB = "    "
# Characters that make a terminal show something else than what is there.
_HIDDEN = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def visible(text: str) -> str:
    """Text from a file, safe to print: tabs become spaces, control and direction characters a mark."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        TAB
        if character == "\t"
        else "�"
        if character in _HIDDEN or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        else character
        for character in text
    )


def file_lines(sources: Mapping[str, bytes], path: str) -> list[str]:
    """The lines of a file as the engine counts them, without their ends."""
    content = sources.get(path, b"").decode(errors="replace").removeprefix("\ufeff")
    return content.replace("\r\n", "\n").replace("\r", "\n").split("\n")
