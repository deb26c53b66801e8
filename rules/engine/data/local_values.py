"""What a name was given in its scope, or in one around it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.engine.module import Module
    from rules.engine.reading.scopes import Binding


def value_of(name: ast.Name, module: Module) -> ast.AST | None:
    return next(values_of(bindings_of(name, module)), None)


def bindings_of(name: ast.Name, module: Module) -> list[Binding]:
    scope = module.index.scope_at(name)
    while name.id not in scope.bindings:
        if scope.parent is None:
            return []
        scope = scope.parent
    return scope.bindings[name.id]


def values_of(bindings: list[Binding]) -> Iterator[ast.AST]:
    for binding in bindings:
        value = binding.value
        if isinstance(value, ast.AnnAssign):
            value = value.value
        if isinstance(value, ast.Await):
            value = value.value
        if isinstance(value, ast.AST):
            yield value
