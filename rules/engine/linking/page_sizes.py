"""Where a number that a request brings becomes the size of a page: `.limit(size)`, at any depth of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.engine.finding import Hop
from rules.engine.linking.values import Sort

if TYPE_CHECKING:
    from rules.engine.linking.graph import Graph, Node

_STATEMENTS = (
    "sqlalchemy.sql.Select",
    "sqlalchemy.orm.Query",
    "sqlalchemy.sql.CompoundSelect",
    "tortoise.queryset.QuerySet",
    "tortoise.models.Model",
    "beanie.FindMany",
    "pymongo.cursor.Cursor",
    "pymongo.asynchronous.cursor.AsyncCursor",
    "motor.motor_asyncio.AsyncIOMotorCursor",
    "peewee.ModelSelect",
    "mongoengine.QuerySet",
)
LIMITERS = frozenset(f"{owner}.limit" for owner in _STATEMENTS) | frozenset(
    f"{owner}.to_list" for owner in _STATEMENTS if "ursor" in owner
)
"""Calls whose first argument is the greatest number of rows."""
_FAR = 4


def way_to_limit(graph: Graph, node: Node, parameter: str) -> tuple[Hop, ...] | None:
    """The calls through which `parameter` of the function `node` becomes the size of a page; None when it does not."""
    return _way(graph, node, parameter, 0)


def _way(graph: Graph, node: Node, parameter: str, depth: int) -> tuple[Hop, ...] | None:
    for passing in node.function.passings:
        if passing.parameter != parameter:
            continue
        value = graph.resolver.value(passing.ref, node.module)
        if value is None:
            continue
        if value.sort == Sort.EXTERNAL and value.name in LIMITERS and passing.position <= 0:
            return (Hop(node.path, passing.line, value.name),)
        if depth >= _FAR:
            continue
        for target in graph.runs(value):
            taken = taken_as(target, passing.position, passing.keyword, bound=value.bound)
            inner = _way(graph, target, taken, depth + 1) if taken else None
            if inner is not None:
                return Hop(node.path, passing.line, target.symbol), *inner
    return None


def taken_as(target: Node, position: int, keyword: str, *, bound: bool) -> str:
    """The name under which `target` takes an argument; empty when that is unknown."""
    names = target.function.order
    if keyword:
        return keyword if keyword in names else ""
    position += 1 if bound or target.symbol.endswith("__init__") else 0
    return names[position] if 0 <= position < len(names) else ""
