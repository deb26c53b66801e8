"""What an object has only if whoever makes it gives it: `self.store = store` of `def __init__(self, store=None)`.

And which attributes a file sets on objects from outside, or in a class that may be another's heir: `span.store = store`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading import switches

if TYPE_CHECKING:
    from rules.engine.reading.index import Index
    from rules.engine.reading.scopes import Binding, Scope


def of_class(scope: Scope) -> dict[str, switches.Switch]:
    """Attribute -> the parameter of `__init__` that it is, of those that only `__init__` sets and that are nothing by default."""
    found: dict[str, switches.Switch] = {}
    for name, set_by in scope.attributes.items():
        if len(set_by) == 1 and name not in scope.bindings:
            method, binding = set_by[0]
            given = _given(method, binding)
            if given is not None and given.default[:1] in ("N", "0"):
                found[name] = given
    return found


def _given(method: Scope, binding: Binding) -> switches.Switch | None:
    value = binding.value.value if isinstance(binding.value, ast.AnnAssign) else binding.value
    function = method.node
    if (
        not isinstance(value, ast.Name)
        or not isinstance(function, ast.FunctionDef)
        or function.name != "__init__"
    ):
        return None
    bindings = method.bindings.get(value.id, ())
    if len(bindings) != 1 or bindings[0].kind != "parameter":
        return None
    return switches.of_parameter(function, True, value.id)


def set_elsewhere(index: Index) -> Iterator[str]:
    """The names of attributes that are set in a file, other than as `of_class` tells."""
    for statement in index.storing:
        match statement:
            case ast.Assign(targets=targets, value=value):
                is_name = isinstance(value, ast.Name)
            case ast.AugAssign(target=grown):
                targets, is_name = [grown], False
            case _:
                continue
        for target in targets:
            parts = target.elts if isinstance(target, ast.Tuple | ast.List) else (target,)
            for part in parts:
                if isinstance(part, ast.Attribute) and not (part is target and is_name and _is_own(part)):
                    yield part.attr
    for scope in index.scopes:
        for call in scope.calls if "setattr" in scope.called else ():
            match call:
                case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value=str(name)), *_]):
                    yield name


def _is_own(target: ast.Attribute) -> bool:
    return isinstance(target.value, ast.Name) and target.value.id == "self"
