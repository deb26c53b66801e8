"""What a request does only when it is the first to need it: what is made then is kept, here or by whoever asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.engine.linking.context import IN_REQUEST, IN_TASK
from rules.engine.linking.graph import CALL
from rules.engine.linking.instances import Lifetime, lives
from rules.engine.reading import facts
from rules.engine.reading.paths import place_of
from rules.engine.service.mentions import naming

if TYPE_CHECKING:
    import ast

    from rules.engine.linking.graph import Node
    from rules.engine.module import Module
    from rules.engine.project import Project
    from rules.engine.reading.facts import Call

_FAR = 4
"""Calls from the making to the keeping."""


def is_first_time(call: ast.Call, module: Module) -> bool:
    """Whether a call, or each call that leads to its function, only happens while a global, an attribute of a class or of
    an object that lasts is not there yet: `if self._client is None: self._client = self._connect()`."""
    node = module.graph_node(call)
    if node is None:
        return False
    flags = module.call_flags(call)
    if _keeps(flags, node, module.project):
        return True
    return _is_asked_once(node, module.project, _FAR, frozenset({node}))


def runs_first_time(function: ast.AST, module: Module) -> bool:
    """As `is_first_time`, of a whole function: each call that leads to it makes something that is kept."""
    node = module.graph_node(function)
    return node is not None and _is_asked_once(node, module.project, _FAR, frozenset({node}))


def is_for_first_time(node: Node, project: Project) -> bool:
    """As `runs_first_time`, once in the life of a process, where nobody else is to be seen who may call it: no file that imports
    its own one names it too.

    `if _store is None: _store = Store(); await _store.connect()`.
    """
    if not _is_asked_by_process(node, project, _FAR, frozenset({node})):
        return False
    known = {node.path, *(caller.path for caller, _ in node.callers)}
    others = [path for path in project.resolver.modules if place_of(path) == "app" and path not in known]
    name = node.symbol.rpartition(".")[2]
    return not any(node.path in project.imports_of(path) for path in naming(project, others, (name,)))


def _is_asked_by_process(node: Node, project: Project, far: int, seen: frozenset[Node]) -> bool:
    asking = [(caller, edge) for caller, edge in node.callers if caller.contexts & (IN_REQUEST | IN_TASK)]
    return (
        bool(asking and far)
        and not node.roles
        and all(
            edge.kind == CALL
            and (
                edge.call.flags & facts.ONCE
                or (caller not in seen and _is_asked_by_process(caller, project, far - 1, seen | {caller}))
            )
            for caller, edge in asking
        )
    )


def _is_asked_once(node: Node, project: Project, far: int, seen: frozenset[Node]) -> bool:
    if node.roles or not far:
        return False
    asking = [(caller, edge) for caller, edge in node.callers if caller.contexts & IN_REQUEST]
    for caller, edge in asking:
        if edge.kind != CALL:
            return False
        if _keeps_answer(edge.call, caller, project):
            continue
        if caller in seen or not _is_asked_once(caller, project, far - 1, seen | {caller}):
            return False
    return bool(asking)


def _keeps_answer(call: Call, caller: Node, project: Project) -> bool:
    if caller.function.flags & facts.SINGLE:
        return True
    return _keeps(call.flags, caller, project)


def _keeps(flags: int, node: Node, project: Project) -> bool:
    """Whether a call of `node` is under a condition that its own answer ends for good."""
    if flags & facts.ONCE:
        return True
    if not flags & facts.OF_OBJECT:
        return False
    owner = (node.path, node.symbol.rpartition(".")[0])
    return lives(project, owner) is not Lifetime.REQUEST
