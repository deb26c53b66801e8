"""What holds a database connection, and from where to where: sessions, connections and who closes them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine import facts
from rules.engine.values import Sort

if TYPE_CHECKING:
    from rules.engine.graph import Node
    from rules.engine.module import Module
    from rules.engine.project import Project
    from rules.engine.values import Value

SESSIONS = frozenset({"sqlalchemy.orm.Session", "sqlalchemy.ext.asyncio.AsyncSession"})
"""Take a connection with their first statement and keep it until they commit, roll back or close."""
CONNECTIONS = frozenset(
    {
        "sqlalchemy.engine.Connection",
        "sqlalchemy.ext.asyncio.AsyncConnection",
        "asyncpg.Connection",
        "psycopg.Connection",
        "psycopg.AsyncConnection",
        "psycopg2.Connection",
        "aiomysql.Connection",
        "asyncmy.Connection",
        "aioodbc.Connection",
    }
)
"""Are a connection from the start."""
RELEASING = frozenset({"commit", "rollback", "close", "remove", "aclose", "invalidate", "close_all"})


def is_a(name: str | None, kinds: frozenset[str]) -> bool:
    """Whether the class `name` is, or inherits from, one of `kinds`."""
    if name is None:
        return False
    full = libraries.canonical(name)
    return full in kinds or any(base in kinds for base in libraries.bases(full))


def holds(value: Value | None, project: Project) -> bool:
    """Whether a value is a session or a connection, of the project's own class or the library's."""
    if value is None or value.sort not in (Sort.INSTANCE, Sort.OBJECT):
        return False
    names = [value.name]
    if value.module is not None:
        names = [ancestor.name for ancestor in project.resolver.ancestry(value)]
    return any(is_a(name, SESSIONS | CONNECTIONS) for name in names)


def pinning(dependencies: tuple[Node, ...], project: Project) -> Iterator[Node]:
    """The dependencies that yield a session or a connection and close it only after the response."""
    for node in dependencies:
        if not node.function.flags & facts.GENERATOR or node in project.early_dependencies:
            continue
        function = project.resolver.value(f"@{node.symbol}", node.module)
        if holds(project.resolver.provided(function), project):
            yield node


def releases(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> bool:
    """Whether the function itself ends a transaction or closes a session."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in RELEASING
        and holds(module.value(node.func.value), module.project)
        for node in ast.walk(function)
    )
