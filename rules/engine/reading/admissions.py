"""What lets only so many in at a time, as the code makes it: semaphores, pools of connections, executors, thread tokens."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rules.engine.reading.arguments import target
from rules.engine.reading.facts import Admission
from rules.engine.reading.index import Index
from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import Scope
from rules.engine.reading.spelling import last_name
from rules.engine.reading.turns import number
from rules.engine.reading.walking import walk

TOKENS = "total_tokens"
"""The name, as a reference, of the worker threads that the code gives the process."""
UNLIMITED = 0
STATE = "@state."
"""Before the name of what an application keeps: `app.state.permits`."""
_LOCKS = frozenset({"Lock", "RLock", "Condition"})
_KEYWORDS = {
    "Semaphore": ("value", 0),
    "BoundedSemaphore": ("value", 0),
    "CapacityLimiter": ("total_tokens", 0),
    "ThreadPoolExecutor": ("max_workers", 0),
    "AsyncClient": ("limits.max_connections", None),
    "Client": ("limits.max_connections", None),
    "ClientSession": ("connector.limit", None),
    "create_engine": ("pool_size", None),
    "create_async_engine": ("pool_size", None),
    "create_pool": ("max_size", None),
    "ConnectionPool": ("max_size", None),
    "AsyncConnectionPool": ("max_size", None),
}
"""Final name of what is made -> the keyword with the number, in the argument that holds it, and its position."""
_FACTORIES = frozenset({"sessionmaker", "async_sessionmaker"})
_THREADS = "current_default_thread_limiter"
_READ = _KEYWORDS.keys() | _LOCKS | _FACTORIES | {_THREADS}
_ENGINES = frozenset({"create_engine", "create_async_engine"})
_SCHEME = regex(r"([a-z][a-z0-9]*(?:\+[a-z0-9_]+)?)(?=://|$)")
_MOST_STEPS = 4


def extract(index: Index) -> Iterator[Admission]:
    """The admissions of a file, in no particular order."""
    for scope in index.scopes:
        for call in scope.calls if not _READ.isdisjoint(scope.called) else ():
            name = last_name(call.func)
            if name in _KEYWORDS:
                yield _made(index, call, name, scope)
            elif name in _LOCKS and _is_own(index, call, scope):
                yield Admission(target(index, call, scope), index.ref(call.func, scope), 1, own=True)
            elif name in _FACTORIES:
                yield _factory(index, call, scope)
            elif name == _THREADS:
                yield from _tokens(index, call)


def _made(index: Index, call: ast.Call, name: str, scope: Scope) -> Admission:
    path, position = _KEYWORDS[name]
    return Admission(
        target(index, call, scope) or _kept(index, call),
        index.ref(call.func, scope),
        _number(index, call, path.split("."), position),
        _number(index, call, ["max_overflow"], None),
        url=_scheme(index, _given(call, "url", 0)) if name in _ENGINES else "",
        own=_is_own(index, call, scope),
    )


def _scheme(index: Index, node: ast.expr | None, steps: int = 0) -> str:
    """`postgresql+psycopg` of an address, also where only its beginning is written down, or what stands in for a setting."""
    if node is None or steps > _MOST_STEPS:
        return ""
    match node:
        case ast.Constant(value=str(text)) | ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            found = _SCHEME.match(text)
            return found[1] if found is not None else ""
        case ast.Call(func=ast.Attribute(attr="create"), args=[first, *_]):
            return _scheme(index, first, steps + 1)
        case ast.Call(func=function, args=[_, default]) if last_name(function) in ("getenv", "get"):
            return _scheme(index, default, steps + 1)
        case ast.BoolOp(values=[*_, last]):
            return _scheme(index, last, steps + 1)
        case ast.Name():
            bound = _bound_to(index, node)
            return _scheme(index, bound, steps + 1) if bound is not node else ""
    return ""


def _is_own(index: Index, call: ast.Call, scope: Scope) -> bool:
    """Whether it is set on `self`."""
    bound = _bound(index, call)
    return isinstance(bound, ast.Attribute) and bool(target(index, call, scope))


def _kept(index: Index, call: ast.Call) -> str:
    """The name under which an application keeps it."""
    match _bound(index, call):
        case ast.Attribute(value=ast.Attribute(attr="state"), attr=name):
            return f"{STATE}{name}"
    return ""


def _bound(index: Index, call: ast.Call) -> ast.AST | None:
    match index.parents.get(call):
        case ast.Assign(targets=[bound]) | ast.AnnAssign(target=bound):
            return bound
    return None


def _factory(index: Index, call: ast.Call, scope: Scope) -> Admission:
    engine = _given(call, "bind", 0)
    return Admission(
        target(index, call, scope),
        index.ref(call.func, scope),
        bound=index.ref(engine, scope) if engine is not None else "",
    )


def _tokens(index: Index, limiter: ast.Call) -> Iterator[Admission]:
    """`current_default_thread_limiter().total_tokens = 100`, also through a name."""
    parent = index.parents.get(limiter)
    if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
        name = parent.targets[0].id
        uses = (node for node in walk(index.scope_at(limiter).node) if isinstance(node, ast.Name))
        parents = [index.parents.get(use) for use in uses if use.id == name]
    else:
        parents = [parent]
    for place in parents:
        assigned = (
            index.parents.get(place) if isinstance(place, ast.Attribute) and place.attr == TOKENS else None
        )
        if isinstance(assigned, ast.Assign) and (count := number(index, assigned.value)) is not None:
            yield Admission("", TOKENS, count)


def _number(index: Index, call: ast.Call, path: list[str], position: int | None) -> int | None:
    """The number under a keyword, or under one of the call that a keyword holds."""
    if len(path) == 1 and name_of_pool(call) == "NullPool":
        return UNLIMITED
    value = _given(call, path[0], position)
    if value is None:
        return None
    if len(path) == 1:
        return number(index, value)
    inner = _bound_to(index, value)
    if not isinstance(inner, ast.Call):
        return None
    given = _given(inner, path[1], 0 if path[1] == "max_connections" else None)
    if isinstance(given, ast.Constant) and given.value is None:
        return UNLIMITED
    return number(index, given)  # `limit=0` of aiohttp is none at all


def name_of_pool(call: ast.Call) -> str:
    """The pool class that an engine is given."""
    given = _given(call, "poolclass", None)
    return last_name(given) if given is not None else ""


def _given(call: ast.Call, keyword: str, position: int | None) -> ast.expr | None:
    for each in call.keywords:
        if each.arg == keyword:
            return each.value
    return call.args[position] if position is not None and position < len(call.args) else None


def _bound_to(index: Index, node: ast.expr) -> ast.expr:
    """What the only binding of a name says it is; other expressions as they are."""
    if not isinstance(node, ast.Name):
        return node
    bindings = index.bindings_of(node)
    value = bindings[0].value if len(bindings) == 1 else None
    return value if isinstance(value, ast.expr) and not isinstance(value, ast.stmt) else node
