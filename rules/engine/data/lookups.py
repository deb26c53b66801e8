"""By which columns a project looks rows up, and whether an index answers that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from rules.engine.data import imported_texts
from rules.engine.data.few_values import has_few_values
from rules.engine.data.models import Models
from rules.engine.data.tables import Column, Table
from rules.engine.kept_answers import once
from rules.engine.linking.context import IN_REQUEST
from rules.engine.linking.resolver import Resolver
from rules.engine.linking.values import Linked
from rules.engine.reading import raw_sql
from rules.engine.reading.filtered import COLUMNS_OF_TABLE, EXISTS, Filtered
from rules.engine.reading.regexes import regex
from rules.engine.service.traffic import runs_seldom

if TYPE_CHECKING:
    from rules.engine.project import Project


_REMOVING = ("delete", "remove", "cleanup", "clean_up", "purge", "clear", "unlink", "handle_owned")


_KEY_ENDS = ("_id", "_uuid", "_key")


_NAMES_ONE = regex(
    r"(?:^|_)(?:id|uuid|key|reference|number|slug|e?mail|token|sku|barcode|hash|checksum|phone|username|hostname|domain)$"
)
"""Columns whose values name one row among those of an owner."""
OWNERS = frozenset(
    {
        *("organization_id", "organisation_id", "org_id", "tenant_id", "workspace_id", "company_id"),
        *("account_id", "team_id", "project_id", "owner_id", "business_id", "shop_id"),
    }
)
"""Keys of those who use a service, each with many rows of every table."""
_COMPUTED = ("sqlalchemy.func.", EXISTS, "sqlalchemy.literal", "sqlalchemy.sql.func.")
"""What a query may select that names no table."""


_DOCUMENTS = frozenset({"beanie.Document", "beanie.odm.documents.Document"})
_TORTOISE = frozenset({"tortoise.models.Model", "tortoise.Model"})


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
    joined: bool = False
    """The rows it is about are those of another table, to which this one is joined."""
    of: str = ""
    """The symbol of the table whose rows it reads; columns of a mixin have several."""
    listed: bool = False
    """It asks for a list of values, which may be one or all."""

    @property
    def is_clean_up(self) -> bool:
        """Whether the query belongs to removing something, by the name of its function."""
        return self.symbol.rpartition(".")[2].lstrip("_").startswith(_REMOVING)


class Lookups(Struct):
    """Uses of columns, by path and line of the column's declaration, and its name."""

    needed: dict[tuple[str, int, str], list[Use]] = field(default_factory=dict)
    """Nothing else narrows the query: the index decides between a look-up and a scan."""
    sorted: dict[tuple[str, int, str], list[Use]] = field(default_factory=dict)
    """All rows are sorted by the column, to find one page of them."""
    ranged: dict[tuple[str, int, str], list[Use]] = field(default_factory=dict)
    """Nothing but a span of the column, or that it is empty, narrows the query."""
    among: dict[tuple[str, int, str], list[Use]] = field(default_factory=dict)
    """Beside the column only the rows' owner is compared, whose index finds all rows of that owner."""
    alike: dict[tuple[str, int, str], list[Use]] = field(default_factory=dict)
    """Only a column that many rows have the same value of narrows the query."""
    documents: dict[tuple[str, str], list[tuple[tuple[str, ...], tuple[str, ...], Use]]] = field(
        default_factory=dict
    )
    """By path and symbol of a class of documents, the fields that a query compares with a value, and those that narrow it
    otherwise."""
    indexed: frozenset[str] = frozenset()
    """The fields that the project makes indexes for, of whatever collection; `*` of those that cannot be read."""


Place: TypeAlias = "tuple[Table, str]"
"""A table and the name of a column that it may have."""


class Narrowing(Struct):
    """What a query looks rows of a table up by, as far as references alone tell."""

    filtered: Filtered
    equal: tuple[Place, ...]
    narrowed: tuple[Place, ...]
    optional: tuple[Place, ...]
    entity: Table | None
    ordered: tuple[Place, ...] = ()
    document: tuple[str, str] | None = None
    """Path and symbol of the class of documents that is asked."""
    on: tuple[tuple[Place, Place], ...] = ()
    """What joins compare, that of the joined table first."""
    listed: tuple[Place, ...] = ()
    worded: tuple[Place, ...] = ()


Narrowings: TypeAlias = "Mapping[str, Sequence[Narrowing]]"
"""By file."""
LOOKED = "looked up"
"""With a path, who asks the resolver."""


def link(project: Project) -> Lookups:
    """What the queries of the project look up."""
    resolver, models, graph = project.resolver, project.models, project.graph
    found = Lookups()
    known, kept = project.narrowings, {}
    for path, module in resolver.modules.items():
        if module.facts.filters:
            narrowings = known.get(path)
            if narrowings is None:
                with resolver.reading((LOOKED, path)):
                    narrowings = [
                        _narrowing(filtered, module, resolver, models)
                        if not filtered.by_keywords
                        else _by_keywords(filtered, module, project)
                        for filtered in module.facts.filters
                    ]
            kept[path] = narrowings
            for narrowing in narrowings:
                _judge(found, narrowing, path, project)
        for query in module.facts.raw.queries if models.tables else ():
            node = graph.nodes.get((path, query.symbol))
            if node is not None and node.contexts & IN_REQUEST:
                use = Use(path, query.line, query.symbol, True, runs_seldom(node, project))
                _judge_text(found, imported_texts.text_of(query, module, resolver), use, models)
    project.narrowings = kept
    found.indexed = frozenset(name for module in resolver.modules.values() for name in module.facts.indexed)
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
    found.needed.setdefault(column.place, []).append(replace(use, of=table.symbol))


def _narrowing(filtered: Filtered, module: Linked, resolver: Resolver, models: Models) -> Narrowing:
    if filtered.of_class:
        value = resolver.value(filtered.entity, module)
        if value is None or value.module is None:  # a class of somebody else
            return Narrowing(filtered, (), (), (), None)
        names = {each.name for each in resolver.ancestry(value)}
        if not names.isdisjoint(_DOCUMENTS):
            return Narrowing(filtered, (), (), (), None, document=(value.module.path, value.symbol))
        if names.isdisjoint(_TORTOISE):
            return Narrowing(filtered, (), (), (), None)
    if filtered.unreadable or any(
        _is_of_subquery(ref, module, resolver, models)
        for ref in (*filtered.equal, *filtered.narrowed)
        if ref not in filtered.optional
    ):
        return Narrowing(filtered, (), (), (), None)
    equal, narrowed = (
        tuple(_places(refs, module, resolver, models)) for refs in (filtered.equal, filtered.narrowed)
    )
    return Narrowing(
        filtered,
        equal,
        narrowed,
        tuple(_places(filtered.optional, module, resolver, models)),
        _entity(filtered.entity, (*equal, *narrowed), module, resolver, models),
        tuple(_places((filtered.ordered,), module, resolver, models)),
        on=tuple(
            (pair[0], pair[1])
            for refs in filtered.on
            if len(pair := tuple(_places(refs, module, resolver, models))) == 2
        ),
        listed=tuple(_places(filtered.listed, module, resolver, models)),
        worded=tuple(_places(filtered.worded, module, resolver, models)),
    )


def _by_keywords(filtered: Filtered, module: Linked, project: Project) -> Narrowing:
    """What a call names where the function of the project hands that to `filter_by`, or compares columns of these names."""
    statements = project.statements
    asked = statements.asked_by_fields if filtered.by_fields else statements.asked_by_keywords
    table = asked(filtered.entity, module) if project.models.tables else None
    if table is None or not all(name in table.columns for name in filtered.equal):
        return Narrowing(filtered, (), (), (), None)
    return Narrowing(filtered, tuple((table, name) for name in filtered.equal), (), (), table)


def _entity(
    ref: str, compared: Sequence[Place], module: Linked, resolver: Resolver, models: Models
) -> Table | None:
    """The table whose rows a query reads: of a class, of one of its columns, of what `func.count()` is asked about."""
    if ref.startswith(_COMPUTED):
        tables = {id(table): table for table, _ in compared}
        return tables.popitem()[1] if len(tables) == 1 else None
    found = _table(ref, module, resolver, models)
    if found is None and ref.rpartition(".")[0]:
        found = next((table for table, _ in _places((ref,), module, resolver, models)), None)
    return found


def _places(refs: Iterable[str], module: Linked, resolver: Resolver, models: Models) -> Iterator[Place]:
    for ref in refs:
        base, _, name = ref.rpartition(".")
        table = _table(base, module, resolver, models) if base else None
        if table is not None:
            yield table, name


def _table(ref: str, module: Linked, resolver: Resolver, models: Models) -> Table | None:
    """The table of a mapped class, or the `Table(…)` that `orders` or `orders.c` refers to."""
    base, _, name = ref.rpartition(".")
    value = resolver.value(base if name in COLUMNS_OF_TABLE and base else ref, module)
    return models.table(value) or models.plain_table(value)


def _is_of_subquery(ref: str, module: Linked, resolver: Resolver, models: Models) -> bool:
    """Whether a column is one of something that is no table of the project: `latest.c.order_id`."""
    base = ref.rpartition(".")[0]
    return base.rpartition(".")[2] in COLUMNS_OF_TABLE and _table(base, module, resolver, models) is None


def _judge(found: Lookups, narrowing: Narrowing, path: str, project: Project) -> None:
    filtered, entity = narrowing.filtered, narrowing.entity
    node = project.graph.nodes.get((path, filtered.symbol))
    if node is None or filtered.unreadable:
        return
    if narrowing.document is not None:
        reached = bool(node.contexts & IN_REQUEST)
        use = Use(path, filtered.line, filtered.symbol, reached, reached and runs_seldom(node, project))
        keys_of, narrowed_by = (
            tuple(ref.rpartition(".")[2] for ref in refs) for refs in (filtered.equal, filtered.narrowed)
        )
        found.documents.setdefault(narrowing.document, []).append((keys_of, narrowed_by, use))
        return
    equal, narrowed, optional = (
        [(table, table.columns[name]) for table, name in places if name in table.columns]
        for places in (narrowing.equal, narrowing.narrowed, narrowing.optional)
    )
    reached = bool(node.contexts & IN_REQUEST)
    seldom = reached and runs_seldom(node, project)
    for pair in narrowing.on:
        _judge_join(found, pair, Use(path, filtered.line, filtered.symbol, reached, seldom, joined=True))
    if any(table.is_indexed(column) for table, column in (*equal, *narrowed)):
        use = Use(path, filtered.line, filtered.symbol, reached, seldom)
        if not any(table.is_indexed(column) for table, column in narrowed):
            _judge_among(found, entity, equal, narrowing.optional, use)
        return
    keys = [pair for pair in equal if pair[1].foreign is not None]
    # Of several tables the database may begin with another one.
    is_only = len({id(table) for table, _ in (*equal, *narrowed)}) == 1
    # One index narrows the rest, best that of a column with many values.
    telling_first = sorted(keys or equal, key=lambda pair: has_few_values(pair[1].attribute, pair[1].type))
    for table, column in telling_first[:1]:
        if table is entity or (is_only and entity is not None):
            use = Use(path, filtered.line, filtered.symbol, reached, seldom, (table, column) in optional)
            use.joined = table is not entity
            _note(found, table, column, use)
            if has_few_values(column.attribute, column.type) and not narrowed and is_only and not use.joined:
                found.alike.setdefault(column.place, []).append(replace(use, of=table.symbol))
    # A word that the source names narrows to one of a few kinds.
    if len(narrowed) == 1 and not equal and (narrowed[0][0], narrowed[0][1].attribute) in narrowing.worded:
        table, column = narrowed[0]
        if table is entity and narrowed[0] not in optional:
            use = Use(path, filtered.line, filtered.symbol, reached, seldom, of=table.symbol)
            found.alike.setdefault(column.place, []).append(use)
    telling = [pair for pair in narrowed if (pair[0], pair[1].attribute) not in narrowing.worded]
    is_own = all(table is not entity for table, _ in equal)
    if len(telling) == 1 and telling[0][0] is entity and (is_own if telling[0] in optional else not equal):
        table, column = telling[0]
        use = Use(
            path, filtered.line, filtered.symbol, reached, seldom, telling[0] in optional, of=table.symbol
        )
        if (table, column.attribute) not in narrowing.listed:
            found.ranged.setdefault(column.place, []).append(use)
        elif not use.optional:
            use.listed = True
            _note(found, table, column, use)
    if narrowed or any(pair not in optional for pair in equal):
        return
    for table, name in narrowing.ordered:
        sorts = table.columns.get(name)
        if sorts is not None and table is entity and not table.is_indexed(sorts):
            use = Use(path, filtered.line, filtered.symbol, reached, seldom, of=table.symbol)
            found.sorted.setdefault(sorts.place, []).append(use)


def _judge_among(
    found: Lookups,
    entity: Table | None,
    equal: Sequence[tuple[Table, Column]],
    optional: Sequence[Place],
    use: Use,
) -> None:
    """Of what names a row among those of one customer, the index on the customer finds all of these; one on what only some
    callers give does not help the others."""
    if entity is None or any(table is not entity for table, _ in equal):
        return
    columns = [column for table, column in equal if (table, column.attribute) not in optional]
    if not all(
        column.attribute in OWNERS and not column.unique for _, column in equal if entity.is_indexed(column)
    ):
        return  # a row of its own
    for column in columns:
        if column.attribute in OWNERS or not _NAMES_ONE.search(column.attribute):
            continue
        if not any({column.name, column.attribute} & set(names) for names in entity.indexes):
            found.among.setdefault(column.place, []).append(replace(use, of=entity.symbol))
            return


def _judge_join(found: Lookups, pair: tuple[Place, Place], use: Use) -> None:
    """Of what a join compares, the column of the joined table is looked up for each row of the other; without an index there
    the database may begin with the joined table, and look for the other's. What is compared with a key of the joined table
    and is named so refers to it, whether a foreign key says so or not."""
    columns = [(table, column) for table, name in pair if (column := table.columns.get(name)) is not None]
    if len(columns) != 2:
        return
    joined, (_, other) = columns
    if joined[0].is_indexed(joined[1]) and not other.name.endswith(_KEY_ENDS):
        return
    for table, column in columns:
        if column.foreign is None and not table.is_indexed(column):
            _note(found, table, column, use)


@once
def enumerations(project: Project) -> frozenset[str]:
    """The names of the enumerations of a project: a column of one has a handful of values, and an index on it finds
    a good part of the rows."""
    return frozenset(
        cls.symbol.rpartition(".")[2]
        for module in project.resolver.modules.values()
        for cls in module.classes.values()
        if any(base.startswith("enum.") for base in cls.bases)
    )
