"""What is read of an alembic revision: all that comes before the way back, of which nobody asks anything."""

from __future__ import annotations

import ast

from rules.engine.reading.paths import place_of
from rules.engine.reading.regexes import regex
from rules.engine.reading.source import Source, is_within_limits, own_tree_of, parse

_WAY_BACK = "\ndef downgrade"
_GOING_ON = regex(r"\n(?!def downgrade)[^\s#)]")
"""A line that is no part of a function `downgrade`: as it begins, neither its body nor the end of its parameters."""
_SAID = ("\ndown_revision", "alembic")


def parse_at(path: str, source: Source) -> ast.Module:
    """The tree of what is read of the file at `path`. Raises SourceError."""
    return parse_upgrade(source) if place_of(path) == "migration" else parse(source)


def parse_upgrade(source: Source) -> ast.Module:
    """The tree of a file among migrations, of a revision without the functions that take it back. Raises SourceError."""
    text = source.text
    end = text.find(_WAY_BACK)
    is_last = end > 0 and _GOING_ON.search(text, end + 1) is None
    if is_last and all(name in text for name in _SAID) and is_within_limits(source):
        try:
            return own_tree_of(text[: end + 1])
        except (SyntaxError, RecursionError, MemoryError, ValueError):
            pass  # it may stand in a text, or behind a decorator
    return parse(source)
