"""Calls that give a function of the project less than it asks for: they raise `TypeError`, and nothing in it runs."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.linking.graph import CALL
from rules.engine.linking.values import Sort
from rules.engine.reading import facts, switches

if TYPE_CHECKING:
    from rules.engine.finding import Hop
    from rules.engine.linking.graph import Edge, Node
    from rules.engine.module import Module
    from rules.engine.project import Project
    from rules.engine.rule import Match

_OF_PYTHON = "__"
"""How methods begin that Python calls, with arguments of its own: `__init__`, `__exit__`."""


def gets_too_little(match: Match, module: Module) -> bool:
    """Whether the call that a match is, or one on its call path, lacks an argument."""
    node = match.node
    caller = module.graph_node(node) if isinstance(node, ast.Call) else None
    if (
        isinstance(node, ast.Call)
        and caller is not None
        and _lacks(module.project, caller, node.lineno, node.col_offset)
    ):
        return True
    return any(_lacks_at(hop, module) for hop in match.call_path[:-1])


def _lacks_at(hop: Hop, module: Module) -> bool:
    linked = module.project.resolver.modules.get(hop.path)
    for function in linked.functions.values() if linked is not None else ():
        if function.line <= hop.line <= function.end_line:
            caller = module.project.node(hop.path, function.symbol)
            if caller is not None and _lacks(
                module.project, caller, hop.line, name=hop.symbol.rpartition(".")[2]
            ):
                return True
    return False


def _lacks(project: Project, caller: Node, line: int, column: int = -1, name: str = "") -> bool:
    """Whether all functions of the project that a call there may mean ask for more than it gives."""
    edges = [
        edge
        for edge in caller.edges
        if edge.call.line == line
        and column in (-1, edge.call.column)
        and (not name or edge.target.symbol.rpartition(".")[2] == name)
    ]
    return bool(edges) and all(_is_too_little(project, caller, edge) for edge in edges)


def _is_too_little(project: Project, caller: Node, edge: Edge) -> bool:
    function, call = edge.target.function, edge.call
    if edge.kind != CALL or edge.handed or edge.one_of_several or call.flags & facts.LOAD:
        return False
    called = project.resolver.value(call.ref, caller.module)
    if call.passed == "*" or called is None or called.sort != Sort.FUNCTION or called.partial:
        return False
    if (
        function.flags & (facts.WRAPPED | facts.PROPERTY)
        or function.symbol.rpartition(".")[2][:2] == _OF_PYTHON
    ):
        return False
    return switches.given(call) < function.required
