"""What a name was given in its scope, or in one around it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.engine.module import Module


def value_of(name: ast.Name, module: Module) -> ast.AST | None:
    return next(values_of(name, module), None)


def values_of(name: ast.Name, module: Module) -> Iterator[ast.AST]:
    for binding in module.index.bindings_of(name):
        value = binding.value
        if isinstance(value, ast.AnnAssign):
            value = value.value
        if isinstance(value, ast.Await):
            value = value.value
        if isinstance(value, ast.AST):
            yield value
