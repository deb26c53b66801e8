"""The tree of a file's next version, of which only what changed is parsed.

A statement at the top of a file whose lines stand where they stood has the tree that it had: both versions share it, and
nothing in it knows of either. That holds for what comes before the first changed line and, when both versions have as many
lines, for what comes after the last one.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from rules.engine.reading.carried import Layout
from rules.engine.reading.source import Source, is_within_limits, own_tree_of


def parse_next(source: Source, before: Layout) -> ast.Module | None:
    """The tree of `source`, the next version of a file that lay as `before`; None when it has to be parsed as a whole."""
    if not before.is_plain or before.is_newer or not is_within_limits(source):
        return None
    old, new = before.lines, source.lines
    first, last = _alike(old, new), 0
    if len(old) == len(new):
        last = min(_alike(old[::-1], new[::-1]), len(new) - first)
    above = [item for item in before.items if _end(item.node) <= first]
    below = [item for item in before.items if item.first > len(new) - last] if last else []
    start = _end(above[-1].node) if above else 0
    end = below[0].first - 1 if below else len(new)
    if start >= end or not (above or below) or _goes_on(new, start) or _goes_on(new, end):
        return None
    try:
        middle = own_tree_of("\n" * start + "\n".join(new[start:end]) + "\n")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # it goes on what stands above, or it is wrong: whoever parses the whole file finds out
    kept = ([item.node for item in items] for items in (above, below))
    return ast.Module(body=[*next(kept), *middle.body, *next(kept)], type_ignores=[])


def _end(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines both begin with."""
    count = 0
    for line, another in zip(one, other, strict=False):
        if line != another:
            break
        count += 1
    return count


def _goes_on(lines: Sequence[str], count: int) -> bool:
    """Whether the last of the first `count` lines, as it ends, may go on below."""
    return count > 0 and lines[count - 1].endswith("\\")
