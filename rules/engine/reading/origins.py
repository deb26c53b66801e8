"""What a local name was made of."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rules.engine.module import Module


def origin(expression: ast.expr, module: Module) -> ast.expr:
    """The expression that a local name was given, when it has one value; anything else as it is."""
    for _ in range(3):
        if not isinstance(expression, ast.Name):
            break
        value = assigned(expression, module)
        if value is None:
            break
        expression = value
    return expression


def assigned(name: ast.Name, module: Module) -> ast.expr | None:
    """The only value that the function around `name` gives it."""
    scope = module.index.scope_at(name)
    bindings = scope.bindings.get(name.id, [])
    if scope is module.index.module or len(bindings) != 1:
        return None
    value = bindings[0].value
    if bindings[0].kind == "annotated" and isinstance(value, ast.AnnAssign):
        value = value.value
    elif bindings[0].kind != "value":
        return None
    return value if isinstance(value, ast.expr) else None


def origins(expression: ast.expr, module: Module) -> list[ast.expr]:
    """Every expression that a local name is given in its function; anything else as it is."""
    if isinstance(expression, ast.Name):
        scope = module.index.scope_at(expression)
        bindings = scope.bindings.get(expression.id, []) if scope is not module.index.module else []
        values = [binding.value for binding in bindings if binding.kind == "value"]
        found = [value for value in values if isinstance(value, ast.expr)]
        if found and len(found) == len(bindings):
            return found
    return [expression]


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The names of all parameters of `function`."""
    arguments = function.args
    found = {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    return found | {each.arg for each in (arguments.vararg, arguments.kwarg) if each is not None}
