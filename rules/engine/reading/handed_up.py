"""What a base class keeps without saying what it is, and what the classes below hand up to it.

`class Service: def __init__(self, repository): self.repository = repository` says nothing of it; `super().__init__(orders)` in a
class that derives from it does, where `orders` is known.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.reading.left_open import takes_anything

if TYPE_CHECKING:
    from rules.engine.reading.index import Index
    from rules.engine.reading.scopes import Scope


def kept_untyped(scope: Scope, name: str) -> str:
    """`position:name` of the parameter of which nothing says what it takes that `__init__` alone keeps as attribute `name`; empty for others."""
    set_by = scope.attributes.get(name, ())
    if len(set_by) != 1 or name in scope.bindings:
        return ""
    method, binding = set_by[0]
    node, value = method.node, binding.value
    if not isinstance(node, ast.FunctionDef) or node.name != "__init__" or not isinstance(value, ast.Name):
        return ""
    bindings = method.bindings.get(value.id, ())
    if len(bindings) != 1 or bindings[0].kind != "parameter":
        return ""
    positional = [*node.args.posonlyargs, *node.args.args]
    for position, argument in enumerate([*positional, *node.args.kwonlyargs]):
        if argument.arg == value.id and takes_anything(argument):
            return f"{position - 1 if position < len(positional) else ''}:{value.id}"
    return ""


def handed_up(index: Index, scope: Scope) -> dict[str, str]:
    """What the `__init__` of a class gives to the one call of `super().__init__` in it, by position or by name."""
    defined = scope.bindings.get("__init__", ())
    method = index.scope_of.get(defined[0].node) if len(defined) == 1 else None
    if method is None or "__init__" not in method.called:
        return {}
    calls = [call for call in method.calls if _is_above(call)]
    if len(calls) != 1:
        return {}
    call = calls[0]
    found: dict[str, str] = {}
    for position, argument in enumerate(call.args):
        if isinstance(argument, ast.Starred):
            break
        found[str(position)] = index.ref(argument, method)
    found.update((each.arg, index.ref(each.value, method)) for each in call.keywords if each.arg)
    return {name: ref for name, ref in found.items() if ref}


def _is_above(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="__init__"):
            return bool(call.args or call.keywords)
    return False
