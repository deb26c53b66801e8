"""Going through trees, two to three times as fast as `ast.walk`: only fields that hold nodes are looked at."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TypeVar
from weakref import WeakKeyDictionary

from rules.engine.reading.scopes import FIELDS

_DEFINING = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef})
Node = TypeVar("Node", bound=ast.AST)
_all: WeakKeyDictionary[ast.Module, dict[type[ast.AST], list[ast.AST]]] = WeakKeyDictionary()
_own: WeakKeyDictionary[ast.AST, tuple[ast.AST, ...]] = WeakKeyDictionary()


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """As `ast.walk`, in its order, without contexts (`Load`) and operators."""
    pending = [node]
    for each in pending:  # grows while we go
        yield each
        for name in FIELDS[each.__class__]:
            value = getattr(each, name)
            if value.__class__ is list:
                pending += [child for child in value if child is not None]
            elif value is not None:
                pending.append(value)


def nodes_of(tree: ast.Module, kind: type[Node]) -> Sequence[Node]:
    """All nodes of that very class, in the order of `walk`: for questions about a whole file, which is gone through once."""
    known = _all.get(tree)
    if known is None:
        known = _all[tree] = {}
        for node in walk(tree):
            if node is not tree:
                known.setdefault(node.__class__, []).append(node)
    return known.get(kind, ())  # type: ignore[return-value]  # they were sorted by their class


def own_nodes(function: ast.AsyncFunctionDef | ast.FunctionDef) -> Sequence[ast.AST]:
    """All nodes of the body of `function` without those of functions, lambdas and classes inside, in source order."""
    known = _own.get(function)
    if known is None:
        known = _own[function] = tuple(_own_nodes(function))
    return known


def own_calls(function: ast.AsyncFunctionDef | ast.FunctionDef) -> Iterator[ast.Call]:
    """The calls in the body of `function`, not those of functions defined inside, in source order."""
    for node in own_nodes(function):
        if isinstance(node, ast.Call):
            yield node


def _own_nodes(function: ast.AsyncFunctionDef | ast.FunctionDef) -> Iterator[ast.AST]:
    stack: list[ast.AST] = list(reversed(function.body))
    while stack:
        node = stack.pop()
        if node.__class__ in _DEFINING:
            continue
        yield node
        for name in reversed(FIELDS[node.__class__]):
            value = getattr(node, name)
            if value.__class__ is list:
                stack.extend(child for child in reversed(value) if child is not None)
            elif value is not None:
                stack.append(value)
