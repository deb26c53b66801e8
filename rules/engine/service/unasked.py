"""Branches that no call asks for: `if save_copy:`, of a parameter that is off by default and that nobody turns on.

And statements behind a `raise` or a `return` of their block or under `if False:`, which never run at all.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from rules.engine.reading import facts, switches
from rules.engine.reading.scopes import FUNCTIONS
from rules.engine.reading.unreachable import ends_block, is_unreachable_arm
from rules.engine.service.serving import callers_by_name

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module
    from rules.engine.project import Project

_FAR = 3
_known: WeakKeyDictionary[Project, dict[tuple[str, str, str], bool]] = WeakKeyDictionary()


def is_never_asked(node: ast.AST, module: Module) -> bool:
    """Whether `node` stands behind the end of its block, or under a condition on a parameter of its function that no
    call of the project fulfils."""
    if _is_past_end(node, module):
        return True
    function = module.function_of(node)
    found = module.graph_node(node)
    if function is None or isinstance(function.node, ast.Lambda) or found is None or not found.callers:
        return False
    return any(_never_holds(each, found, function.node, module.project) for each in _conditions(node, module))


def _is_past_end(node: ast.AST, module: Module) -> bool:
    child, parent = node, module.parent(node)
    while parent is not None and not isinstance(child, FUNCTIONS) and not isinstance(parent, ast.Module):
        if isinstance(parent, ast.If) and is_unreachable_arm(parent, child):
            return True
        for name in ("body", "orelse", "finalbody"):
            block = getattr(parent, name, None)
            if (
                isinstance(block, list)
                and child in block
                and any(map(ends_block, block[: block.index(child)]))
            ):
                return True
        child, parent = parent, module.parent(parent)
    return False


def _conditions(node: ast.AST, module: Module) -> list[str]:
    """What must hold of the parameters of the function around `node` for it to run."""
    found: list[str] = []
    child, parent = node, module.parent(node)
    while parent is not None and not isinstance(child, FUNCTIONS) and not isinstance(parent, ast.Module):
        if isinstance(parent, (ast.If, ast.IfExp)):
            found += switches.around(module.index, parent, child)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(parent, name, None)
            if isinstance(block, list) and child in block:
                for earlier in block[: block.index(child)]:
                    if isinstance(earlier, ast.If):
                        found += switches.after(module.index, earlier)
        child, parent = parent, module.parent(parent)
    return found


def _never_holds(
    condition: str, node: Node, function: ast.FunctionDef | ast.AsyncFunctionDef, project: Project
) -> bool:
    known = _known.setdefault(project, {})
    key = node.path, node.symbol, condition
    if key not in known:
        bound = bool(node.function.owner) and not node.function.flags & facts.STATIC
        switch = switches.of_parameter(function, bound, switches.about(condition))
        known[key] = switch is not None and _is_refused(condition, switch, node, project, _FAR)
    return known[key]


def _is_refused(condition: str, switch: switches.Switch, node: Node, project: Project, far: int) -> bool:
    """Whether everything that calls a function, or something of its name, passes what does not fulfil `condition`."""
    if node.roles or not node.callers or not far:
        return False
    name = node.symbol.rpartition(".")[2]
    callers = {id(caller): caller for caller, _ in node.callers}
    callers |= {id(each): each for each in callers_by_name(project).get(name, ())}
    for caller in callers.values():
        for call in caller.function.calls:
            if call.ref.rpartition(".")[2].lstrip("@>") != name and not _leads_to(caller, call, node):
                continue
            if call.flags & facts.LOAD or call.passed == "*":
                return False
            passed = switches.passed_for(call, switch)
            if passed[:1] == "@":
                handed = next((each for each in caller.function.switches if each.name == passed[1:]), None)
                onwards = switches.renamed(condition, passed[1:])
                if handed is None or not _is_refused(onwards, handed, caller, project, far - 1):
                    return False
            elif not passed or switches.may_hold(condition, passed):
                return False
    return True


def _leads_to(caller: Node, call: facts.Call, node: Node) -> bool:
    place = call.line, call.column
    return any(edge.target is node and (edge.call.line, edge.call.column) == place for edge in caller.edges)
