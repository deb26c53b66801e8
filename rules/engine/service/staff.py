"""Code that only those get to who run the system: it refuses all others itself, or all endpoints that reach it do."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once_for_node
from rules.engine.linking.graph import SCHEDULES
from rules.engine.reading.guarding import is_of_who_asks, refuses

if TYPE_CHECKING:
    from rules.engine.module import Module

_MOST = 200


def is_for_staff(node: ast.AST, module: Module) -> bool:
    """Whether the function around `node` refuses all but those who run the system before it gets there, or all endpoints that
    reach it depend on what does."""
    found = module.graph_node(node)
    if found is not None and found.endpoints and not found.endpoints & ~module.project.staff_endpoints:
        return True
    return refuses_before(node, module)


def refuses_before(node: ast.AST, module: Module) -> bool:
    """Whether the function around `node` refuses all but those who run the system before it gets there."""
    return module.comes_after(node, _refusals)


@once_for_node
def _refusals(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> frozenset[ast.stmt]:
    """The statements of a function, not of its loops and branches, that refuse all but those who run the system."""
    refusals: list[ast.stmt] = []
    blocks: list[list[ast.stmt]] = [function.body]
    while blocks:
        for each in blocks.pop():
            if isinstance(each, ast.Try):
                blocks += [
                    each.body,
                    each.orelse,
                    each.finalbody,
                    *(handler.body for handler in each.handlers),
                ]
            elif refuses(each) and is_of_who_asks(each, module.statements_before(each)):
                refusals.append(each)
    return frozenset(refusals)


def is_job_of_staff(node: ast.AST, module: Module) -> bool:
    """Whether a scheduler starts what gets to `node`, once and in no loop, and of those who ask for it by an endpoint only those who
    run the system: what no request is seen to reach is a hint, and a button to do by hand what the clock does adds little."""
    found = module.graph_node(node)
    if found is None or not found.endpoints or found.endpoints & ~module.project.staff_endpoints:
        return False
    place = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
    if any(call.loops and (call.line, call.column) == place for call in found.function.calls):
        return False
    seen, pending = {found}, [found]
    starts = False
    for each in pending:  # grows while we go
        starts = starts or "task" in each.roles
        for caller, edge in each.callers:
            if edge.call.loops or len(pending) > _MOST:
                return False
            starts = starts or edge.offload in SCHEDULES
            if caller not in seen and edge.offload not in SCHEDULES:
                seen.add(caller)
                pending.append(caller)
    return starts
