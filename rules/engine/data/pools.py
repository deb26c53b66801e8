"""Database engines and their pools: what a call says of the pool, and what the project says around it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from rules import libraries
from rules.engine.linking.values import Sort
from rules.engine.reading.regexes import regex
from rules.engine.reading.walking import walk
from rules.engine.service.creation import lasts, made_again, serves

if TYPE_CHECKING:
    from rules.engine.module import Module
    from rules.engine.project import Project

DEFAULT_SIZE = 5
DEFAULT_OVERFLOW = 10
_ENGINES = {"sqlalchemy.create_engine": False, "sqlalchemy.ext.asyncio.create_async_engine": True}
_POOL = frozenset(
    {
        "pool_size",
        "max_overflow",
        "pool_timeout",
        "pool_recycle",
        "pool_pre_ping",
        "poolclass",
        "pool",
        "creator",
    }
    | {"async_creator", "pool_use_lifo"}
)
SERVER_DRIVERS = frozenset(
    {
        "psycopg",
        "psycopg2",
        "psycopg2-binary",
        "psycopg-binary",
        "asyncpg",
        "pg8000",
        "pymysql",
        "mysqlclient",
    }
    | {
        "aiomysql",
        "asyncmy",
        "mysql-connector-python",
        "oracledb",
        "cx-oracle",
        "pyodbc",
        "aioodbc",
        "pymssql",
    }
)
_SERVER_URL = regex(r"\b(?:postgres(?:ql)?|mysql|mariadb|oracle|mssql)(?:\+\w+)?://")
_EITHER = regex(
    r"(?:==|!=)\s*[\"']sqlite[\"']|\bstartswith\(\s*[\"']sqlite|[\"']sqlite[\"']\s+(?:not\s+)?in\b"
)
"""What tells one database from another: the file knows of more than one."""
_ASIDE = regex(
    r"(?:^|_)(?:test|tests|alembic|migrat\w*|script|seed|celery|worker|task|job)s?(?:_|$)", re.IGNORECASE
)
_APART = regex(r"test|sqlite|debug|develop|\bdev\b|local", re.IGNORECASE)
"""In what a branch asks: it is not the application's own database, or not the one that it has in production."""


class Engine(Struct, frozen=True):
    """A call that makes an engine for a database server."""

    call: ast.Call
    is_async: bool
    given: dict[str, ast.expr]

    @property
    def is_configured(self) -> bool:
        return bool(_POOL & self.given.keys())

    def number(self, name: str, default: int) -> int | None:
        """A pool setting; None when it is given as something that cannot be read."""
        value = self.given.get(name)
        if value is None:
            return default
        return value.value if isinstance(value, ast.Constant) and isinstance(value.value, int) else None


def makes_engine(name: str) -> bool:
    """Whether the callable `name` makes an engine."""
    return libraries.canonical(name) in _ENGINES


def engine(call: ast.Call, module: Module) -> Engine | None:
    """The engine that `call` makes for the application, and that it keeps; None for SQLite, scripts, tests, for one that a
    function makes for its own few statements, and for what nobody can tell."""
    name = libraries.canonical(module.qualified_name(call.func) or "")
    given = _given(call, module) if name in _ENGINES else None
    if given is None:
        return None
    if not serves(call, module) or made_again(call, module) is not None or _is_aside(call, module):
        return None
    if not lasts(call, module):
        return None
    told_apart = any(map(_tells_sqlite_apart, given.values())) or _is_told_apart(call, module)
    if not told_apart and (_is_sqlite(call, given, module) or not _has_server(call, module)):
        return None
    return Engine(call, _ENGINES[name], given)


def _given(call: ast.Call, module: Module) -> dict[str, ast.expr] | None:
    """The keyword arguments, those of `**options` included where that is a dictionary one can read."""
    given: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        if keyword.arg is not None:
            given[keyword.arg] = keyword.value
            continue
        options = _options(keyword.value, module)
        if options is None:
            return None
        given.update(options)
    return given


def _options(value: ast.expr, module: Module) -> dict[str, ast.expr] | None:
    """The entries of a dictionary display, itself or under a name, with what the function adds on any of its paths."""
    if isinstance(value, ast.Dict):
        return _entries(value)
    if not isinstance(value, ast.Name):
        return None
    scope = module.index.scope_at(value)
    while value.id not in scope.bindings and scope.parent is not None:
        scope = scope.parent
    options: dict[str, ast.expr] = {}
    for binding in scope.bindings.get(value.id, []):
        bound = binding.value.value if isinstance(binding.value, ast.AnnAssign) else binding.value
        if (entries := _options(bound, module) if isinstance(bound, ast.Dict) else None) is None:
            return None
        options |= entries
    for node in walk(scope.node):
        if (added := _added(node, value.id)) is None:
            return None
        options |= added
    return options if value.id in scope.bindings else None


def _entries(display: ast.Dict) -> dict[str, ast.expr] | None:
    keys = [key.value if isinstance(key, ast.Constant) else None for key in display.keys]
    if not all(isinstance(key, str) for key in keys):
        return None
    return {str(key): entry for key, entry in zip(keys, display.values, strict=True)}


def _added(node: ast.AST, name: str) -> dict[str, ast.expr] | None:
    """What a node adds to the dictionary of that name; None when nobody can tell."""
    match node:
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=held), slice=key)], value=entry) if (
            held == name
        ):
            return (
                {key.value: entry} if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
            )
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=held), attr="update"), args=given, keywords=keywords
        ) if held == name:
            named = {keyword.arg: keyword.value for keyword in keywords if keyword.arg is not None}
            if len(named) < len(keywords) or len(given) > 1:
                return None
            entries = (
                _entries(given[0]) if given and isinstance(given[0], ast.Dict) else {} if not given else None
            )
            return None if entries is None else entries | named
        case ast.AugAssign(target=ast.Name(id=held)) if held == name:
            return None
    return {}


def _is_aside(call: ast.Call, module: Module) -> bool:
    """Whether the engine belongs to tests, development, migrations or a worker, as its function, file or guard says."""
    function = module.function_of(call)
    if function is not None and (_ASIDE.search(function.name) or _is_of_request(function.name, call, module)):
        return True
    if _ASIDE.search(module.path.rpartition("/")[2].removesuffix(".py")):
        return True
    if any(
        _APART.search(ast.unparse(branch.test)) and not _is_otherwise(branch, way)
        for branch, way in _branches(call, module)
    ):
        return True
    current = module.parent(call)
    while current is not None:
        if isinstance(current, ast.ExceptHandler):
            return True  # what is left when the engine that was wanted cannot be made
        current = module.parent(current)
    return False


def _is_told_apart(call: ast.Call, module: Module) -> bool:
    """`else` of `if url.startswith("sqlite")`: what is left is a server."""
    return any(
        "sqlite" in ast.unparse(branch.test).lower() and _is_otherwise(branch, way)
        for branch, way in _branches(call, module)
    )


def _branches(call: ast.Call, module: Module) -> Iterator[tuple[ast.If | ast.IfExp, ast.AST]]:
    """The decisions around a call, each with what of it leads to the call."""
    way: ast.AST = call
    current = module.parent(call)
    while current is not None:
        if isinstance(current, (ast.If, ast.IfExp)) and way is not current.test:
            yield current, way
        way, current = current, module.parent(current)


def _is_otherwise(branch: ast.If | ast.IfExp, way: ast.AST) -> bool:
    """Whether `way` is taken when what the test names does not hold; a test of several parts leaves it open."""
    match branch.test:
        case ast.BoolOp():
            return False
        case ast.UnaryOp(op=ast.Not()) | ast.Compare(ops=[ast.NotEq() | ast.NotIn() | ast.IsNot()]):
            negated = True
        case _:
            negated = False
    otherwise = way is branch.orelse or (isinstance(branch.orelse, list) and way in branch.orelse)
    return otherwise != negated


def _is_of_request(name: str, call: ast.Call, module: Module) -> bool:
    """Whether an object that is made for one request makes the engine: an exporter, say."""
    return name in ("__init__", "__enter__", "__aenter__") and module.reached(call)


def _is_sqlite(call: ast.Call, given: dict[str, ast.expr], module: Module) -> bool:
    if any("check_same_thread" in ast.unparse(value) for value in given.values()):
        return True
    url = call.args[0] if call.args else given.get("url")
    if url is None:
        return True
    return "sqlite" in (_text(url, module) or ast.unparse(url)).lower()


def _tells_sqlite_apart(value: ast.expr) -> bool:
    """`{"check_same_thread": False} if url.startswith("sqlite") else {}`: the database may as well be a server."""
    return isinstance(value, ast.IfExp) and "sqlite" in ast.unparse(value.test).lower()


def _text(url: ast.expr, module: Module) -> str:
    value = module.value(url)
    if value is not None and value.sort == Sort.TEXT:
        return value.name
    if isinstance(url, ast.Constant):
        return str(url.value)
    return ""


def _has_server(call: ast.Call, module: Module) -> bool:
    """Whether the database is one behind a network: by the URL, the file, or the drivers that the project names."""
    url = call.args[0] if call.args else None
    text = _text(url, module) if url is not None else ""
    if text:
        return _SERVER_URL.search(text) is not None
    if module.source.matches(_SERVER_URL) or module.source.matches(_EITHER):
        return True
    named = module.project.requirements.keys()
    return bool(SERVER_DRIVERS & named) and not {"aiosqlite"} & named


def sync_endpoints_with_queries(project: Project) -> Iterator[str]:
    """Endpoints that hold a worker thread and, in it, a connection."""
    for endpoint in project.routing.endpoints:
        handler = endpoint.handler
        if not handler.is_async and any(not leaf.is_async for leaf in project.summaries.of(handler).queries):
            yield str(endpoint.ref)
