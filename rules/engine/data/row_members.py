"""Methods and properties of mapped classes, where code calls or reads them of rows that came from a query."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.data.tables import Table
from rules.engine.reading.rows import ITEM

if TYPE_CHECKING:
    from rules.engine.costs.summaries import Summary
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module


def summary_of_member(node: ast.Attribute, module: Module) -> tuple[Node, Summary] | None:
    """What the method or property does that `node` names of one row of several; None when it is none, or unknown."""
    if not isinstance(node.value, ast.Name) or not module.project.models.tables:
        return None
    found: Node | None = None
    for loaded in module.rows(node.value):
        table = loaded.read_table()
        member = _member(table, node.attr, module) if table is not None and loaded.stage == ITEM else None
        if member is None or (found is not None and found is not member):
            return None
        found = member
    return (found, module.project.summaries.of(found)) if found is not None else None


def _member(table: Table, name: str, module: Module) -> Node | None:
    if name in table.columns or name in table.relationships or table.value is None:
        return None
    for ancestor in module.project.resolver.ancestry(table.value):
        if ancestor.module is not None:
            node = module.project.node(ancestor.module.path, f"{ancestor.symbol}.{name}")
            if node is not None:
                return node
    return None
