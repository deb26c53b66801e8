"""Types that nothing declares and that calls show: who executes what `select` made is a session of SQLAlchemy.

`async def orders(db): return await db.execute(select(Order))` says no less of `db` than an annotation would, nor does
`store.table("orders").select("*").execute()` of Supabase's client, or `model.chat.completions.create(…)` of OpenAI's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import FUNCTIONS
from rules.engine.reading.walking import uses_of

if TYPE_CHECKING:
    from rules.engine.reading.index import Index
    from rules.engine.reading.scopes import Scope

_ORM = frozenset({"sqlalchemy", "sqlmodel"})
_MADE = frozenset({"select", "insert", "update", "delete", "text", "union", "union_all"})
_EXECUTES = frozenset({"execute", "scalars", "scalar", "stream", "stream_scalars", "exec"})
_QUERY = "query"
_READ = _EXECUTES | {_QUERY, "get"}
_TAKEN = frozenset(
    {"scalars", "scalar", "scalar_one", "scalar_one_or_none", "all", "first", "one", "one_or_none"}
    | {"fetchall", "fetchone", "mappings", "unique", "rowcount", "tuples", "partitions"}
)
"""What is asked of a result, and of no coroutine."""
_REFINES = frozenset(
    {"filter", "filter_by", "join", "outerjoin", "order_by", "options", "group_by", "offset", "limit"}
    | {"all", "first", "one", "one_or_none", "count", "get", "distinct", "with_entities", "yield_per"}
)
_CLASSES = frozenset({"cls", "model", "klass"})
_SESSIONS = regex(r"(?:^|[_.])(?:db|session|sess|database)$")
"""Names of sessions: who is asked for one object of a class, or given one, might be another store else: the writer of an index."""
_KEEPS = frozenset({"commit", "flush"})
_TAKES_ROW = frozenset({"add", "delete", "merge", "refresh", "expunge"})
"""What a session is given one row for."""
_DEEP = 3
"""Names through which a statement is followed to what made it."""

_SYNC, _ASYNC = "sqlalchemy.orm.Session:", "sqlalchemy.ext.asyncio.AsyncSession:"
_OF_CONNECTIONS = {_SYNC: "sqlalchemy.engine.Connection:", _ASYNC: "sqlalchemy.ext.asyncio.AsyncConnection:"}
_OF_SQLMODEL = {_SYNC: "sqlmodel.Session:", _ASYNC: "sqlmodel.ext.asyncio.session.AsyncSession:"}


_TABLES = frozenset({"table", "from_"})
_ASKS_TABLE = frozenset({"select", "insert", "update", "upsert", "delete"})
_OF_SUPABASE = {_SYNC: "supabase.Client:", _ASYNC: "supabase.AsyncClient:"}
_OF_OPENAI = {_SYNC: "openai.OpenAI:", _ASYNC: "openai.AsyncOpenAI:"}


def shown(index: Index, scope: Scope) -> Mapping[str, str]:
    """By name, or as `self.name`, the references to the types that the calls of a function show."""
    known = index.shown.get(scope)
    if known is None:
        known = index.shown[scope] = _shown(index, scope)
    return known


def or_shown(ref: str, shows: str) -> str:
    """The reference to what `ref` is, or to what calls show of it where that is unknown."""
    if not shows or ref.partition(".")[0] in _ORM:
        return ref
    return f"{ref}⁇{shows}⁇" if ref else shows


def shown_on_self(index: Index, cls: Scope) -> Mapping[str, str]:
    """The same for the attributes of a class, by name, as its methods show them."""
    found: dict[str, set[str]] = {}
    for scope in index.scopes:
        if scope.owner is cls:
            for name, ref in shown(index, scope).items():
                if name.startswith("self."):
                    found.setdefault(name.removeprefix("self."), set()).add(ref)
    return {name: refs.pop() for name, refs in found.items() if len(refs) == 1}


def _shown(index: Index, scope: Scope) -> Mapping[str, str]:
    if not isinstance(scope.node, FUNCTIONS):
        return {}
    found: dict[str, set[str]] = {}
    if not _READ.isdisjoint(scope.called):
        for call in scope.calls:
            function = call.func
            if not isinstance(function, ast.Attribute) or not call.args:
                continue
            if function.attr in _EXECUTES:
                ref = _executing(call, function, index, scope)
            elif function.attr == _QUERY:
                ref = _SYNC if _is_refined(call, index) else ""
            elif function.attr == "get":
                ref = _ASYNC if _gets_row(call, function, index) else ""
            else:
                continue
            if ref and (name := _receiver(function.value)):
                found.setdefault(name, set()).add(ref)
    if not _KEEPS.isdisjoint(scope.called) and not _TAKES_ROW.isdisjoint(scope.called):
        for name, ref in _keeping(index, scope):
            found.setdefault(name, set()).add(ref)
    if "create" in scope.called or not _TABLES.isdisjoint(scope.called):
        kept: dict[str, str] = {}
        for call in scope.calls:
            asked, types = _asked_of(call)
            if (
                asked is not None
                and (name := _receiver(asked))
                and (use := _use_of(call, index, scope, kept))
            ):
                found.setdefault(name, set()).add(types[use])
    return {name: refs.pop() for name, refs in found.items() if len(refs) == 1}


def _keeping(index: Index, scope: Scope) -> Iterator[tuple[str, str]]:
    """Who takes a row and keeps it: `db.add(Order(…))` and `db.commit()`, `session.refresh(order)` and `await session.flush()`."""
    given = {
        _receiver(call.func.value)
        for call in scope.calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in _TAKES_ROW
        and (call.func.attr == "refresh" or _is_row(call, index, scope))
    }
    for call in scope.calls:
        function = call.func
        if (
            not isinstance(function, ast.Attribute)
            or function.attr not in _KEEPS
            or call.args
            or call.keywords
        ):
            continue
        name = _receiver(function.value)
        if name in given and _SESSIONS.search(name):
            yield name, _ASYNC if isinstance(index.parents.get(call), ast.Await) else _SYNC


def _is_row(call: ast.Call, index: Index, scope: Scope) -> bool:
    """Whether a call is given what a class of the file, or one that it imports, makes: one object, and nothing else."""
    if len(call.args) != 1 or call.keywords:
        return False
    given: object = call.args[0]
    if isinstance(given, ast.Name):
        bindings = scope.bindings.get(given.id, ())
        given = bindings[0].value if len(bindings) == 1 else None
        given = given.value if isinstance(given, ast.AnnAssign | ast.Await) else given
    if not isinstance(given, ast.Call):
        return False
    is_asked = isinstance(given.func, ast.Attribute) and given.func.attr == "get" and len(given.args) == 2
    return _names_class(given.args[0] if is_asked else given.func)  # `db.get(Order, number)`


def _gets_row(call: ast.Call, function: ast.Attribute, index: Index) -> bool:
    """`await db.get(Order, number)`."""
    return (
        len(call.args) == 2
        and isinstance(call.args[0], ast.Name)
        and _names_class(call.args[0])
        and isinstance(index.parents.get(call), ast.Await)
        and _SESSIONS.search(_receiver(function.value)) is not None
    )


def _names_class(node: ast.expr) -> bool:
    """`Order`, `models.Order`, `self.model`."""
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return (name[:1].isupper() and not name.isupper()) or name in _CLASSES


def _asked_of(call: ast.Call) -> tuple[ast.expr | None, Mapping[str, str]]:
    """The client of a service that a call asks in the words of that service alone, and the types that it may be of."""
    match call.func:
        case ast.Attribute(
            attr="create",
            value=ast.Attribute(attr="completions", value=ast.Attribute(attr="chat", value=client)),
        ) if call.keywords:
            return client, _OF_OPENAI
        case ast.Attribute(attr="execute", value=ast.Call() as built) if not call.args and not call.keywords:
            while isinstance(built.func, ast.Attribute) and isinstance(built.func.value, ast.Call):
                part, built = built.func.attr, built.func.value
                if (
                    part in _ASKS_TABLE
                    and isinstance(built.func, ast.Attribute)
                    and built.func.attr in _TABLES
                ):
                    return built.func.value, _OF_SUPABASE
    return None, {}


def _use_of(call: ast.Call, index: Index, scope: Scope, kept: dict[str, str]) -> str:
    """Whether a call is awaited, or its answer used at once, also under a name; empty where nobody can say. How names are used
    is `kept`: the same may hold many answers."""
    match index.parents.get(call):
        case ast.Await():
            return _ASYNC
        case ast.Attribute() | ast.Subscript() | ast.Expr():
            return _SYNC
        case ast.Assign(targets=[ast.Name(id=name)]):
            if isinstance(scope.node, ast.FunctionDef):
                return _SYNC
            if name not in kept:
                kept[name] = _use_of_name(name, index, scope)
            return kept[name]
    return ""


def _use_of_name(name: str, index: Index, scope: Scope) -> str:
    uses = [index.parents.get(node) for node in uses_of(name, scope.node) if isinstance(node.ctx, ast.Load)]
    if any(isinstance(use, ast.Await | ast.AsyncFor | ast.Call) for use in uses):
        return ""
    return _SYNC if any(isinstance(use, ast.Attribute | ast.Subscript) for use in uses) else ""


def _receiver(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return f"self.{name}"
    return ""


def _executing(call: ast.Call, function: ast.Attribute, index: Index, scope: Scope) -> str:
    """The type of what executes a statement; empty where it may be neither a session nor a connection."""
    if not _is_statement(call.args[0], index, scope, _DEEP):
        return ""
    if isinstance(index.parents.get(call), ast.Await):
        ref = _ASYNC
    elif _is_taken(call, index, scope):
        ref = _SYNC
    else:
        return ""
    if function.attr == "exec":
        return _OF_SQLMODEL[ref]
    name = _receiver(function.value).rpartition(".")[2]
    return _OF_CONNECTIONS[ref] if "conn" in name.lower() else ref


def _is_taken(call: ast.Call, index: Index, scope: Scope) -> bool:
    """Whether a call is used as if its result were there at once, as that of no coroutine function is."""
    match index.parents.get(call):
        case ast.Attribute(attr=name):
            return name in _TAKEN
        case ast.Expr() | ast.For():
            return True
        case ast.Assign() | ast.AnnAssign():
            return not isinstance(scope.node, ast.AsyncFunctionDef)
    return False


def _is_statement(node: ast.expr, index: Index, scope: Scope, depth: int) -> bool:
    """Whether an expression is made by `select` and its like of SQLAlchemy: `select(Order).where(…)`."""
    current = node
    while isinstance(current, ast.Call) and isinstance(current.func, ast.Attribute):
        made = current.func
        if made.attr in _MADE and isinstance(made.value, ast.Name) and _imported(made.value.id, index, scope):
            return True
        current = made.value
    if isinstance(current, ast.Call):
        name = getattr(current.func, "id", "")
        return _imported(name, index, scope).rpartition(".")[2] in _MADE
    return (
        isinstance(current, ast.Name) and depth > 0 and _holds_statement(current.id, index, scope, depth - 1)
    )


def _holds_statement(name: str, index: Index, scope: Scope, depth: int) -> bool:
    """Whether all that a local name is given is a statement, or refines the one before."""
    values = [binding.value if binding.kind == "value" else None for binding in scope.bindings.get(name, ())]
    return bool(values) and all(
        isinstance(value, ast.expr)
        and (_refines_itself(value, name) or _is_statement(value, index, scope, depth))
        for value in values
    )


def _refines_itself(value: ast.expr, name: str) -> bool:
    """`query = query.where(…)`."""
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        value = value.func.value
    return isinstance(value, ast.Name) and value.id == name


def _imported(name: str, index: Index, scope: Scope) -> str:
    """What of SQLAlchemy or SQLModel a name is imported as; empty for any other name."""
    current: Scope | None = scope
    while current is not None:
        if bindings := current.bindings.get(name):
            found = {str(binding.value) if binding.kind == "import" else "" for binding in bindings}
            ref = found.pop() if len(found) == 1 else ""
            return ref if ref.partition(".")[0] in _ORM else ""
        current = current.parent
    return ""


def _is_refined(call: ast.Call, index: Index) -> bool:
    """Whether `query(Order)` is gone on with as only those of SQLAlchemy are: `.filter(Order.number == 1)`."""
    first = call.args[0]
    while isinstance(first, ast.Attribute) and first.attr[:1].islower():
        first = first.value  # `Order.number`
    name = first.attr if isinstance(first, ast.Attribute) else getattr(first, "id", "")
    if not name[:1].isupper() and name not in _CLASSES:
        return False
    above = index.parents.get(call)
    return isinstance(above, ast.Attribute) and above.attr in _REFINES
