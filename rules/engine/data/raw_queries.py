"""SQL texts of a project: which table each reads, and whether all its rows become a response."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from rules.engine.costs.summaries import Summaries
from rules.engine.data import imported_texts
from rules.engine.data.models import Models
from rules.engine.data.tables import Column, Table
from rules.engine.finding import Hop
from rules.engine.linking.context import IN_REQUEST
from rules.engine.linking.graph import CALL, Graph, Node
from rules.engine.linking.resolver import Resolver
from rules.engine.linking.routing import Routing
from rules.engine.linking.values import Linked
from rules.engine.reading import raw_sql
from rules.engine.reading.facts import Call
from rules.engine.reading.raw_sql import Condition, Statement
from rules.engine.reading.raw_text import FETCHES, RawQuery

_SYSTEM = ("pg_", "sqlite_", "information_schema.", "pg_catalog.", "mysql.", "sys.", "alembic_version")
_FAR = 4


class Raw(Struct):
    """A query by an SQL text, in code that a request reaches."""

    path: str
    query: RawQuery
    statement: Statement
    table: Table | None
    """The only table it reads, when the project has one model of it."""
    places: list[Hop] = field(default_factory=list)
    """The endpoints that return all its rows."""

    def column(self, name: str) -> Column | None:
        """The column of the model that has this name in the database."""
        columns = self.table.columns.values() if self.table is not None else ()
        return next((column for column in columns if column.name.lower() == name), None)


class RawQueries:
    """By the place of the call and the method that is called."""

    def __init__(self, graph: Graph, models: Models, routing: Routing, summaries: Summaries) -> None:
        self._graph = graph
        self._models = models
        self._summaries = summaries
        self._endpoints = {
            (route.handler.path, route.handler.symbol): route.handler for route in routing.routes
        }
        self._passed_on: dict[Node, list[Node]] | None = None
        self.queries: dict[tuple[str, int, int, str], Raw] = {}
        for path, module in graph.resolver.modules.items():
            for query in module.facts.raw.queries:
                raw = self._linked(path, query)
                if raw is not None:
                    self.queries[path, query.line, query.column, query.method] = raw

    def at(self, path: str, line: int, column: int, method: str) -> Raw | None:
        return self.queries.get((path, line, column, method))

    def _linked(self, path: str, query: RawQuery) -> Raw | None:
        node = self._graph.nodes.get((path, query.symbol))
        if node is None or not node.contexts & IN_REQUEST or not self._runs(node, query):
            return None
        statement = raw_sql.parse(imported_texts.text_of(query, node.module, self._resolver))
        if statement is None:
            return None
        raw = Raw(path, query, statement, self._table(statement))
        if query.answers and statement.kind == raw_sql.READ:
            raw.places = [
                Hop(handler.path, handler.function.line, handler.symbol) for handler in self.answered(node)
            ]
        return raw

    def _runs(self, node: Node, query: RawQuery) -> bool:
        """Whether the call asks a database: a driver's method, or one of the project's own that fetches for others."""
        for leaf in node.leaves:
            if leaf.query is not None and _is_at(leaf.call, query):
                return True
        for edge in node.edges:
            if edge.kind == CALL and query.method in FETCHES and _is_at(edge.call, query):
                return bool(self._summaries.of(edge.target).reads)
        return False

    def _table(self, statement: Statement) -> Table | None:
        if len(statement.tables) != 1:
            return None
        found = self._models.by_name.get(statement.tables[0].rpartition(".")[2], ())
        return found[0] if len(found) == 1 else None

    # Responses

    def answered(self, node: Node) -> list[Node]:
        """The endpoints that return what `node` returns."""
        found: list[Node] = []
        seen = {node}
        level = [node]
        for _ in range(_FAR):
            following: list[Node] = []
            for each in level:
                if (each.path, each.symbol) in self._endpoints:
                    found.append(each)
                    continue
                following.extend(caller for caller in self._callers(each) if caller not in seen)
                seen.update(following)
            level = following
        return found

    def _callers(self, node: Node) -> list[Node]:
        if self._passed_on is None:
            self._passed_on = {}
            for path, module in self._graph.resolver.modules.items():
                for symbol, refs in _returning(module):
                    caller = self._graph.nodes.get((path, symbol))
                    if caller is None:
                        continue
                    for ref in refs:
                        for target in self._graph.runs(self._resolver.value(ref, module)):
                            self._passed_on.setdefault(target, []).append(caller)
        return self._passed_on.get(node, [])

    @property
    def _resolver(self) -> Resolver:
        return self._graph.resolver


def _is_at(call: Call, query: RawQuery) -> bool:
    called = call.ref.rpartition(".")[2].removeprefix("@")
    return (call.line, call.column, called) == (query.line, query.column, query.method)


def _returning(module: Linked) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Functions with the functions whose rows they return."""
    yield from module.facts.raw.served.items()
    for symbol, flow in module.facts.flows.items():
        if symbol not in module.facts.raw.served:
            for _, rows in flow.returns:
                yield symbol, tuple(each.origin for each in rows if each.called and not each.path)


def is_unlimited(raw: Raw) -> bool:
    """Whether nothing in the query bounds how many rows it gives, as far as everything in it can be read."""
    statement = raw.statement
    if statement.kind != raw_sql.READ or statement.limited or statement.aggregate or statement.grouped:
        return False
    if statement.unreadable or not all(statement.tables) or statement.tables[0].startswith(_SYSTEM):
        return False
    owners = 0
    for condition in statement.conditions:
        if condition.operator in ("in", "<", "f()="):
            return False
        if condition.operator == "=":
            column = raw.column(condition.column)
            if column is not None and (column.primary or column.unique):
                return False
            if column is None and not _is_of_other(condition, statement):
                return False
            owners += 1
    return owners <= 1


def _is_of_other(condition: Condition, statement: Statement) -> bool:
    """Whether a column of a table without a model names a row of another one, as `customer_id` of `orders` does."""
    stem = condition.column.removesuffix("_id")
    table = (condition.table or statement.tables[0]).rpartition(".")[2]
    return stem != condition.column and bool(stem) and stem not in table
