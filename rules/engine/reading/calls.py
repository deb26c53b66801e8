"""The calls of a scope, and the readings that may run a property, as facts."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

from rules.engine.reading import (
    callbacks,
    ended_programs,
    facts,
    open_modes,
    own_machine,
    password_costs,
    quick_calls,
    quick_programs,
    raw_sql,
    raw_text,
    rows,
    session_factories,
    sleeping,
    small_work,
    switches,
)
from rules.engine.reading.arguments import arguments, receiver, target
from rules.engine.reading.detached import is_let_go
from rules.engine.reading.facts import Call
from rules.engine.reading.index import Index
from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import BUILTINS, Scope
from rules.engine.reading.spelling import last_name
from rules.engine.reading.surely import is_made_first
from rules.engine.reading.surroundings import surroundings
from rules.engine.reading.walking import walk
from rules.libraries import OFFLOADS

WIRING = frozenset(
    {
        *(name.rpartition(".")[2] for name in OFFLOADS),
        # applications, routers, routes
        *(
            "FastAPI",
            "APIRouter",
            "Starlette",
            "include_router",
            "mount",
            "Mount",
            "Route",
            "WebSocketRoute",
            "APIRoute",
            "Router",
            "__init__",
        ),
        *(
            "add_api_route",
            "add_route",
            "add_websocket_route",
            "add_api_websocket_route",
            "api_route",
            "websocket",
        ),
        *("get", "post", "put", "patch", "delete", "head", "options", "trace", "route"),
        *("middleware", "add_middleware", "Middleware", "exception_handler", "add_exception_handler"),
        *("on_event", "add_event_handler", "add_task", "BackgroundTask"),
        *("StreamingResponse", "EventSourceResponse", "add_done_callback", "start_soon", "gather", "partial"),
    }
)
"""Final names of calls whose arguments a project may have to understand."""
# Builtins that neither block nor lead anywhere are no calls to remember.
_QUIET = frozenset(
    f"builtins.{name}" for name in BUILTINS if name not in ("open", "input", "map", "filter", "__import__")
)
_EXECUTING = frozenset({"execute", "exec", "scalar", "scalars", "fetchval", "fetchrow", "fetch"})
_DEFINING = regex(r"\s*CREATE\s+(?:\w+\s+){1,3}IF\s+NOT\s+EXISTS\b", re.IGNORECASE)
_TELLING = frozenset({"sleep", "submit", "open"}).union(
    *(_EXECUTING, quick_calls.NAMES, small_work.NAMES, password_costs.NAMES),
    *(own_machine.NAMES, session_factories.NAMES, ended_programs.NAMES, quick_programs.NAMES),
)
"""Names by which more may be said of a call than where it stands."""
_WRITING = regex(r"(?:^|\.)(?:insert|update|delete)\(\)")
_EACH = "UploadFile:.size"
"""A reading of which the place matters: whether an upload's size is asked for before it is read."""
_WRAPPING = frozenset(name.rpartition(".")[2] for name, offload in OFFLOADS.items() if offload.wraps)
_WIRES = frozenset(
    {"include_router", "mount", "add_api_route", "add_api_websocket_route", "add_middleware"}
    | {"add_exception_handler", "add_event_handler"}
)
_NAMED = frozenset({ast.Name, ast.Attribute, ast.Call})
# How functions that wire routers call the application: a first sieve, the project decides what they are.
APPLICATIONS = frozenset({"app", "application", "api", "fastapi_app", "server"})
LIBRARIES = (
    *(
        "builtins.",
        "logging.",
        "json.",
        "datetime.",
        "typing.",
        "re.",
        "os.",
        "pydantic.",
        "sqlalchemy.",
        "sqlmodel.",
    ),
    *("alembic.op.", "pathlib.", "uuid.", "collections.", "enum.", "decimal.", "math.", "click."),
)
"""How references begin whose arguments nobody asks about."""


def calls_of(index: Index, scope: Scope, guarded: list[Call], wires: bool) -> list[Call]:
    """The calls of a scope; those under the main guard go to `guarded`. Whether the file `wires` something: `may_wire`."""
    calls: list[Call] = []
    at_module = index.function_scope(scope) is index.module
    for node in scope.calls:
        ref = index.ref(node.func, scope) or on_parameter(node.func, _WIRES)
        if not ref or (ref in _QUIET and not callbacks.sorts_by_function(node, ref)):
            continue
        last = ref.rpartition(".")[2]
        flags, loops, path, is_guarded, needs, held = surroundings(index, node, at_module)
        if flags & facts.NEVER:
            continue
        if last in _TELLING:
            flags = _told_by_name(index, node, scope, ref, last, flags)
        if node.func.__class__ is ast.Call and last_name(node.func) in _WRAPPING:
            flags |= facts.OFFLOADED
        given = bound = taken_from = None
        if (
            last in WIRING
            or (last[-1:] == ")" and last.rstrip("()") in WIRING)
            or last.endswith("Middleware")
            or ref in callbacks.APPLYING
            or _hands_on(node, at_module, wires)
        ):
            given = arguments(index, node, scope)
            bound = target(index, node, scope)
            taken_from = receiver(index, node.func, scope)
        foreign = ref.startswith(LIBRARIES)
        if not foreign and not at_module and is_made_first(index, node, scope):
            flags |= facts.FIRST
        call = Call(
            ref,
            node.lineno,
            node.col_offset,
            flags,
            loops,
            path,
            given,
            bound or "",
            taken_from or "",
            needs,
            "" if foreign else switches.passed(index, node, scope),
            held,
            sleeping.milliseconds(index, node, scope) if last == "sleep" else 0,
            () if foreign else callbacks.handed(index, node, scope),
        )
        (guarded if is_guarded else calls).append(call)
    seen: set[str] = set()
    owner = scope.owner
    for load in scope.loads:
        if load.value.__class__ is ast.Attribute and load.value.attr == "awaitable_attrs":
            flags, loops, path, is_guarded, *_ = surroundings(index, load, at_module)
            if flags & facts.NEVER:
                continue
            call = Call(rows.AWAITABLE, load.lineno, load.col_offset, flags, loops, path)
            (guarded if is_guarded else calls).append(call)
            continue
        if owner is not None and load.value.__class__ is ast.Name and _is_data(load.attr, owner):
            continue
        ref = index.ref(load, scope)
        # Only what is read from a value can be a property.
        base = ref.rpartition(".")[0]
        if not base or base[-1] not in ":)^]$»⟩∩" or base.startswith("builtins."):
            continue
        if ref in seen and not ref.endswith(_EACH):
            continue
        flags, loops, path, is_guarded, *_ = surroundings(index, load, at_module)
        if flags & facts.NEVER:
            continue
        seen.add(ref)
        call = Call(ref, load.lineno, load.col_offset, facts.LOAD, loops, path)
        (guarded if is_guarded else calls).append(call)
    return calls


def may_wire(index: Index) -> bool:
    """Whether a file has a name anywhere that an application or a router may have."""
    return not APPLICATIONS.isdisjoint(index.names) or "router" in " ".join(index.names).lower()


def _told_by_name(index: Index, node: ast.Call, scope: Scope, ref: str, last: str, flags: int) -> int:
    """The flags of a call with those that its name gives a reason to look for."""
    if last in quick_calls.NAMES and quick_calls.is_quick(node, last):
        flags |= facts.QUICK
    if last in small_work.NAMES and small_work.is_small(index, node, last, scope):
        flags |= facts.QUICK
    if last in password_costs.NAMES and password_costs.is_low(index, ref):
        flags |= facts.QUICK
    if last == "sleep" and not flags & facts.AWAITED:
        flags |= sleeping.of_sleep(index, node, scope, flags)
    if last in ended_programs.NAMES and ended_programs.is_ended(index, node):
        flags |= facts.BRIEF
    if last in quick_programs.NAMES and quick_programs.is_at_once(node, ref):
        flags |= facts.BRIEF
    if last in own_machine.NAMES and own_machine.is_local(index, node, scope):
        flags |= facts.LOCAL
    if last in session_factories.NAMES:
        flags |= session_factories.flag_of(node, last)
    if last == "open" and open_modes.is_for_writing(node, ref):
        flags |= facts.WRITES
    if last == "submit" and is_let_go(index, node):
        flags |= facts.LET_GO
    if last in _EXECUTING and node.args and is_writing(index, node.args[0], scope):
        flags |= facts.WRITES | (facts.ONCE if _sets_up(index, node.args[0], scope) else 0)
    return flags


def on_parameter(function: ast.expr, names: Collection[str]) -> str:
    """The reference to a method, one of `names`, that wires an application which only a caller knows: `app.mount`,
    `@app.get("/")` in a function that is given `app`."""
    if (
        isinstance(function, ast.Attribute)
        and function.attr in names
        and isinstance(function.value, ast.Name)
    ):
        return f"?.{function.attr}"
    return ""


def _hands_on(node: ast.Call, at_module: bool, wires: bool) -> bool:
    """Whether a call may make a router or take one, the latter in a file that `wires` something."""
    name = last_name(node.func)
    if name.endswith(("Router", "API", "App")) or (at_module and name[:1].isupper()):
        return True
    if not wires:
        return False
    for value in node.args:
        if value.__class__ in _NAMED and _may_be_routed(last_name(value)):
            return True
    for keyword in node.keywords:
        if keyword.value.__class__ in _NAMED and _may_be_routed(last_name(keyword.value)):
            return True
    return False


def _may_be_routed(given: str) -> bool:
    return given in APPLICATIONS or "router" in given.lower()


def _is_data(name: str, owner: Scope) -> bool:
    """Whether the class itself sets the attribute `name`, so that it is no property."""
    if name in owner.bindings:
        return owner.bindings[name][0].kind not in ("def", "again", "class")
    return name in owner.attributes


def _sets_up(index: Index, statement: ast.expr, scope: Scope) -> bool:
    """`CREATE TABLE IF NOT EXISTS …`: from the second time on there is nothing to do."""
    return _DEFINING.match(raw_text.text_of(index, statement, scope) or "") is not None


def is_writing(index: Index, statement: ast.expr, scope: Scope) -> bool:
    """Whether a statement inserts, updates, deletes or defines."""
    if _WRITING.search(index.ref(statement, scope)):
        return True
    text = raw_text.text_of(index, statement, scope)
    if text is None:  # the beginning decides, when that is there to read
        text = next(
            (
                part.value
                for part in walk(statement)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            ),
            "",
        )
    return raw_sql.kind(text) in (raw_sql.WRITE, raw_sql.DEFINE)
