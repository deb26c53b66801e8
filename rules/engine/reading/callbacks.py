"""Functions that are handed to others, who call them: `retry(fetch)`, `sorted(orders, key=priced)`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.facts import Applied
from rules.engine.reading.spelling import last_name
from rules.libraries import OFFLOADS

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node
    from rules.engine.linking.resolver import Resolver
    from rules.engine.reading.facts import Argument, Call
    from rules.engine.reading.index import Index
    from rules.engine.reading.scopes import Scope

_BY_KEY = frozenset({"builtins.sorted", "builtins.min", "builtins.max"})
APPLYING = frozenset({"builtins.map", "builtins.filter", "functools.reduce", *_BY_KEY})
"""What calls a function for each item: its first argument, or its `key`."""
_THREADED = frozenset(
    name.rpartition(".")[2]
    for name, offload in OFFLOADS.items()
    if offload.kind == "thread" and offload.awaitable
)
_MOST_HANDED = 4
_DATA = frozenset({"settings", "config", "request", "args", "payload", "data"})
"""Names of what has values, not functions, for attributes."""
_REFERRING = frozenset({ast.Lambda, ast.Call, ast.Name, ast.Attribute})
"""What may stand for a function."""
_VALUES = (":", ")", "]", "^", "$", "»")


def sorts_by_function(node: ast.Call, ref: str) -> bool:
    """Whether a builtin is given a function to call that may be the project's."""
    return ref in _BY_KEY and any(
        keyword.arg == "key" and isinstance(keyword.value, (ast.Lambda, ast.Name, ast.Attribute))
        for keyword in node.keywords
    )


def applied(index: Index, scope: Scope) -> tuple[Applied, ...]:
    """The parameters that a function calls itself, or gives to a thread."""
    node = scope.node
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return ()
    if scope.called.isdisjoint(scope.bindings) and scope.called.isdisjoint(_THREADED):
        return ()
    found: dict[tuple[str, bool, bool], Applied] = {}
    for call in scope.calls:
        if call.func.__class__ is not ast.Name and last_name(call.func) not in _THREADED:
            continue
        for value, in_thread in _called(call, scope):
            bindings = scope.bindings.get(value.id, ())
            if len(bindings) != 1 or bindings[0].kind != "parameter":
                continue
            awaited = not in_thread and isinstance(index.parents.get(call), ast.Await)
            key = value.id, awaited, in_thread
            if key not in found:
                found[key] = Applied(
                    value.id, _position(node, bindings[0].node, scope), awaited, in_thread, call.lineno
                )
    return tuple(found.values())


def _position(node: ast.FunctionDef | ast.AsyncFunctionDef, parameter: ast.AST, scope: Scope) -> int:
    positional: list[ast.AST] = [*node.args.posonlyargs, *node.args.args]
    is_static = any(getattr(each, "id", "") == "staticmethod" for each in node.decorator_list)
    bound = scope.owner is not None and not is_static
    return positional.index(parameter) - bound if parameter in positional else -1


def _called(call: ast.Call, scope: Scope) -> Iterator[tuple[ast.Name, bool]]:
    """The names that a call calls, or gives to a thread: `to_thread(function)`, `run_in_executor(None, partial(function))`."""
    if isinstance(call.func, ast.Name):
        yield call.func, False
    if last_name(call.func) not in _THREADED:
        return
    for value in call.args[:2]:
        given: ast.expr = value
        if isinstance(given, ast.Name):
            made = scope.bindings.get(given.id, ())
            whole = made[0].value if len(made) == 1 and made[0].kind == "value" else None
            given = whole if isinstance(whole, ast.Call) else given
        if isinstance(given, ast.Call) and last_name(given.func) == "partial" and given.args:
            given = given.args[0]
        if isinstance(given, ast.Name):
            yield given, True


def handed(index: Index, node: ast.Call, scope: Scope) -> tuple[tuple[str, str], ...]:
    """What a call hands on that may be a function of the project."""
    found: list[tuple[str, str]] = []
    for position, value in enumerate(node.args):
        cls = value.__class__
        if cls is ast.Starred:
            break
        if cls in _REFERRING and (ref := _callable(index, value, scope)):
            found.append((str(position), ref))
    if node.keywords:
        found += [
            (keyword.arg, ref)
            for keyword in node.keywords
            if keyword.value.__class__ in _REFERRING
            and keyword.arg
            and (ref := _callable(index, keyword.value, scope))
        ]
    return tuple(found[:_MOST_HANDED])


def _callable(index: Index, value: ast.expr, scope: Scope) -> str:
    """The reference to what may be a function; empty for what is data by the look of it."""
    if isinstance(value, ast.Lambda):
        return index.ref(value, scope)
    if isinstance(value, ast.Call):
        ref = index.ref(value, scope)
        return ref if ref.endswith("~") else ""
    if isinstance(value, ast.Name):
        ref = index.ref(value, scope)
        last = ref.rpartition(".")[2]
        return ref if ref and not ref.endswith(_VALUES) and last.lower() == last and ref[0] != "'" else ""
    if not isinstance(value, ast.Attribute) or value.attr.lower() != value.attr:
        return ""
    if not isinstance(value.value, (ast.Name, ast.Call, ast.Attribute)) or last_name(value.value) in _DATA:
        return ""
    ref = index.ref(value, scope)
    return ref if not ref.startswith("builtins.") else ""


def called_back(resolver: Resolver, call: Call, target: Node) -> Iterator[tuple[str, Applied]]:
    """References to what `target` calls of that which `call` hands it, and as which of its parameters."""
    resolver.looked_up(target.module, target.symbol)
    for key, ref in call.handed:
        for parameter in target.function.applies:
            if key in (parameter.name, str(parameter.position)):
                yield ref, parameter


def by_key(arguments: tuple[Argument, ...], name: str) -> str:
    """The reference to the function that a builtin calls for each item."""
    if name in _BY_KEY:
        return next((argument.ref for argument in arguments if argument.name == "key"), "")
    return arguments[0].ref if arguments else ""
