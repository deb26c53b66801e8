"""Rows that are loaded only for the numbers that Python makes of them: how many, their sum, how many of a kind."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.data.sayable import adds_up
from rules.engine.reading.scopes import FUNCTIONS
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import uses_of, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.engine.module import Module

_FIGURES = frozenset({"sum", "max", "min", "len", "any", "all", "mean", "fmean", "median", "Counter"})
_GATHERS = frozenset({"extend", "update"})
_FAR = 3
"""Lists made of lists made of the rows."""


def figures_of(call: ast.Call, module: Module) -> int:
    """How many numbers a function makes of the rows that `call` loads; none where it does anything else with them.

    The length of the whole list is none of them: it is there anyway.
    """
    statement = module.statement(call)
    match statement:
        case ast.Assign(targets=[ast.Name() as name], value=value):
            pass
        case ast.AnnAssign(target=ast.Name() as name, value=value):
            pass
        case _:
            return 0
    function = module.function_of(call)
    loaded = value.value if isinstance(value, ast.Await) else value
    if loaded is not call or function is None or not isinstance(function.node, FUNCTIONS):
        return 0
    return _Figures(function.node, module).of(name, _FAR) or 0


class _Figures:
    def __init__(self, function: ast.AST, module: Module) -> None:
        self._module = module
        self._function = function

    def of(self, name: ast.Name, far: int) -> int | None:
        """The numbers that are made of the list `name`; None where more is done with it."""
        if not far or len(self._module.index.bindings_of(name)) != 1:
            return None
        total = 0
        for use in uses_of(name.id, self._function):
            if not isinstance(use.ctx, ast.Load):
                continue
            found = self._made_of(use, far)
            if found is None:
                return None
            total += found
        return total

    def _made_of(self, use: ast.Name, far: int) -> int | None:
        parent = self._module.parent(use)
        match parent:
            case ast.Call(func=function, args=[first, *_]) if first is use and last_name(function) == "len":
                return 0
            case ast.Call(func=function, args=[first, *_]) if (
                first is use and last_name(function) in _FIGURES
            ):
                return 1
            case ast.UnaryOp(op=ast.Not()) | ast.BoolOp():
                return 0
            case ast.If(test=test) | ast.IfExp(test=test) if test is use:
                return 0
            case ast.comprehension(target=ast.Name(id=row), iter=source, is_async=0) if source is use:
                return self._comprehended(parent, row, far)
            case ast.For(target=ast.Name(id=row), iter=source, body=body, orelse=[]) if source is use:
                if all(adds_up(each, row) for each in body):
                    return len(body)
                return 0 if all(_gathers(each, row) for each in body) else None
        return None

    def _comprehended(self, generator: ast.comprehension, row: str, far: int) -> int | None:
        made = self._module.parent(generator)
        if not isinstance(made, ast.ListComp | ast.GeneratorExp) or len(made.generators) != 1:
            return None
        keeps_row = isinstance(made.elt, ast.Name) and made.elt.id == row
        parts = generator.ifs if keeps_row else (*generator.ifs, made.elt)
        if isinstance(made.elt, ast.Dict | ast.List | ast.Call | ast.Tuple | ast.JoinedStr):
            return None
        if not all(reads_members(part, row) for part in parts):
            return None
        match self._module.parent(made):
            case ast.Call(func=function, args=[first, *_]) if (
                first is made and last_name(function) in _FIGURES
            ):
                return 1
            case ast.Assign(targets=[ast.Name() as name], value=value) if value is made:
                found = self.of(name, far - 1)
                return None if found is None else found + self._counts(name)
        return None

    def _counts(self, name: ast.Name) -> int:
        """One, where the length of the list is asked for: of some rows only, that is a number too."""
        return int(any(last_name(call.func) == "len" for call in self._calls_with(name)))

    def _calls_with(self, name: ast.Name) -> Iterator[ast.Call]:
        for use in uses_of(name.id, self._function):
            parent = self._module.parent(use)
            if isinstance(parent, ast.Call) and use in parent.args:
                yield parent


def reads_members(part: ast.AST, row: str) -> bool:
    """Whether the row is only asked for its members there, and hands itself to nobody."""
    bare = sum(isinstance(each, ast.Name) and each.id == row for each in walk(part))
    return bare == sum(
        isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id == row
        for each in walk(part)
    )


def _gathers(statement: ast.stmt, row: str) -> bool:
    """`tags.extend(order.tags)`: what the rows hold goes into one list."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(), attr=how), args=[given])):
            return how in _GATHERS and not isinstance(given, ast.Dict) and reads_members(given, row)
    return False
