"""By which columns a project looks rows up, and whether an index answers that."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from msgspec import Struct, field
from msgspec.structs import replace

from rules.engine.data import imported_texts
from rules.engine.data.models import Models
from rules.engine.data.tables import Column, Table
from rules.engine.linking.context import IN_REQUEST
from rules.engine.linking.resolver import Resolver
from rules.engine.linking.values import Linked
from rules.engine.reading import raw_sql
from rules.engine.reading.filtered import Filtered
from rules.engine.service.traffic import runs_seldom

if TYPE_CHECKING:
    from rules.engine.project import Project


_REMOVING = ("delete", "remove", "cleanup", "clean_up", "purge", "clear", "unlink", "handle_owned")


class Use(Struct):
    """A query that looks rows up by a column."""

    path: str
    line: int
    symbol: str
    reached: bool
    """A request is proven to get there."""
    seldom: bool = False
    """Only now and then, going by the names of what leads there."""
    optional: bool = False
    """Only for a caller who asks for it: the other requests list all rows."""
    of: str = ""
    """The symbol of the table whose rows it reads; columns of a mixin have several."""

    @property
    def is_clean_up(self) -> bool:
        """Whether the query belongs to removing something, by the name of its function."""
        return self.symbol.rpartition(".")[2].lstrip("_").startswith(_REMOVING)


class Lookups(Struct):
    """Uses of columns, by (path, line) of the column's declaration."""

    needed: dict[tuple[str, int], list[Use]] = field(default_factory=dict)
    """Nothing else narrows the query: the index decides between a look-up and a scan."""


def link(project: Project) -> Lookups:
    """What the queries of the project look up."""
    resolver, models, graph = project.resolver, project.models, project.graph
    found = Lookups()
    for path, module in resolver.modules.items():
        for filtered in module.facts.filters:
            node = graph.nodes.get((path, filtered.symbol))
            if node is None:
                continue
            reached = bool(node.contexts & IN_REQUEST)
            use = Use(path, filtered.line, filtered.symbol, reached, reached and runs_seldom(node, project))
            _judge(found, filtered, use, module, resolver, models)
        for query in module.facts.raw.queries if models.tables else ():
            node = graph.nodes.get((path, query.symbol))
            if node is not None and node.contexts & IN_REQUEST:
                use = Use(path, query.line, query.symbol, True, runs_seldom(node, project))
                _judge_text(found, imported_texts.text_of(query, module, resolver), use, models)
    return found


def _judge_text(found: Lookups, text: str, use: Use, models: Models) -> None:
    """As `_judge`, for an SQL text that reads one table."""
    statement = raw_sql.parse(text)
    if statement is None or statement.joined or statement.unreadable or not statement.conditions:
        return
    tables = models.by_name.get(statement.tables[0].rpartition(".")[2], ())
    if len(tables) != 1:
        return
    columns = {column.name.lower(): column for column in tables[0].columns.values()}
    compared = [
        (condition.operator, columns.get(condition.column))
        for condition in statement.conditions
        if condition.operator in ("=", "in", "<", "like")
    ]
    if any(column is None or tables[0].is_indexed(column) for _, column in compared):
        return
    equal = [column for operator, column in compared if operator == "=" and column is not None]
    keys = [column for column in equal if column.foreign is not None]
    for column in (keys or equal)[:1]:
        _note(found, tables[0], column, use)


def _note(found: Lookups, table: Table, column: Column, use: Use) -> None:
    found.needed.setdefault((column.path, column.line), []).append(replace(use, of=table.symbol))


def _judge(
    found: Lookups, filtered: Filtered, use: Use, module: Linked, resolver: Resolver, models: Models
) -> None:
    named = {ref: column_of(ref, module, resolver, models) for ref in filtered.equal}
    equal = [pair for pair in named.values() if pair is not None]
    optional = [named[ref] for ref in filtered.optional]
    narrowed = [
        pair for ref in filtered.narrowed if (pair := column_of(ref, module, resolver, models)) is not None
    ]
    if filtered.unreadable or any(table.is_indexed(column) for table, column in (*equal, *narrowed)):
        return
    entity = models.table(resolver.value(filtered.entity, module))
    keys = [pair for pair in equal if pair[1].foreign is not None]
    for table, column in (keys or equal)[:1]:  # one index narrows the rest
        if table is entity:
            _note(found, table, column, replace(use, optional=(table, column) in optional))


def column_of(ref: str, module: Linked, resolver: Resolver, models: Models) -> tuple[Table, Column] | None:
    """The table and column that a reference such as `@Order.number` names."""
    base, _, name = ref.rpartition(".")
    table = models.table(resolver.value(base, module)) if base else None
    column = table.columns.get(name) if table is not None else None
    return (table, column) if table is not None and column is not None else None


_enumerations: WeakKeyDictionary[Project, frozenset[str]] = WeakKeyDictionary()


def enumerations(project: Project) -> frozenset[str]:
    """The names of the enumerations of a project: a column of one has a handful of values, and an index on it finds
    a good part of the rows."""
    known = _enumerations.get(project)
    if known is None:
        known = _enumerations[project] = frozenset(
            cls.symbol.rpartition(".")[2]
            for module in project.resolver.modules.values()
            for cls in module.classes.values()
            if any(base.startswith("enum.") for base in cls.bases)
        )
    return known
