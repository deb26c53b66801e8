"""What gives names a value within a function, found without going through all of it."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TypeAlias

from rules.engine.reading.scopes import Walk

Storing: TypeAlias = ast.Assign | ast.AugAssign | ast.NamedExpr | ast.Global


def stored_in(walk: Walk, node: ast.AST) -> Sequence[Storing]:
    """The assignments, with and without operator, and `global` statements inside a function, a class or the module."""
    if walk.stored is None:
        walk.storing.sort(key=_begin)
        walk.stored = [_begin(each) for each in walk.storing]
    if isinstance(node, ast.Module):
        return walk.storing
    begin, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]  # it has a place
    return walk.storing[bisect_left(walk.stored, begin) : bisect_right(walk.stored, end)]


def _begin(node: Storing) -> tuple[int, int]:
    return node.lineno, node.col_offset
