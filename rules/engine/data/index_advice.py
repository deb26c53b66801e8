"""Where an index belongs: the column's code, the fix that adds it, and the migration that makes it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.data.embedded import written
from rules.engine.data.tables import Column, Table
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
    packages = set(module.project.versions)
    if not packages & (_MYSQL | _OTHERS):
        return bool(at := written(module.project)) and at <= {"mysql", "mariadb"}
    return bool(packages & _MYSQL) and not packages & _OTHERS


def column_node(body: ast.ClassDef, column: Column) -> ast.stmt | None:
    """The statement of a class body that declares a column."""
    return next(
        (
            statement
            for statement in body.body
            if statement.lineno <= column.line <= (statement.end_lineno or 0)
        ),
        None,
    )


def place_of(statement: ast.stmt) -> ast.AST:
    """Where to say it: the column's statement, or what a `declared_attr` method returns."""
    if isinstance(statement, ast.FunctionDef):
        last = statement.body[-1]
        return last if isinstance(last, ast.Return) else statement
    return statement


def add_index(statement: ast.stmt) -> Fix | None:
    """`index=True` on the column's call; None when it is made by a helper."""
    calls = [node for node in walk(statement) if isinstance(node, ast.Call)]
    # The innermost counts: `Field(sa_column=Column(…))`.
    made = [call for call in calls if last_name(call) in _COLUMN_CALLS]
    if not made:
        return None
    return Fix(rewrites.with_keyword("index", "True"), safety=Safety.UNSAFE, target=made[-1])


def migration(table: Table, column: Column) -> str:
    """The operation that makes the index without blocking writes."""
    return (
        f'`op.create_index("ix_{table.name}_{column.name}", "{table.name}", ["{column.name}"],'
        " postgresql_concurrently=True)` within `op.get_context().autocommit_block()`"
    )
