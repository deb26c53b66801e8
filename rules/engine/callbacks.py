"""Functions that are handed to others, who call them: `retry(fetch)`, `sorted(orders, key=priced)`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.facts import Applied
from rules.engine.spelling import last_name

if TYPE_CHECKING:
    from rules.engine.facts import Argument, Call
    from rules.engine.graph import Node
    from rules.engine.index import Index
    from rules.engine.resolver import Resolver
    from rules.engine.scopes import Scope

_BY_KEY = frozenset({"builtins.sorted", "builtins.min", "builtins.max"})
APPLYING = frozenset({"builtins.map", "builtins.filter", "functools.reduce", *_BY_KEY})
"""What calls a function for each item: its first argument, or its `key`."""
_MOST_HANDED = 4
_DATA = frozenset({"settings", "config", "request", "args", "payload", "data"})
"""Names of what has values, not functions, for attributes."""
_VALUES = (":", ")", "]", "^", "$", "»")


def sorts_by_function(node: ast.Call, ref: str) -> bool:
    """Whether a builtin is given a function to call that may be the project's."""
    return ref in _BY_KEY and any(
        keyword.arg == "key" and isinstance(keyword.value, ast.Lambda | ast.Name | ast.Attribute)
        for keyword in node.keywords
    )


def applied(index: Index, scope: Scope) -> tuple[Applied, ...]:
    """The parameters that a function calls itself."""
    node = scope.node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return ()
    found: dict[str, Applied] = {}
    for call in scope.calls:
        function = call.func
        if not isinstance(function, ast.Name) or function.id in found:
            continue
        bindings = scope.bindings.get(function.id, ())
        if len(bindings) != 1 or bindings[0].kind != "parameter":
            continue
        parameter = bindings[0].node
        positional = [*node.args.posonlyargs, *node.args.args]
        is_static = any(getattr(each, "id", "") == "staticmethod" for each in node.decorator_list)
        bound = scope.owner is not None and not is_static
        at = positional.index(parameter) - bound if parameter in positional else -1
        found[function.id] = Applied(function.id, at, isinstance(index.parents.get(call), ast.Await))
    return tuple(found.values())


def handed(index: Index, node: ast.Call, scope: Scope) -> tuple[tuple[str, str], ...]:
    """What a call hands on that may be a function of the project."""
    found: list[tuple[str, str]] = []
    for position, value in enumerate(node.args):
        if isinstance(value, ast.Starred):
            break
        if ref := _callable(index, value, scope):
            found.append((str(position), ref))
    found += [
        (keyword.arg, ref)
        for keyword in node.keywords
        if keyword.arg and (ref := _callable(index, keyword.value, scope))
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
    if not isinstance(value.value, ast.Name | ast.Call | ast.Attribute) or last_name(value.value) in _DATA:
        return ""
    ref = index.ref(value, scope)
    return ref if not ref.startswith("builtins.") else ""


def called_back(resolver: Resolver, call: Call, target: Node) -> Iterator[tuple[str, bool]]:
    """References to what `target` calls of that which `call` hands it, and whether it awaits the result."""
    resolver.looked_up(target.module, target.symbol)
    for key, ref in call.handed:
        for parameter in target.function.applies:
            if key in (parameter.name, str(parameter.position)):
                yield ref, parameter.awaited


def by_key(arguments: tuple[Argument, ...], name: str) -> str:
    """The reference to the function that a builtin calls for each item."""
    if name in _BY_KEY:
        return next((argument.ref for argument in arguments if argument.name == "key"), "")
    return arguments[0].ref if arguments else ""
