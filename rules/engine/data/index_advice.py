"""Where an index belongs: the column's code, the fix that adds it, and the migration that makes it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeGuard

from rules.engine.data.embedded import written
from rules.engine.data.tables import Column, Table
from rules.engine.finding import Hop
from rules.engine.fixing import rewrites
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.rule import Fix, Safety

if TYPE_CHECKING:
    from rules.engine.module import Module

_MYSQL = frozenset({"pymysql", "aiomysql", "asyncmy", "mysqlclient", "mysql-connector-python"})
_OTHERS = frozenset(
    {"psycopg", "psycopg2", "psycopg2-binary", "asyncpg", "psycopg-binary", "oracledb", "pyodbc"}
)
_COLUMN_CALLS = frozenset({"mapped_column", "Column", "Field"})


def indexes_foreign_keys(module: Module) -> bool:
    """Whether the database makes an index for each foreign key on its own, as MySQL and MariaDB do."""
    named = str(module.options.context.get("database", "")).lower()
    if named:
        return named.startswith(("mysql", "mariadb"))
    packages = module.project.versions.keys() | module.project.requirements.keys()
    if not packages & (_MYSQL | _OTHERS):
        return bool(at := written(module.project)) and at <= {"mysql", "mariadb"}
    if not packages & _MYSQL:
        return False
    return not packages & _OTHERS or module.project.deployment.databases == {"mysql"}


def symbol_of(declaring: ast.ClassDef | ast.Call, module: Module) -> str:
    """What the project knows a class by, or a `Table(…)`: the name that it is assigned to."""
    if isinstance(declaring, ast.ClassDef):
        return module.symbol_at(declaring)
    match module.parent(declaring):
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""


def column_node(body: ast.ClassDef | ast.Call, column: Column) -> ast.stmt | ast.Call | None:
    """The statement of a class body, or the argument of a `Table(…)`, that declares a column."""
    if isinstance(body, ast.Call):
        return next((call for call in body.args if _makes(call, column.attribute)), None)
    return next(
        (
            statement
            for statement in body.body
            if statement.lineno <= column.line <= (statement.end_lineno or 0)
        ),
        None,
    )


def _makes(argument: ast.expr, name: str) -> TypeGuard[ast.Call]:
    """`Column("number", String)`."""
    match argument:
        case ast.Call(args=[ast.Constant(value=str(first)), *_]):
            return first == name and last_name(argument) == "Column"
    return False


def place_of(statement: ast.stmt | ast.Call) -> ast.stmt | ast.Call:
    """Where to say it: the column's statement, or what a `declared_attr` method returns."""
    if isinstance(statement, ast.FunctionDef):
        last = statement.body[-1]
        return last if isinstance(last, ast.Return) else statement
    return statement


def add_index(statement: ast.stmt | ast.Call) -> Fix | None:
    """`index=True` on the column's call; None when it is made by a helper."""
    calls = [node for node in walk(statement) if isinstance(node, ast.Call)]
    # The innermost counts: `Field(sa_column=Column(…))`.
    made = [call for call in calls if last_name(call) in _COLUMN_CALLS]
    if not made:
        return None
    return Fix(rewrites.with_keyword("index", "True"), safety=Safety.UNSAFE, target=made[-1])


def way(
    asking: Hop,
    body: ast.ClassDef | ast.Call,
    attribute: str,
    line: int,
    module: Module,
    table: Table | None = None,
) -> tuple[Hop, ...]:
    """From the query by way of where the class lists its indexes, if it does, to what has none. The column of a base that
    serves several tables gets its index in the class of the `table` that is asked."""
    listed = _lists_indexes(body)
    name = symbol_of(body, module).rpartition(".")[2]
    is_inherited = table is not None and (table.path, table.symbol) != (
        module.path,
        symbol_of(body, module),
    )
    return (
        asking,
        *((_own_arguments(table, module),) if table is not None and is_inherited else ()),
        *((Hop(module.path, listed.lineno, f"{name}.{_listing(listed)}"),) if listed is not None else ()),
        Hop(module.path, line, f"{name}.{attribute}"),
    )


def _own_arguments(table: Table, module: Module) -> Hop:
    """Where the class of a table has its `__table_args__`, or would have them."""
    body = module.project.models.body(table.value) if table.value is not None else None
    name = table.symbol.rpartition(".")[2]
    for declared in body.fields if body is not None else ():
        if declared.name == "__table_args__":
            return Hop(table.path, declared.line, f"{name}.__table_args__")
    return Hop(table.path, table.line, name)


def _lists_indexes(body: ast.ClassDef | ast.Call) -> ast.stmt | None:
    """`__table_args__ = (Index(…),)`; `indexes = […]` of the `Settings` or `Meta` of a class of documents."""
    if isinstance(body, ast.Call):
        return None
    inner = [part for each in body.body if isinstance(each, ast.ClassDef) for part in each.body]
    for statement in (*body.body, *inner):
        if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.FunctionDef):
            continue
        if _listing(statement) == "indexes" or (
            _listing(statement) == "__table_args__"
            and any(
                isinstance(each, ast.Call) and last_name(each) in ("Index", "UniqueConstraint")
                for each in walk(statement)
            )
        ):
            return statement
    return None


def _listing(statement: ast.stmt) -> str:
    match statement:
        case (
            ast.Assign(targets=[ast.Name(id=name)])
            | ast.AnnAssign(target=ast.Name(id=name))
            | ast.FunctionDef(name=name)
        ):
            return name
    return ""


def advice(table: Table, column: Column, *, in_class: bool = True) -> str:
    """How the column gets its index; `in_class`: where it is declared, for a base class may serve several tables."""
    declared = "`index=True` on the column, and " if in_class else ""
    return (
        f"Give `{table.name}.{column.name}` an index: {declared}in a migration {_migration(table, column)}."
    )


def _migration(table: Table, column: Column) -> str:
    """The operation that makes the index without blocking writes."""
    return (
        f'`op.create_index("ix_{table.name}_{column.name}", "{table.name}", ["{column.name}"],'
        " postgresql_concurrently=True)` within `op.get_context().autocommit_block()`"
    )
