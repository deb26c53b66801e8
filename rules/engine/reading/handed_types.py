"""Types that nothing declares and that the calls of the same file show: who is given what `Elasticsearch()` made has a
client of it.

`async def found(client, text): return client.search(q=text)` says nothing of `client`; `await found(connect(), text)` does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.annotations import one_of
from rules.engine.reading.left_open import takes_anything

if TYPE_CHECKING:
    from rules.engine.reading.index import Index
    from rules.engine.reading.scopes import Scope

_TRANSPARENT = frozenset({"staticmethod", "classmethod"})
_MOST = 12
"""Calls that are looked at: who is called from more places is given many things."""
_DEEP = 12
"""Functions through which a value is followed to where it comes from."""


def handed(index: Index, scope: Scope, name: str) -> str:
    """The reference to what all calls of the file give a parameter without annotation; empty where they disagree, or where
    one of them gives what nobody knows."""
    known = index.handed.get((scope, name))
    if known is None:
        index.handed[scope, name] = ""
        index.deep += 1
        known = index.handed[scope, name] = _handed(index, scope, name) if index.deep <= _DEEP else ""
        index.deep -= 1
    return known


def _handed(index: Index, scope: Scope, name: str) -> str:
    node = scope.node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return ""
    found = _argument(node, name)
    if found is None or any(getattr(each, "id", "") not in _TRANSPARENT for each in node.decorator_list):
        return ""
    is_bound = scope.owner is not None and not any(
        getattr(each, "id", "") == "staticmethod" for each in node.decorator_list
    )
    position = found - is_bound
    refs: set[str] = set()
    calls = list(_calls(index, scope))
    if len(calls) > _MOST:
        return ""
    for caller, call in calls:
        value = _given(call, position, name)
        if value is None or (isinstance(value, ast.Constant) and value.value is None):
            continue
        if caller is scope and isinstance(value, ast.Name) and value.id == name:
            continue  # it hands on to itself what it was given
        refs.add(index.ref(value, caller))
    if "" in refs or any(ref.startswith("builtins.") for ref in refs):
        return ""
    return one_of(refs)


def _argument(node: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> int | None:
    """The position of a parameter of which nothing says what it takes, beyond all others when it is given by name only; None for any other.
    One with a default is what the default is, unless that is `None`."""
    positional = [*node.args.posonlyargs, *node.args.args]
    defaults = [None] * (len(positional) - len(node.args.defaults)) + list(node.args.defaults)
    named = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    for position, (argument, default) in enumerate([*zip(positional, defaults, strict=True), *named]):
        if argument.arg == name:
            is_open = default is None or (isinstance(default, ast.Constant) and default.value is None)
            return position if takes_anything(argument) and is_open else None
    return None


def _given(call: ast.Call, position: int, name: str) -> ast.expr | None:
    """The argument of a call for a parameter; what stands behind stars gives none that is known."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    before = call.args[: position + 1] if position >= 0 else []
    if any(isinstance(each, ast.Starred) for each in before) or len(before) <= position:
        return None
    return before[position] if before else None


def _calls(index: Index, scope: Scope) -> Iterator[tuple[Scope, ast.Call]]:
    """The calls of the file that enter a function, and where they stand."""
    node, owner = scope.node, scope.owner
    name = getattr(node, "name", "")
    if owner is not None:
        if name == "__init__":
            yield from _by_name(index, getattr(owner.node, "name", ""), owner.parent)
            return
        for caller, call in _called(index).get(name, ()):
            if isinstance(call.func, ast.Attribute) and _class_around(caller) is owner:
                yield caller, call
        return
    yield from _by_name(index, name, scope.parent)


def _by_name(index: Index, name: str, home: Scope | None) -> Iterator[tuple[Scope, ast.Call]]:
    if home is None or len(home.bindings.get(name, ())) != 1:
        return
    for caller, call in _called(index).get(name, ()):
        if isinstance(call.func, ast.Name) and caller.home(name) is home:
            yield caller, call


def _class_around(scope: Scope) -> Scope | None:
    current: Scope | None = scope
    while current is not None and current.owner is None:
        current = current.parent
    return current.owner if current is not None else None


def _called(index: Index) -> dict[str, list[tuple[Scope, ast.Call]]]:
    """The calls of plain names, and of members of `self` and `cls`, by name."""
    if index.by_name is None:
        index.by_name = {}
        for scope in index.scopes:
            for call in scope.calls:
                match call.func:
                    case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
                        index.by_name.setdefault(name, []).append((scope, call))
    return index.by_name
