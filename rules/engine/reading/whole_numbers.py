"""Whole numbers that functions take: which they look after, and which they hand on unchanged."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.reading.facts import Passing
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.reading.index import Index
    from rules.engine.reading.scopes import Scope

_MOST = 12
_SIZES = frozenset({"limit", "size", "page_size", "per_page", "count", "take", "max_results", "top_k"})
"""What parameters are called that say how many there may be."""


def passings(index: Index, scope: Scope) -> tuple[Passing, ...]:
    """What a function does with the whole numbers it takes, as far as it hands them on unchanged."""
    node = scope.node
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return ()
    numbers = {
        argument.arg
        for argument, default in arguments(node)
        if is_number(argument, default) or _is_open_size(argument, default)
    }
    numbers = {name for name in numbers if len(scope.bindings.get(name, ())) == 1}
    if not numbers:
        return ()
    handed = [
        (call, position, keyword, value.id)
        for call in scope.calls
        for position, keyword, value in given(call)
        if isinstance(value, ast.Name) and value.id in numbers
    ]
    looked_after = bounded(node, numbers) if handed else set()
    found: list[Passing] = []
    for call, position, keyword, name in handed:
        if name not in looked_after:
            ref = index.ref(call.func, scope)
            if ref and not ref.startswith("builtins."):
                found.append(Passing(name, ref, call.lineno, position, keyword))
    return tuple(found[:_MOST])


def given(call: ast.Call) -> list[tuple[int, str, ast.expr]]:
    """(position, keyword, value) of the arguments of a call."""
    positional = [(position, "", value) for position, value in enumerate(call.args)]
    return positional + [(-1, keyword.arg, keyword.value) for keyword in call.keywords if keyword.arg]


def order(node: ast.AST) -> tuple[str, ...]:
    """The names of a function's positional parameters, then the others."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return ()
    return tuple(argument.arg for argument, _ in arguments(node))


def arguments(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[tuple[ast.arg, ast.expr | None]]:
    """The parameters of a function, each with its default."""
    positional = node.args.posonlyargs + node.args.args
    missing = len(positional) - len(node.args.defaults)
    defaults: list[ast.expr | None] = [None] * missing + list(node.args.defaults)
    named = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    return [*zip(positional, defaults, strict=True), *named]


def is_number(argument: ast.arg, default: ast.expr | None) -> bool:
    """Whether a parameter takes an `int`, alone or with `None`, whatever else its annotation says."""
    annotation: ast.expr | None = argument.annotation
    while annotation is not None:
        match annotation:
            case ast.Name(id="int"):
                return True
            case ast.BinOp(left=inner, op=ast.BitOr(), right=ast.Constant(value=None)):
                annotation = inner
            case ast.Subscript(value=ast.Name(id="Optional") | ast.Attribute(attr="Optional"), slice=inner):
                annotation = inner
            case ast.Subscript(
                value=ast.Name(id="Annotated") | ast.Attribute(attr="Annotated"),
                slice=ast.Tuple(elts=[inner, *_]),
            ):
                annotation = inner
            case _:
                return False
    return isinstance(default, ast.Constant) and type(default.value) is int


def _is_open_size(argument: ast.arg, default: ast.expr | None) -> bool:
    """Whether a parameter without any type is called a size: who calls the function says what it is."""
    is_open = default is None or (isinstance(default, ast.Constant) and default.value is None)
    return argument.annotation is None and is_open and argument.arg in _SIZES


def bounded(node: ast.FunctionDef | ast.AsyncFunctionDef, names: set[str]) -> set[str]:
    """Those of `names` that the function compares with something, or puts into `min`: it looks after their size."""
    found: set[str] = set()
    for part in walk(node):
        match part:
            case ast.Compare(left=left, ops=operators, comparators=comparators):
                if any(isinstance(operator, (ast.Gt, ast.GtE, ast.Lt, ast.LtE)) for operator in operators):
                    found |= _names(left, *comparators)
            case ast.Call(func=ast.Name(id="min" | "clamp"), args=values):
                found |= _names(*values)
    return found & names


def _names(*nodes: ast.expr) -> set[str]:
    return {part.id for node in nodes for part in walk(node) if isinstance(part, ast.Name)}
