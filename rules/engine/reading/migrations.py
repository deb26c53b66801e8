"""Alembic migrations: what they create, change and drop, and in which order they run."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec import Struct, field

from rules.engine.reading.declarations import Given, given
from rules.engine.reading.index import Index
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelled_out import spelled_out, spells_out
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

_OPERATIONS = frozenset(
    {"create_index", "drop_index", "create_table", "drop_table", "add_column", "drop_column", "alter_column"}
    | {
        "create_unique_constraint",
        "create_primary_key",
        "drop_constraint",
        "create_foreign_key",
        "rename_table",
    }
)
_BATCH = "batch_alter_table"
_READ = _OPERATIONS | {"execute", _BATCH}
_NAMES = frozenset({"revision", "down_revision"})
_IDENTIFIERS = _NAMES | {"branch_labels", "depends_on"}
"""Texts that alembic reads, and no operation is given."""
_FLAGS = frozenset({"index", "unique", "primary_key"})
"""Keywords by which a column is indexed."""
_SQL_INDEX = regex(
    r"create\s+(unique\s+)?index\s+(concurrently\s+)?(?:if\s+not\s+exists\s+)?[\"\w.]*\s*\bon\s+(?:only\s+)?[\"]?(?:\w+[\"]?\.[\"]?)?(\w+)[\"]?"
    r"\s*(?:using\s+\w+\s*)?\(([^)]*)",
    re.IGNORECASE,
)


_SQL_VIEW = regex(
    r"create\s+(?:or\s+replace\s+)?(?:materialized\s+)?view\s+[\"\w]*?\.?[\"]?(\w+)", re.IGNORECASE
)


_INDEXING = regex(r"(?:^|_)(?:create|add|ensure|make)_(?:\w+_)?index(?:_|$)")
HELPER = "helper"
"""The name of an operation that is a call of a function of the project which makes an index: `create_index_if_missing(…)`."""


class Operation(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """One `op.…` call of `upgrade`. `table` is set within `batch_alter_table`."""

    name: str
    line: int
    given: Given
    table: str = ""


class Migration(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    revision: str
    before: tuple[str, ...] = ()
    """The revisions it comes after."""
    operations: tuple[Operation, ...] = ()


def is_revision(index: Index) -> bool:
    """Whether a walked file is an alembic revision, by the names that alembic reads of it."""
    return "alembic" in index.imports and all(name in index.module.bindings for name in _NAMES)


def extract(index: Index) -> Migration | None:
    """What a walked file migrates; None when it is no alembic revision."""
    revision, before = "", []
    for statement in index.tree.body:
        target: ast.expr | None = None
        if isinstance(statement, ast.Assign):
            target = statement.targets[0]
        elif isinstance(statement, ast.AnnAssign):
            target = statement.target
        else:
            continue
        if not isinstance(target, ast.Name):
            continue
        if target.id == "revision" and isinstance(statement.value, ast.Constant):
            revision = str(statement.value.value)
        elif target.id == "down_revision" and statement.value is not None:
            before = [
                node.value
                for node in walk(statement.value)
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
    if not revision:
        return None
    return Migration(revision, tuple(before), tuple(_operations(index)))


def _operations(index: Index) -> Iterator[Operation]:
    batches: dict[str, str] = {}
    for scope in index.scopes:
        if scope.symbol.partition(".")[0].startswith("downgrade"):
            continue
        read = {name for name in scope.called if name in _READ or _INDEXING.search(name)}
        if not read:
            continue
        is_plain = not spells_out(scope, _IDENTIFIERS)
        named = [(name, call) for call in scope.calls if (name := last_name(call)) in read]
        named.sort(key=lambda each: (each[1].lineno, each[1].col_offset))
        for name, call in named:
            parent = index.parents.get(call)
            if (
                name == _BATCH
                and isinstance(parent, ast.withitem)
                and isinstance(parent.optional_vars, ast.Name)
                and call.args
                and isinstance(call.args[0], ast.Constant)
            ):
                batches[parent.optional_vars.id] = str(call.args[0].value)
        for name, call in named:
            if isinstance(call.func, ast.Name) and _INDEXING.search(name):
                name = HELPER
            elif not isinstance(call.func, ast.Attribute) or name == _BATCH or name not in _READ:
                continue
            receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
            table = ""
            if isinstance(receiver, ast.Name) and receiver.id in batches:
                table = _batch_at(index, call, receiver.id) or batches[receiver.id]
            elif name == "execute" and not _has_sql(call):
                continue
            for each in (call,) if is_plain else spelled_out(index, call, scope):
                yield Operation(name, call.lineno, given(index, each, scope), table)


def _batch_at(index: Index, call: ast.Call, name: str) -> str:
    """The table of the nearest `with op.batch_alter_table(…) as name` around a call."""
    current: ast.AST | None = call
    while current is not None:
        if isinstance(current, ast.With):
            for item in current.items:
                target = item.optional_vars
                made = item.context_expr
                if (
                    isinstance(target, ast.Name)
                    and target.id == name
                    and isinstance(made, ast.Call)
                    and made.args
                    and isinstance(made.args[0], ast.Constant)
                ):
                    return str(made.args[0].value)
        current = index.parents.get(current)
    return ""


def _has_sql(call: ast.Call) -> bool:
    return any(
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and any(word in node.value.lower() for word in ("index", "view"))
        for node in walk(call)
    )


class Schema(Struct):
    """What a chain of migrations leaves behind. Table and column names are those of the database."""

    indexes: dict[str, list[tuple[str, tuple[str, ...]]]] = field(default_factory=dict)
    """Table -> (index name, columns)."""
    created_in: dict[str, str] = field(default_factory=dict)
    """Table -> the revision that creates it."""
    views: set[str] = field(default_factory=set)


def ordered(migrations: Mapping[str, Migration]) -> list[tuple[str, Migration]]:
    """(path, migration), each after those it builds on."""
    by_revision = {migration.revision: (path, migration) for path, migration in migrations.items()}
    found: list[tuple[str, Migration]] = []
    done: set[str] = set()
    for revision in sorted(by_revision):
        stack = [revision]
        while stack:
            current = stack[-1]
            if current in done or current not in by_revision:
                stack.pop()
                continue
            waiting = [
                before
                for before in by_revision[current][1].before
                if before in by_revision and before not in done
            ]
            if waiting and len(stack) <= len(by_revision):
                stack.extend(waiting)
                continue
            done.add(current)
            found.append(by_revision[current])
            stack.pop()
    return found


def newest(migrations: Mapping[str, Migration], steps: int = 1) -> frozenset[str]:
    """Paths of the heads and of the `steps` migrations before each."""
    by_revision = {migration.revision: (path, migration) for path, migration in migrations.items()}
    followed = {before for migration in migrations.values() for before in migration.before}
    level = [revision for revision in by_revision if revision not in followed]
    found: set[str] = set()
    for _ in range(steps + 1):
        found.update(by_revision[revision][0] for revision in level)
        level = [
            before
            for revision in level
            for before in by_revision[revision][1].before
            if before in by_revision
        ]
    return frozenset(found)


def replay(migrations: Mapping[str, Migration]) -> Schema:
    """The indexes and tables after all migrations."""
    schema = Schema()
    for _, migration in ordered(migrations):
        for operation in migration.operations:
            _apply(schema, operation, migration.revision)
    return schema


def _apply(schema: Schema, operation: Operation, revision: str) -> None:
    arguments = operation.given
    positional = [text(item) for item in arguments.positional()]
    if operation.name == "create_table" and positional:
        table = positional[0]
        schema.created_in.setdefault(table, revision)
        for item in arguments.positional()[1:]:
            name = f"{table}_pkey" if item.ref.endswith("PrimaryKeyConstraint") else ""
            for columns in table_indexes(item):
                schema.indexes.setdefault(table, []).append((name, columns))
    elif operation.name in ("create_index", "create_unique_constraint", "create_primary_key"):
        table, columns = indexed(operation)
        if table:
            name = positional[0] if positional else ""
            schema.indexes.setdefault(table, []).append((name, columns))
    elif operation.name == HELPER:
        for table, columns in _helped(arguments):
            schema.indexes.setdefault(table, []).append(("", columns))
    elif operation.name in ("drop_index", "drop_constraint"):
        name = positional[0] if positional else text(arguments.named("index_name"))
        if name:
            for table, known in schema.indexes.items():
                schema.indexes[table] = [each for each in known if each[0] != name]
    elif operation.name == "drop_column":
        table, column = ([operation.table, *positional] if operation.table else [*positional, "", ""])[:2]
        known = schema.indexes.get(table, [])
        schema.indexes[table] = [each for each in known if column not in each[1]]
    elif operation.name == "drop_table" and positional:
        schema.indexes.pop(positional[0], None)
    elif operation.name == "add_column":
        table = operation.table or (positional[0] if positional else "")
        for item in arguments.positional():
            for columns in table_indexes(item):
                schema.indexes.setdefault(table, []).append(("", columns))
    elif operation.name == "execute":
        for _, _, table, columns in sql_indexes(arguments):
            schema.indexes.setdefault(table, []).append(("", columns))
        for literal in _texts(arguments):
            schema.views.update(found[1] for found in _SQL_VIEW.finditer(literal))


def _helped(arguments: Given) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The index that a helper is asked for, under each name that may be the table's: helpers differ in their order."""
    lists = [item for item in arguments.items if item.ref == "[]"]
    names = [found for item in arguments.items if item.name != "op" and (found := text(item))]
    if len(lists) == 1:
        for name in names:
            yield name, tuple(column_name(item) for item in lists[0].items)
    elif not lists:
        for name, column in itertools.permutations(names[:3], 2):
            yield name, (column,)


def sql_indexes(arguments: Given) -> Iterator[tuple[bool, bool, str, tuple[str, ...]]]:
    """(unique, concurrently, table, columns) of the `CREATE INDEX` statements in the texts of a call."""
    for literal in _texts(arguments):
        for found in _SQL_INDEX.finditer(literal):
            names = tuple(_first_word(part) for part in found[4].split(",") if part.split())
            yield bool(found[1]), bool(found[2]), found[3], names


def _texts(value: Given) -> Iterator[str]:
    if isinstance(value.literal, str):
        yield value.literal
    for item in value.items:
        yield from _texts(item)


def indexed(operation: Operation) -> tuple[str, tuple[str, ...]]:
    """The table and the columns of a `create_index` and its like."""
    arguments = operation.given
    positional = list(arguments.positional())
    table = operation.table or text(arguments.named("table_name")) or text(arguments.named("source_table"))
    columns = arguments.named("columns")
    rest = positional[1:]
    if not table and rest:
        table = text(rest[0])
        rest = rest[1:]
    if columns is None and rest:
        columns = rest[0]
    names = tuple(column_name(item) for item in columns.items) if columns is not None else ()
    return table, names


def table_indexes(item: Given) -> Iterator[tuple[str, ...]]:
    """Columns that a `Column(…)` or constraint of a table definition indexes."""
    kind = item.ref.rpartition(".")[2]
    if kind == "Column":
        if any(each.literal is True and each.name in _FLAGS for each in item.items):
            positional = item.positional()
            if positional and (name := text(positional[0])):
                yield (name,)
    elif kind in ("PrimaryKeyConstraint", "UniqueConstraint"):
        names = tuple(text(each) for each in item.positional())
        if names and names[0]:
            yield names
    elif kind == "Index":
        names = tuple(column_name(each) for each in item.positional()[1:])
        if names:
            yield names


def column_name(item: Given) -> str:
    """The column in an index definition; empty for an expression."""
    if isinstance(item.literal, str):
        return _first_word(item.literal)
    name = item.ref.removesuffix(".desc").removesuffix(".asc")
    kind = name.rpartition(".")[2]
    if kind in ("desc", "asc", "text", "literal_column", "column") and item.items:
        return column_name(item.items[0])
    if item.items and name == item.ref:
        return ""  # a function of columns
    return kind


def _first_word(part: str) -> str:
    """`email` of `email DESC`; empty for an expression, as in `lower(email)`."""
    words = part.split()
    return "" if "(" in part or not words else words[0].strip('"')


def text(item: Given | None) -> str:
    if item is None:
        return ""
    if isinstance(item.literal, str):
        return item.literal
    if item.ref.endswith(".f") and item.items:  # op.f("ix_orders_user_id")
        return text(item.items[0])
    return ""


def tables_of(migrations: Iterable[Migration]) -> frozenset[str]:
    """The tables that some migrations create."""
    return frozenset(
        text(operation.given.positional()[0])
        for migration in migrations
        for operation in migration.operations
        if operation.name == "create_table" and operation.given.positional()
    )
