"""What loops repeat, which names change with their turns, and whether their turns are few."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TypeAlias

from rules.engine.reading.index import Index
from rules.engine.reading.scopes import COMPREHENSIONS, LoopNode
from rules.engine.reading.surroundings import is_short
from rules.engine.reading.walking import names_loaded, names_stored, walk

_COMPREHENSIONS = frozenset(COMPREHENSIONS)
Loops: TypeAlias = "Callable[[ast.AST], Sequence[LoopNode]]"
"""The loops around a node."""


def repeats(loop: ast.AST, child: ast.AST) -> bool:
    """Whether a loop runs its part `child` at each turn."""
    cls = loop.__class__
    if cls is ast.For or cls is ast.AsyncFor:
        return child in loop.body  # type: ignore[attr-defined]  # by its class
    if cls is ast.While:
        return child is loop.test or child in loop.body  # type: ignore[attr-defined]  # by its class
    return cls in _COMPREHENSIONS


def changing_names(loop: ast.AST) -> set[str]:
    """The names that change with each turn of `loop`: its target, and what is computed from it."""
    names: set[str] = set()
    if isinstance(loop, (ast.For, ast.AsyncFor)):
        names |= names_stored(loop.target)
    elif isinstance(loop, COMPREHENSIONS):
        for generator in loop.generators:
            names |= names_stored(generator.target)
    elif isinstance(loop, ast.While):
        for statement in loop.body:
            names |= names_stored(statement)
    if isinstance(loop, (ast.For, ast.AsyncFor)):
        assigned = [inner for statement in loop.body for inner in walk(statement)]
        for _ in range(3):  # what is computed from them, and from that
            before = len(names)
            for inner in assigned:
                if isinstance(
                    inner,
                    (ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.AugAssign, ast.For, ast.AsyncFor),
                ):
                    value = inner.iter if isinstance(inner, (ast.For, ast.AsyncFor)) else inner.value
                    if value is not None and names_loaded(value) & names:
                        targets = inner.targets if isinstance(inner, ast.Assign) else [inner.target]
                        for target in targets:
                            names |= names_stored(target)
                elif (
                    isinstance(inner, ast.withitem)
                    and inner.optional_vars is not None
                    and names_loaded(inner.context_expr) & names
                ):
                    names |= names_stored(inner.optional_vars)
            if len(names) == before:
                break
    return names


def is_short_loop(loop: ast.AST, index: Index, loops: Loops) -> bool:
    """Whether a loop has a few turns that do not depend on data (a literal, `range(3)`)."""
    if isinstance(loop, (ast.For, ast.AsyncFor)):
        return is_short_iterable(loop.iter, index, loops)
    if isinstance(loop, COMPREHENSIONS):
        return all(is_short_iterable(generator.iter, index, loops) for generator in loop.generators)
    return False


def is_short_iterable(iterable: ast.expr, index: Index, loops: Loops) -> bool:
    """Whether what a loop goes over is short whatever the data: a literal, `range(3)`, a constant of either."""
    match iterable:
        case ast.Call(func=ast.Attribute(value=inner, attr="items" | "keys" | "values"), args=[]):
            return _is_short_mapping(inner, index)
    if is_short(iterable):
        return True
    if isinstance(iterable, ast.Name):  # a constant of the module or a local literal
        home, bindings = index.home_of(iterable), index.bindings_of(iterable)
        return (
            len(bindings) == 1
            and isinstance(bindings[0].value, ast.expr)
            and (bindings[0].kind == "value" and is_short(bindings[0].value))
            and home is not None
            and not _is_filled(iterable.id, home.node, index, loops)
        )
    return False


def _is_short_mapping(mapping: ast.expr, index: Index) -> bool:
    """`{"tools": "tools/list", …}`, here or under a name that nothing is stored in afterwards."""
    if isinstance(mapping, ast.Dict):
        return None not in mapping.keys
    if not isinstance(mapping, ast.Name):
        return False
    home, bindings = index.home_of(mapping), index.bindings_of(mapping)
    value = bindings[0].value if len(bindings) == 1 else None
    if isinstance(value, ast.AnnAssign):
        value = value.value
    if home is None or not isinstance(value, ast.Dict) or not value.keys or None in value.keys:
        return False
    return not any(_stores_in(node, mapping.id) for node in walk(home.node))


def _is_filled(name: str, within: ast.AST, index: Index, loops: Loops) -> bool:
    """Whether the list or set `name` grows with data: by an item in each turn of a loop, or by another list."""
    if isinstance(within, ast.Module):
        return False
    for call in walk(within):
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=grown), attr=how), args=[*_, given]) if (
                grown == name
            ):
                if how in ("extend", "update") and not is_short_iterable(given, index, loops):
                    return True
                if how in ("append", "add", "insert") and not all(
                    is_short_loop(loop, index, loops) for loop in loops(call)
                ):
                    return True
    return False


def _stores_in(node: ast.AST, name: str) -> bool:
    """`methods[key] = value`, `methods.update(others)`."""
    match node:
        case ast.Subscript(value=ast.Name(id=found), ctx=ast.Store()):
            return found == name
        case ast.Call(func=ast.Attribute(value=ast.Name(id=found), attr="update" | "setdefault")):
            return found == name
    return False
