"""What files put into containers that outlive a call, and the parameters that they put there: tables of handlers.

`HANDLERS["csv"] = write_csv`, `self._steps[name] = step`, and a decorator whose inner function puts there what it decorates.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name

if TYPE_CHECKING:
    from rules.engine.reading.index import Index
    from rules.engine.reading.scopes import Scope

LIST, TABLE, LISTS = "[", "{", "{["
"""The container is a list, a dictionary, or a dictionary of lists."""
_PUTS = frozenset({"append", "add", "insert", "appendleft"})
_PUTTING = _PUTS | {"update", "setdefault"}
_TELLING = regex(r"(?i)regist|subscri|handler|listen|hook|plug|attach|provid|add_|^on$|^use$")
"""What methods are called that keep what they are given, of which classes and objects are worth remembering too."""
_MOST = 200


class Stored(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """Something that goes into a container."""

    into: str
    """The reference to the container."""
    kind: str
    value: str = ""
    """The reference to what goes there; empty for a parameter."""
    function: str = ""
    """The function whose parameter goes there."""
    parameter: str = ""
    position: int = -1
    called: bool = False
    """What the parameter makes when it is called goes there: `HANDLERS[name] = cls()`."""


class Given(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """A call that hands classes, objects or parameters of its function on: `registry.register("csv", CsvWriter())`."""

    ref: str
    key: str
    """The position or keyword."""
    value: str = ""
    function: str = ""
    parameter: str = ""
    position: int = -1


def stored(index: Index) -> tuple[Stored, ...]:
    found: dict[Stored, None] = {}
    puts = [(scope, container, TABLE, value) for scope, container, value in index.put_by_key]
    for scope in index.scopes:
        if not scope.called.isdisjoint(_PUTTING):
            puts += [(scope, *each) for each in _puts(scope)]
    for scope, container, kind, value in puts:
        into = _container(index, container, scope)
        if into and len(found) < _MOST and (each := _stored(index, scope, into, kind, value)) is not None:
            found[each] = None
    return tuple(found)


def given(index: Index) -> tuple[Given, ...]:
    """What calls hand on that may put it into a container."""
    found: dict[Given, None] = {}
    for scope in index.scopes:
        for call in scope.calls:
            name = last_name(call.func)
            if not name or not _TELLING.search(name):
                continue
            ref = index.ref(call.func, scope)
            if not ref or ref.startswith("builtins."):
                continue
            values = [(str(at), value) for at, value in enumerate(call.args)]
            values += [(each.arg, each.value) for each in call.keywords if each.arg]
            for key, value in values:
                each = _given(index, scope, ref, key, value)
                if each is not None and len(found) < _MOST:
                    found[each] = None
    return tuple(found)


def _puts(scope: Scope) -> Iterator[tuple[ast.expr, str, ast.expr]]:
    """(container, kind, what goes there) of the calls of a scope."""
    for call in scope.calls:
        match call:
            case ast.Call(func=ast.Attribute(attr="update", value=container), args=[ast.Dict(values=values)]):
                for value in values:
                    yield container, TABLE, value
            case ast.Call(func=ast.Attribute(attr="setdefault", value=container), args=[_, value]):
                yield container, TABLE, value
            case ast.Call(func=ast.Attribute(attr=put, value=container), args=[*_, value]) if put in _PUTS:
                match container:
                    case ast.Subscript(value=inner):
                        yield inner, LISTS, value
                    case ast.Call(func=ast.Attribute(attr="setdefault", value=inner)):
                        yield inner, LISTS, value
                    case _:
                        yield container, LIST, value


def _container(index: Index, node: ast.expr, scope: Scope) -> str:
    """The reference to a container that a module or an object keeps; empty for one of the function's own."""
    if isinstance(node, ast.Name):
        current: Scope | None = scope
        while current is not None and current is not index.module:
            if node.id in current.bindings and not current.is_class:
                return ""
            current = current.parent
        return index.module_name(node.id)
    if not isinstance(node, ast.Attribute):
        return ""
    base = index.ref(node.value, scope)
    return f"{base}.{node.attr}" if base and base[-1] not in ")]" else ""


def _stored(index: Index, scope: Scope, into: str, kind: str, value: ast.expr) -> Stored | None:
    called = isinstance(value, ast.Call) and not value.args and not value.keywords
    inner = value.func if isinstance(value, ast.Call) and called else value
    found = _parameter(index, inner, scope)
    if found is not None:
        return Stored(into, kind, "", *found, called)
    ref = _callable_ref(index, value, scope)
    return Stored(into, kind, ref) if ref else None


def _given(index: Index, scope: Scope, ref: str, key: str, value: ast.expr) -> Given | None:
    found = _parameter(index, value, scope)
    if found is not None:
        return Given(ref, key, "", *found)
    own = _callable_ref(index, value, scope)
    return Given(ref, key, own) if own else None


def _callable_ref(index: Index, value: ast.expr, scope: Scope) -> str:
    """The reference to what may be a function, a class or an object of the project."""
    if not isinstance(value, ast.Name | ast.Attribute | ast.Call | ast.Lambda):
        return ""
    ref = index.ref(value, scope)
    if not ref or ref[0] == "'" or ref.startswith("builtins.") or len(ref) > 200:
        return ""
    return ref


def _parameter(index: Index, value: ast.expr, scope: Scope) -> tuple[str, str, int] | None:
    """(function, name, position) of the parameter that `value` is, also from a function inside the one that takes it."""
    if not isinstance(value, ast.Name):
        return None
    current: Scope | None = scope
    while current is not None and current is not index.module:
        bindings = current.bindings.get(value.id)
        if bindings:
            node = current.node
            if bindings[0].kind not in ("parameter", "self") or not isinstance(
                node, ast.FunctionDef | ast.AsyncFunctionDef
            ):
                return None
            taken = [each.arg for each in (*node.args.posonlyargs, *node.args.args)]
            is_static = any(last_name(each) == "staticmethod" for each in node.decorator_list)
            bound = current.owner is not None and not is_static
            position = taken.index(value.id) - bound if value.id in taken else -1
            return current.symbol, value.id, position
        current = current.parent
    return None
