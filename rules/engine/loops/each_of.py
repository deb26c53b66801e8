"""Lambdas that a builtin calls for each item of what it is given: `sorted(posts, key=lambda post: …)`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.data.per_item import gives_rows
from rules.engine.reading.loop_shapes import unwrapped
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.module import Module

_FEW = 10
"""So many rows are no list."""
_FIRST = frozenset({"map", "filter"})
_BY_KEY = frozenset({"sorted", "min", "max", "groupby"})


def rows_asked_in(node: ast.AST, module: Module) -> ast.expr | None:
    """The rows for each of which a builtin calls the lambda around `node`; None unless it is about the one it is given."""
    inner: ast.AST = node
    while not isinstance(inner, ast.Lambda | ast.stmt):
        above = module.parent(inner)
        if above is None:
            return None
        inner = above
    if not isinstance(inner, ast.Lambda) or not inner.args.args:
        return None
    over = _given(inner, module)
    item = inner.args.args[0].arg
    if over is None or not any(isinstance(part, ast.Name) and part.id == item for part in walk(node)):
        return None
    over = unwrapped(over)
    turns = module.turns(over)
    return over if gives_rows(over, module) and (turns is None or turns > _FEW) else None


def _given(function: ast.Lambda, module: Module) -> ast.expr | None:
    """What the call around a lambda goes through with it."""
    above = module.parent(function)
    match above:
        case ast.Call(func=ast.Name(id=name), args=[first, over]) if first is function and name in _FIRST:
            return over
        case ast.keyword(arg="key"):
            call = module.parent(above)
            match call:
                case ast.Call(func=ast.Name(id=name), args=[over]) if name in _BY_KEY:
                    return over
                case ast.Call(func=ast.Attribute(value=over, attr="sort"), args=[]):
                    return over
    return None
