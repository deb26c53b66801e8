"""Database engines and their pools: what a call says of the pool, and what the project says around it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from rules import libraries
from rules.engine.linking.values import Sort
from rules.engine.reading.regexes import regex
from rules.engine.reading.walking import walk
from rules.engine.service.creation import lasts, made_again, serves
from rules.libraries.drivers import SERVER_DRIVERS

if TYPE_CHECKING:
    from rules.engine.module import Module
    from rules.engine.project import Project

_DEPTH = 6
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
_SERVER_URL = regex(r"\b(?:postgres(?:ql)?|mysql|mariadb|oracle|mssql)(?:\+\w+)?://")
_SQLITE_URL = regex(r"\bsqlite(?:\+\w+)?://")
_OF_SERVERS = frozenset(
    {"server_settings", "command_timeout", "statement_cache_size", "sslmode", "keepalives"}
)
"""What only drivers of servers take to connect."""
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
    name = _made_by(call, module)
    given = _given(call, module) if name in _ENGINES else None
    if given is None:
        return None
    if not serves(call, module) or made_again(call, module) is not None or _is_aside(call, module):
        return None
    if not lasts(call, module):
        return None
    told_apart = any(map(_tells_sqlite_apart, given.values())) or _is_told_apart(call, module)
    if not told_apart and (
        _is_sqlite(call, given, module)
        or not (_connects_to_server(given, module) or _has_server(call, _ENGINES[name], module))
    ):
        return None
    return Engine(call, _ENGINES[name], given)


def _made_by(call: ast.Call, module: Module) -> str:
    """The callable that makes the engine: what is called, or what a function of the project hands options of a pool on to."""
    name = libraries.canonical(module.qualified_name(call.func) or "")
    if name in _ENGINES or not any(keyword.arg in _POOL for keyword in call.keywords):
        return name
    callee = module.callee(call)
    for each in callee.function.calls if callee is not None else ():
        made = module.project.resolver.value(each.ref, callee.module) if callee is not None else None
        if made is not None and makes_engine(made.name):
            return libraries.canonical(made.name)
    return name


def _given(call: ast.Call, module: Module, depth: int = 0) -> dict[str, ast.expr] | None:
    """The keyword arguments, those of `**options` included where that is a dictionary one can read."""
    given: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        if keyword.arg is not None:
            given[keyword.arg] = keyword.value
            continue
        options = _options(keyword.value, module, depth)
        if options is None:
            return None
        given.update(options)
    return given


def _options(value: ast.AST | None, module: Module, depth: int = 0) -> dict[str, ast.expr] | None:
    """The entries of a dictionary: a display, `dict(…)`, what a name holds, with what the function adds on any of its paths,
    or what a function of the file returns."""
    if depth > _DEPTH:
        return None
    match value:
        case ast.Dict(keys=keys, values=values):
            return _entries(keys, values, module, depth)
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
            names: list[ast.expr | None] = [ast.Constant(each.arg) if each.arg else None for each in keywords]
            return _entries(names, [each.value for each in keywords], module, depth)
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            one, other = (_options(each, module, depth + 1) for each in (left, right))
            return one | other if one is not None and other is not None else None
        case ast.Call(args=[], keywords=[]):
            return _returned(value, module, depth)
        case ast.Name():
            return _held(value, module, depth)
    return None


def _held(name: ast.Name, module: Module, depth: int) -> dict[str, ast.expr] | None:
    home = module.index.home_of(name)
    if home is None:
        return None
    options: dict[str, ast.expr] = {}
    for binding in home.bindings[name.id]:
        bound = binding.value.value if isinstance(binding.value, ast.AnnAssign) else binding.value
        entries = _options(bound, module, depth + 1) if isinstance(bound, ast.expr) else None
        if entries is None:
            return None
        options |= entries
    for node in walk(home.node):
        if (added := _added(node, name.id, module, depth)) is None:
            return None
        options |= added
    return options


def _returned(call: ast.Call, module: Module, depth: int) -> dict[str, ast.expr] | None:
    """What a function of the file returns; None where it has several ways to."""
    node = module.callee(call)
    if node is None or node.path != module.path:
        return None
    scope = next((each for each in module.index.scopes if each.symbol == node.symbol), None)
    returned = scope.returned if scope is not None else ()
    return _options(returned[0], module, depth + 1) if len(returned) == 1 else None


def _entries(
    keys: Sequence[ast.expr | None], values: Sequence[ast.expr], module: Module, depth: int
) -> dict[str, ast.expr] | None:
    found: dict[str, ast.expr] = {}
    for key, entry in zip(keys, values, strict=True):
        if key is None:  # `{**others, "echo": True}`
            others = _options(entry, module, depth + 1)
            if others is None:
                return None
            found |= others
        elif isinstance(key, ast.Constant) and isinstance(key.value, str):
            found[key.value] = entry
        else:
            return None
    return found


def _added(node: ast.AST, name: str, module: Module, depth: int) -> dict[str, ast.expr] | None:
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
            if len(given) > 1:
                return None
            parts = [*given, ast.Call(ast.Name("dict"), [], keywords)]
            entries = [_options(part, module, depth + 1) for part in parts]
            known = [each for each in entries if each is not None]
            return {key: value for each in known for key, value in each.items()} if known == entries else None
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


def _connects_to_server(given: dict[str, ast.expr], module: Module) -> bool:
    """Whether what the driver is given to connect tells that it is one of a server: `connect_args={"server_settings": …}`."""
    connecting = _options(given.get("connect_args"), module)
    return connecting is not None and not _OF_SERVERS.isdisjoint(connecting)


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


def _has_server(call: ast.Call, is_async: bool, module: Module) -> bool:
    """Whether the database is one behind a network: by the URL, the file, or the drivers that the project names."""
    url = call.args[0] if call.args else None
    text = _text(url, module) if url is not None else ""
    if text:
        return _SERVER_URL.search(text) is not None
    named = module.project.requirements.keys()
    if module.source.matches(_EITHER):
        return True
    if module.source.matches(_SERVER_URL):
        # `sqlite:///shop.db or postgresql://…`, it says, and no driver of a server is asked for.
        has_driver = bool(SERVER_DRIVERS & named or module.project.deployment.databases) or not named
        return has_driver or not module.source.matches(_SQLITE_URL)
    # Only asynchronous engines take `aiosqlite`; another service of a monorepo may be who needs it.
    return bool(SERVER_DRIVERS & named) and not (is_async and "aiosqlite" in named)


def sync_endpoints_with_queries(project: Project) -> Iterator[str]:
    """Endpoints that hold a worker thread and, in it, a connection."""
    for endpoint in project.routing.endpoints:
        handler = endpoint.handler
        if not handler.is_async and any(not leaf.is_async for leaf in project.summaries.of(handler).queries):
            yield str(endpoint.ref)
