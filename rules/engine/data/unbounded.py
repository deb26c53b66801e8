"""Queries whose rows all go into a response, with no limit on the way. Gathered by query: there they are mended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from rules.engine.data.few_values import has_few_values
from rules.engine.data.statements import Loaded, Statements
from rules.engine.finding import Hop
from rules.engine.linking.context import IN_REQUEST
from rules.engine.linking.graph import Graph
from rules.engine.linking.routing import Routing
from rules.engine.linking.values import Linked
from rules.engine.reading.rows import ITEM as ROW
from rules.engine.reading.rows import LIMITED, MANY, RESULT, TOUCHED, Flow, Rows


class Unlimited(Struct):
    """A query without a limit."""

    loaded: Loaded
    places: list[Hop] = field(default_factory=list)
    """Where the rows become a response."""
    whole: bool = False
    """Whether the rows themselves do at one of them, not what is made of each by hand."""


Gathered = tuple[Loaded, int]
"""A query and the line where its rows are shown; 0 when the function returns them, -1 when it returns what it makes of each."""

Placed = tuple[Loaded, Hop, bool]
"""A query, where its rows become a response, and whether they do so as they are."""

UNBOUNDED = "unbounded"
"""With the path and symbol of a function, who asks the resolver."""


class UnboundedQueries:
    """All such queries of a project, by the place of the query."""

    def __init__(
        self,
        graph: Graph,
        statements: Statements,
        routing: Routing,
        known: Mapping[str, Mapping[str, Sequence[Gathered]]],
        placed: Mapping[str, Sequence[Placed]],
    ) -> None:
        """`known` is what another version found in functions that nothing changed for, `placed` what it made of the
        files whose functions run where they ran."""
        self._graph, self._statements = graph, statements
        self.found: dict[str, dict[str, Sequence[Gathered]]] = {
            path: {**functions} for path, functions in known.items()
        }
        """By file and function, its queries without a limit, whoever asks for them."""
        self.placed: dict[str, Sequence[Placed]] = {}
        """By file, those of them that become responses there."""
        self.queries: dict[tuple[str, int, int], Unlimited] = {}
        self._endpoints = {(route.handler.path, route.handler.symbol) for route in routing.routes}
        for path, module in graph.resolver.modules.items():
            if not module.facts.flows:
                continue
            here = placed.get(path)
            self.placed[path] = here = here if here is not None else tuple(self._placed(path, module))
            for loaded, hop, whole in here:
                key = (loaded.path, loaded.line, loaded.column)
                unlimited = self.queries.setdefault(key, Unlimited(loaded))
                unlimited.places.append(hop)
                unlimited.whole = unlimited.whole or whole

    def _placed(self, path: str, module: Linked) -> Iterator[Placed]:
        resolver, nodes = self._graph.resolver, self._graph.nodes
        for symbol, flow in module.facts.flows.items():
            node = nodes.get((path, symbol))
            if node is None or not node.contexts & IN_REQUEST:
                continue
            functions = self.found.setdefault(path, {})
            if symbol not in functions:
                with resolver.reading((UNBOUNDED, (path, symbol))):
                    functions[symbol] = tuple(self._gathered(flow, module, symbol))
            for loaded, line in functions[symbol]:
                if line > 0 or (path, symbol) in self._endpoints:
                    yield loaded, Hop(path, line if line > 0 else node.function.line, symbol), line >= 0

    def at(self, path: str, line: int, column: int) -> Unlimited | None:
        return self.queries.get((path, line, column))

    def _gathered(self, flow: Flow, module: Linked, symbol: str) -> Iterator[Gathered]:
        for _, rows in flow.returns:
            for loaded in self._unlimited(rows, module, symbol):
                yield loaded, 0
            for loaded in filter(_is_unlimited, self._statements.listed(rows, module, symbol)):
                yield loaded, -1
        for shown in flow.shown:
            for loaded in self._unlimited(shown.rows, module, symbol):
                yield loaded, shown.line
            for loaded in filter(_is_unlimited, self._statements.listed(shown.rows, module, symbol)):
                yield loaded, -1
        for rows in flow.listed:
            for loaded in self._unlimited(rows, module, symbol):
                yield loaded, -1

    def _unlimited(self, rows: Iterable[Rows], module: Linked, symbol: str) -> Iterator[Loaded]:
        yield from filter(_is_unlimited, self._statements.of(rows, module, symbol))


def _is_unlimited(loaded: Loaded) -> bool:
    if loaded.stage not in (MANY, RESULT, ROW) or not loaded.many or loaded.reads:
        return False
    return not loaded.flags & (LIMITED | TOUCHED) and not _is_narrow(loaded)


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
            owners += column is None or not has_few_values(column.attribute, column.type)
    return owners > 1
