"""Going through trees, two to three times as fast as `ast.walk`: only fields that hold nodes are looked at."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TypeVar

from rules.engine.reading.scopes import FIELDS

_DEFINING = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef})
_BACKWARDS = {cls: fields[::-1] for cls, fields in FIELDS.items()}
Node = TypeVar("Node", bound=ast.AST)
_FUNCTIONS = frozenset({ast.FunctionDef, ast.AsyncFunctionDef})
_ALL = "all nodes"
_OWN = "own nodes"
_CALLS = "own calls"
_INSIDE = "nodes inside"
_USES = "uses of names"
"""Kept by the module or the function itself, as attributes that no code can have: weak references take longer to go."""


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """As `ast.walk`, in its order, without contexts (`Load`) and operators. Functions are asked about again and again: they
    are gone through once."""
    if node.__class__ not in _FUNCTIONS:
        return _walk(node)
    kept = vars(node)
    inside: list[ast.AST] | None = kept.get(_INSIDE)
    if inside is None:
        inside = kept[_INSIDE] = _all_inside(node)
    return chain((node,), inside)


def _all_inside(node: ast.AST) -> list[ast.AST]:
    """All nodes that `walk` gives after the first, which would hold itself."""
    found = children_of(node)
    for each in found:  # grows while we go
        for name in FIELDS[each.__class__]:
            value = getattr(each, name)
            if value.__class__ is list:
                found += _without_gaps(value) if None in value else value
            elif value is not None:
                found.append(value)
    return found


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    pending = [node]
    for each in pending:  # grows while we go
        yield each
        for name in FIELDS[each.__class__]:
            value = getattr(each, name)
            if value.__class__ is list:
                pending += _without_gaps(value) if None in value else value
            elif value is not None:
                pending.append(value)


def children_of(node: ast.AST) -> list[ast.AST]:
    """As `ast.iter_child_nodes`, without contexts and operators."""
    found: list[ast.AST] = []
    for name in FIELDS[node.__class__]:
        value = getattr(node, name)
        if value.__class__ is list:
            found += _without_gaps(value) if None in value else value
        elif value is not None:
            found.append(value)
    return found


def nodes_of(tree: ast.AST, kind: type[Node]) -> Sequence[Node]:
    """All nodes of that very class in a file or function, in the order of `walk`: for questions about all of it, which is gone
    through once."""
    kept = vars(tree)
    known: dict[type[ast.AST], list[ast.AST]] | None = kept.get(_ALL)
    if known is None:
        known = kept[_ALL] = {}
        for node in walk(tree):
            if node is not tree:
                known.setdefault(node.__class__, []).append(node)
    return known.get(kind, ())  # type: ignore[return-value]  # they were sorted by their class


def uses_of(name: str, function: ast.AST) -> Sequence[ast.Name]:
    """Where a name stands in a function, in the order of `walk`: many ask, of one name each."""
    kept = vars(function)
    known: dict[str, list[ast.Name]] | None = kept.get(_USES)
    if known is None:
        known = kept[_USES] = {}
        for node in walk(function):
            if isinstance(node, ast.Name):
                known.setdefault(node.id, []).append(node)
    return known.get(name, ())


def own_nodes(function: ast.AsyncFunctionDef | ast.FunctionDef) -> Sequence[ast.AST]:
    """All nodes of the body of `function` without those of functions, lambdas and classes inside, in source order."""
    kept = vars(function)
    known: Sequence[ast.AST] | None = kept.get(_OWN)
    if known is None:
        known = kept[_OWN] = own_nodes_of(function.body)
    return known


def own_calls(function: ast.AsyncFunctionDef | ast.FunctionDef) -> Sequence[ast.Call]:
    """The calls in the body of `function`, not those of functions defined inside, in source order."""
    kept = vars(function)
    known: Sequence[ast.Call] | None = kept.get(_CALLS)
    if known is None:
        known = kept[_CALLS] = [node for node in own_nodes(function) if isinstance(node, ast.Call)]
    return known


def own_nodes_of(nodes: Sequence[ast.AST]) -> list[ast.AST]:
    """As `own_nodes`, of some statements or expressions and all in them."""
    found: list[ast.AST] = []
    stack: list[ast.AST] = [*nodes[::-1]]
    while stack:
        node = stack.pop()
        cls = node.__class__
        if cls in _DEFINING:
            continue
        found.append(node)
        for name in _BACKWARDS[cls]:
            value = getattr(node, name)
            if value.__class__ is list:
                stack += (_without_gaps(value) if None in value else value)[::-1]
            elif value is not None:
                stack.append(value)
    return found


def _without_gaps(nodes: list[ast.AST | None]) -> list[ast.AST]:
    """Without what `**` leaves out: a key of a dictionary, the default of a parameter."""
    return [node for node in nodes if node is not None]


def once_negated(test: ast.expr) -> ast.expr:
    """A condition without what is negated twice: `not not not found` asks what `not found` does."""
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = test.operand
        if not isinstance(inner, ast.UnaryOp) or not isinstance(inner.op, ast.Not):
            break
        test = inner.operand
    return test


def names_in(node: ast.AST) -> set[str]:
    """The names that stand in a node, whatever is done with them."""
    return {each.id for each in walk(node) if isinstance(each, ast.Name)}


def names_stored(node: ast.AST) -> set[str]:
    return {each.id for each in walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}


def names_loaded(node: ast.AST) -> set[str]:
    return {each.id for each in walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}
