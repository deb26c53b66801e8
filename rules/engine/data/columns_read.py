"""What a comprehension reads of the rows it goes through: `[row["id"] for row in rows]`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.data.sole_uses import is_used_once
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.module import Module


def columns_read(node: ast.ListComp, module: Module) -> set[str]:
    """Names of the columns; empty when it does anything else with a row, or the rows serve something else too."""
    if len(node.generators) != 1 or not isinstance(node.generators[0].target, ast.Name):
        return set()
    if not is_used_once(node.generators[0].iter, module):
        return set()
    return _used(node, node.generators[0].target, module)


def _used(node: ast.ListComp, target: ast.Name, module: Module) -> set[str]:
    name = target.id
    found: set[str] = set()
    parts = [node.elt, *node.generators[0].ifs]
    for part in parts:
        for inner in walk(part):
            if not isinstance(inner, ast.Name) or inner.id != name:
                continue
            read = _column_read(module.parent(inner), inner, module)
            if not read:
                return set()
            found.add(read)
    return found


def _column_read(around: ast.AST | None, row: ast.Name, module: Module) -> str:
    match around:
        case ast.Attribute(value=value, attr=name) if value is row:
            outer = module.parent(around)
            if isinstance(outer, ast.Call) and outer.func is around:
                return ""  # a method
            return name
        case ast.Subscript(value=value, slice=ast.Constant(value=str() as name)) if value is row:
            return name
    return ""
