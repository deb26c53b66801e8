"""Parameters that nothing declares, and what stands in for them when nobody gives them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.reading.spelling import last_name

if TYPE_CHECKING:
    from rules.engine.reading.index import Index
    from rules.engine.reading.scopes import Binding, Scope

_DECLARING = frozenset(
    {"fastapi", "starlette", "typer", "click", "pydantic", "strawberry", "taskiq", "builtins", "typing"}
)
"""Whose calls as a default say where a value comes from, not what it is."""


def default_of(index: Index, binding: Binding, scope: Scope) -> str:
    """The reference to the default of a parameter without annotation: `repository=OrderRepository()`; empty for plain values."""
    argument, default = binding.node, binding.value
    if not isinstance(argument, ast.arg) or argument.annotation is not None:
        return ""
    if not isinstance(default, ast.Call | ast.Name | ast.Attribute):
        return ""
    found = index.ref(default, scope)
    return "" if found.partition(".")[0] in _DECLARING or found[:1] == "'" else found


def takes_anything(argument: ast.arg) -> bool:
    """Whether nothing says what a parameter takes: no annotation, or `Any`. Who writes `object` asks what it is."""
    annotation = argument.annotation
    return annotation is None or (is_anything(annotation) and last_name(annotation) == "Any")


def is_anything(annotation: object) -> bool:
    return isinstance(annotation, ast.Name | ast.Attribute) and last_name(annotation) in ("Any", "object")


def is_left_open(binding: Binding) -> bool:
    """Whether a binding is a parameter without annotation that is None unless given: whatever takes its place tells what it is."""
    return (
        binding.kind == "parameter"
        and isinstance(binding.node, ast.arg)
        and binding.node.annotation is None
        and isinstance(binding.value, ast.Constant)
        and binding.value.value is None
    )


def is_only_left_open(scope: Scope, name: str) -> bool:
    """Whether a name of a function is such a parameter and nothing else."""
    bindings = scope.bindings.get(name)
    return bindings is not None and all(map(is_left_open, bindings))
