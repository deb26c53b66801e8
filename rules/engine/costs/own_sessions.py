"""Functions that open a database session of their own for what they read: two of them may wait at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.linking.values import Linked, Sort, Value
from rules.engine.reading import facts
from rules.engine.reading.facts import Call
from rules.libraries import Kind
from rules.libraries.sqlalchemy import ASYNC_SESSIONS

if TYPE_CHECKING:
    from rules.engine.costs.summaries import Leaf, Summary
    from rules.engine.linking.graph import Node
    from rules.engine.project import Project

_OPENED = ASYNC_SESSIONS | {"sqlalchemy.ext.asyncio.AsyncConnection"}
_SHARED = "scoped_session"
"""How factories end that give everybody in a request the same session."""
_DEPTH = 3


def reads_alone(summary: Summary, callee: Node, project: Project) -> bool:
    """Whether all that a function asks the database is to read, over sessions that it opens and closes for that."""
    if summary.commits or summary.writes or not summary.queries:
        return False
    if any(leaf.blocking is not None and leaf.blocking.kind != Kind.CPU for leaf in summary.blocking):
        return False  # it holds the event loop: nothing else goes on meanwhile
    known = (libraries.query(leaf.callable) for leaf in summary.queries)
    if not all(query is not None and query.is_async and query.kind == "select" for query in known):
        return False
    return all(_is_opened_inside(leaf, callee, project) for leaf in summary.queries)


def _is_opened_inside(leaf: Leaf, callee: Node, project: Project) -> bool:
    """Whether one of the functions on the way to a query opens a session around it."""
    node: Node | None = callee
    for here, then in zip(leaf.path, leaf.path[1:], strict=False):
        if node is None:
            return False
        edges = [
            edge for edge in node.edges if edge.call.line == here.line and edge.target.symbol == here.symbol
        ]
        if edges and all(_stands_in_one(edge.call, node, project) for edge in edges):
            return True
        node = project.node(then.path, here.symbol)
    last = leaf.path[-1].line
    calls = [
        each.call
        for each in (node.leaves if node is not None else ())
        if each.name == leaf.callable and each.call.line == last
    ]
    return node is not None and bool(calls) and all(_is_asked_of_one(each, node, project) for each in calls)


def _stands_in_one(call: Call, node: Node, project: Project) -> bool:
    return any(_opens(held, node.module, project) for held in call.held)


def _is_asked_of_one(call: Call, node: Node, project: Project) -> bool:
    session = call.ref.rpartition(".")[0].partition("⁇")[0]
    return _opens(session, node.module, project)


def _opens(ref: str, module: Linked, project: Project, depth: int = 0) -> bool:
    """Whether a reference is to a session that is made for whoever asks for it."""
    ref = ref.removesuffix("^")
    if depth > _DEPTH or not ref.endswith("()"):
        return False
    value = project.resolver.value(ref, module)
    made_by = project.resolver.value(ref[:-2], module)
    if value is None or made_by is None or made_by.name.endswith(_SHARED):
        return False
    if value.sort == Sort.INSTANCE:
        return made_by.sort != Sort.FUNCTION and libraries.canonical(value.name) in _OPENED
    return value.sort == Sort.ITEMS and _is_handed_out(made_by, project, depth)


def _is_handed_out(maker: Value, project: Project, depth: int) -> bool:
    """`async with session_factory() as session: yield session` of a context manager."""
    if maker.sort != Sort.FUNCTION or not maker.function.flags & facts.CONTEXT:
        return False
    return _opens(maker.function.yields, maker.home, project, depth + 1)
