"""Queries whose rows all go into a response, with no limit on the way. Gathered by query: there they are mended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rules.engine.context import IN_REQUEST
from rules.engine.finding import Hop
from rules.engine.graph import Graph
from rules.engine.routing import Routing
from rules.engine.rows import ITEM as ROW
from rules.engine.rows import LIMITED, MANY, RESULT, TOUCHED, Rows
from rules.engine.statements import Loaded, Statements
from rules.engine.values import Linked


@dataclass(slots=True)
class Unlimited:
    """A query without a limit."""

    loaded: Loaded
    places: list[Hop] = field(default_factory=list)
    """Where the rows become a response."""


class UnboundedQueries:
    """All such queries of a project, by the place of the query."""

    def __init__(self, graph: Graph, statements: Statements, routing: Routing) -> None:
        self._statements = statements
        self._limited: set[tuple[str, int, int]] = set()
        self.queries: dict[tuple[str, int, int], Unlimited] = {}
        endpoints = {(route.handler.path, route.handler.symbol) for route in routing.routes}
        for path, module in graph.resolver.modules.items():
            for symbol, flow in module.facts.flows.items():
                node = graph.nodes.get((path, symbol))
                if node is None or not node.contexts & IN_REQUEST:
                    continue
                if (path, symbol) in endpoints:
                    for _, rows in flow.returns:
                        self._gather(rows, module, symbol, node.function.line)
                for shown in flow.shown:
                    self._gather(shown.rows, module, symbol, shown.line)

    def at(self, path: str, line: int, column: int) -> Unlimited | None:
        return self.queries.get((path, line, column))

    def _gather(self, rows: Iterable[Rows], module: Linked, symbol: str, line: int) -> None:
        for loaded in self._statements.of(rows, module, symbol):
            if loaded.stage not in (MANY, RESULT, ROW) or not loaded.many or loaded.reads:
                continue
            if loaded.flags & (LIMITED | TOUCHED):
                continue
            if _is_narrow(loaded):
                continue
            key = (loaded.path, loaded.line, loaded.column)
            known = self.queries.setdefault(key, Unlimited(loaded))
            known.places.append(Hop(module.path, line, symbol))


def _is_narrow(loaded: Loaded) -> bool:
    """Whether the conditions leave few rows, or cannot be read."""
    owners = 0
    for word in loaded.filters:
        if word == "?" or word.startswith("in."):
            return True
        if word.startswith("."):
            column = loaded.table.column(word[1:])
            if column is not None and (column.primary or column.unique):
                return True
            owners += 1
    return owners > 1
