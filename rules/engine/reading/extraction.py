"""A walked file -> its facts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from rules.engine.reading import (
    admissions,
    callbacks,
    declarations,
    facts,
    filtered,
    flows,
    handed_up,
    migrations,
    names_read,
    optional_members,
    own_machine,
    page_sizes,
    password_costs,
    quick_calls,
    raw_sql,
    raw_text,
    rows,
    session_factories,
    sleeping,
    small_work,
    switches,
    turns,
)
from rules.engine.reading.annotations import may_be_ours, one_of
from rules.engine.reading.arguments import arguments, displays, receiver, target
from rules.engine.reading.carried import Carried
from rules.engine.reading.facts import Alias, Call, Class, Decorator, Function, ModuleFacts, Parameter
from rules.engine.reading.hearing import is_caught, lets_nothing_out, only_fills_queue, waits_for_nothing
from rules.engine.reading.index import Index
from rules.engine.reading.loose_tasks import hands_out_task
from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import BUILTINS, FUNCTIONS, Binding, Scope
from rules.engine.reading.shown_types import or_shown, shown, shown_on_self
from rules.engine.reading.spelling import is_main_guard, last_name
from rules.engine.reading.surroundings import is_let_go, is_short, surroundings
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

_WRITTEN = 10
"""So many members of a dict that is written out are a few."""

# Builtins that neither block nor lead anywhere are no calls to remember.
_QUIET = frozenset(
    f"builtins.{name}" for name in BUILTINS if name not in ("open", "input", "map", "filter", "__import__")
)
_EXECUTING = frozenset({"execute", "exec", "scalar", "scalars", "fetchval", "fetchrow", "fetch"})
_DEFINING = regex(r"\s*CREATE\s+(?:\w+\s+){1,3}IF\s+NOT\s+EXISTS\b", re.IGNORECASE)
_TELLING = frozenset({"sleep", "submit"}).union(
    *(_EXECUTING, quick_calls.NAMES, small_work.NAMES, password_costs.NAMES),
    *(own_machine.NAMES, session_factories.NAMES),
)
"""Names by which more may be said of a call than where it stands."""
_WRITING = regex(r"(?:^|\.)(?:insert|update|delete)\(\)")
_EACH = "UploadFile:.size"
"""A reading of which the place matters: whether an upload's size is asked for before it is read."""
_WRAPPING = frozenset(name.rpartition(".")[2] for name, offload in OFFLOADS.items() if offload.wraps)
_ROUTES = frozenset(
    {"get", "post", "put", "patch", "delete", "head", "options", "trace", "route", "api_route", "websocket"}
    | {"websocket_route", "middleware", "exception_handler", "on_event"}
)
_WIRES = frozenset(
    {"include_router", "mount", "add_api_route", "add_api_websocket_route", "add_middleware"}
    | {"add_exception_handler", "add_event_handler"}
)
# What an application keeps for all requests, and a lifespan hands to them.
_STATE = "starlette.datastructures.State:"
SELF = "typing.Self:"
"""Of what a method returns: an instance of the class that it is called on."""
_STARTING = frozenset({"create_task", "ensure_future"})
_NAMED = frozenset({ast.Name, ast.Attribute, ast.Call})
# How functions that wire routers call the application: a first sieve, the project decides what they are.
_APPLICATIONS = frozenset({"app", "application", "api", "fastapi_app", "server"})
# Decorators after which a call still means: run the body.
_TRANSPARENT = frozenset(
    {"staticmethod", "classmethod", "property", "cached_property", "lru_cache", "cache", "wraps", "override"}
    | {
        "overload",
        "final",
        "contextmanager",
        "asynccontextmanager",
        "typechecked",
        "deprecated",
    }
    | {
        "validator",
        "field_validator",
        "model_validator",
        "root_validator",
        "computed_field",
        "retry",
        "setter",
    }
)
_LASTING = frozenset({"lru_cache", "cache", "cached_property"})
_LIBRARIES = (
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
_KEEPING = regex(r"(?:^|_)(?:cached?|memoi[sz]ed?|memo)(?:_|$)")
"""How a project calls decorators of its own that keep answers: `locked_cached`, `cache_for`."""
_DROPPING = regex(
    r"(?:^|_)(?:no|not|un|clear|clears|invalidate|invalidates|evict|delete|drop|bust|reset|flush)(?:_|$)|clear$"
)
_ADDRESS = regex(r"([a-z][a-z0-9]*(?:\+[a-z0-9_]+)?)://")
_CACHES = frozenset({"lru_cache", "cache", "cached_property", "cached", "ttl_cache", "alru_cache", "memoize"})


def build(index: Index, lines: int, known: Carried | None = None, *, takes_part: bool = True) -> ModuleFacts:
    """The facts of a file of `lines` lines; `known` are those of functions that are as in its version before.

    Where the file takes no part in the call graph, and is an alembic revision, only what it does to the database is looked
    at closely: of its calls facts say what is called, and nothing of their rows.
    """
    is_light = not takes_part and migrations.is_revision(index)
    owners: dict[Scope, list[Call]] = {}
    guarded: list[Call] = []
    functions: list[Function] = []
    wires = not is_light and _may_wire(index)
    for scope in index.scopes:
        runner = index.function_scope(scope)
        if known is not None and known.has(runner.symbol):
            owners.setdefault(runner, [])
            continue
        calls = _named_calls(index, scope) if is_light else _calls(index, scope, guarded, wires)
        owners.setdefault(runner, []).extend(calls)
    for scope, calls in owners.items():
        if known is not None and known.has(scope.symbol):
            functions.append(known.function(scope.symbol))
            continue
        calls.sort(key=lambda call: (call.line, call.column))
        functions.append(_function(index, scope, tuple(calls), lines))
    if guarded:
        functions.append(Function("__main__", guarded[0].line, lines, facts.MAIN, calls=tuple(guarded)))
    members, aliases = _members(index)
    looped = {
        given.each.partition(".items()")[0].partition(".values()")[0]
        for function in functions
        for call in function.calls
        for given in call.arguments or ()
        if given.each
    }
    return ModuleFacts(
        lines=lines,
        imports=tuple(sorted(index.imports)),
        modules=tuple(sorted(index.imported)),
        members=members,
        kept=tuple(_kept(index)),
        mentions=names_read.of_file(index) if not is_light else b"",
        rewrapped=tuple(_rewrapped(index)),
        stars=tuple(index.stars),
        aliases=aliases,
        displays=displays(index, looped),
        functions=tuple(functions),
        classes=tuple(
            _class(index, scope, scope.node) for scope in index.scopes if isinstance(scope.node, ast.ClassDef)
        ),
        declarations=declarations.extract(index),
        flows=flows.extract(index, lambda node: surroundings(index, node, at_module=False)[2], known)
        if not is_light
        else {},
        filters=filtered.extract(index),
        raw=raw_text.extract(index),
        early=tuple(sorted(index.early)),
        admissions=tuple(admissions.extract(index)),
        addresses=tuple(sorted({scheme for scope in index.scopes for scheme in _addresses(scope)})),
        migration=migrations.extract(index) if "alembic" in index.imports else None,
        sets=tuple(sorted(set(optional_members.set_elsewhere(index)))),
        main=any(isinstance(node, ast.If) and is_main_guard(node.test) for node in index.tree.body),
    )


def _addresses(scope: Scope) -> list[str]:
    """The schemes of addresses where a function returns nothing else: `return f"sqlite:///{path}"`."""
    texts = [_beginning(value) for value in scope.returned]
    found = [
        _ADDRESS.match(text.value)
        for text in texts
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    ]
    schemes = [match[1] for match in found if match is not None]
    return schemes if len(schemes) == len(texts) else []


def _beginning(value: ast.AST | None) -> ast.AST | None:
    """What a text that is put together begins with: `"sqlite:///{}".format(path)`, `"sqlite:///" + path`."""
    match value:
        case ast.JoinedStr(values=[first, *_]):
            return first
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod()):
            return _beginning(left)
        case ast.Call(func=ast.Attribute(value=ast.Constant() as text, attr="format")):
            return text
    return value


def _kept(index: Index) -> Iterator[tuple[str, str, str]]:
    for scope, attribute, binding in index.kept_by_app:
        if isinstance(binding.value, ast.Constant) and binding.value.value is None:
            continue  # until it is there
        holder = index.ref(attribute.value, scope) or _unnamed_state(attribute.value, scope)
        if holder:
            yield holder, attribute.attr, index.binding_ref(binding, scope)
    for scope in index.scopes:
        if scope.is_generator and _is_lifespan(scope.node):
            for given in scope.yielded:
                if isinstance(given, ast.Dict):
                    for key, value in zip(given.keys, given.values, strict=True):
                        if isinstance(key, ast.Constant) and isinstance(key.value, str):
                            yield _STATE, key.value, index.ref(value, scope)


def _is_lifespan(node: ast.AST) -> bool:
    """Whether it may be an application's lifespan: a context manager that is given nothing but the application."""
    return (
        isinstance(node, ast.AsyncFunctionDef)
        and any(last_name(decorator) == "asynccontextmanager" for decorator in node.decorator_list)
        and len(node.args.posonlyargs) + len(node.args.args) == 1
    )


def _unnamed_state(node: ast.expr, scope: Scope) -> str:
    """The state of an application that a parameter without annotation holds: `async def lifespan(app):`."""
    match node:
        case ast.Attribute(attr="state", value=ast.Name(id="app" | "application" | "fastapi_app" as name)):
            first = scope.bindings.get(name, ())
            if first and first[0].kind == "parameter" and isinstance(first[0].node, ast.arg):
                return "" if first[0].node.annotation is not None else _STATE
    return ""


def _members(index: Index) -> tuple[dict[str, str], dict[str, Alias]]:
    members: dict[str, str] = {}
    aliases: dict[str, Alias] = {}
    for name, bindings in index.module.bindings.items():
        ref = index.unified_module_name(name)
        if ref == f"@{name}":
            continue  # the function or class itself
        members[name] = ref
        value = _alias_value(bindings[-1]) if not ref or ref.endswith(("[k]", ".__or__()")) else None
        if value is not None:
            annotation = index.annotation(value, index.module)
            depends = index.depends(None, value, index.module)
            if annotation or depends is not None:
                aliases[name] = Alias(annotation, depends)
    return members, aliases


def _alias_value(binding: Binding) -> ast.expr | None:
    """What a name stands for when it is made for annotations."""
    value = binding.value
    if binding.kind == "annotated" and isinstance(value, ast.AnnAssign):
        value = value.value
    elif binding.kind != "value":
        return None
    if isinstance(value, ast.Subscript) or (isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr)):
        return value
    return None


def _function(index: Index, scope: Scope, calls: tuple[Call, ...], lines: int) -> Function:
    node = scope.node
    if isinstance(node, ast.Lambda):
        return Function(
            scope.symbol,
            node.lineno,
            node.end_lineno or node.lineno,
            facts.LAMBDA,
            returns=index.ref(node.body, scope),
            calls=calls,
        )
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return Function("", 1, max(lines, 1), calls=calls)
    outside = scope.parent or index.module
    flags = facts.ASYNC if isinstance(node, ast.AsyncFunctionDef) else 0
    if scope.is_generator:
        flags |= facts.GENERATOR
    decorators = tuple(_decorator(index, item, outside) for item in node.decorator_list)
    around: list[Call] = []
    for item, decorator in zip(node.decorator_list, decorators, strict=True):
        name = last_name(item)
        if name in ("property", "cached_property", "computed_field"):
            flags |= facts.PROPERTY
        if name in _CACHES or (_KEEPING.search(name) and not _DROPPING.search(name)):
            flags |= facts.CACHED
            if name in _LASTING and not _takes_arguments(node, scope):
                flags |= facts.SINGLE
        if name == "staticmethod":
            flags |= facts.STATIC
        elif name == "classmethod":
            flags |= facts.CLASSMETHOD
        elif name in ("contextmanager", "asynccontextmanager"):
            flags |= facts.CONTEXT
        elif name == "abstractmethod":
            flags |= facts.ABSTRACT
        elif name not in _TRANSPARENT and name not in _ROUTES and name not in _CACHES:
            flags |= facts.WRAPPED
            if decorator.ref.startswith("@"):
                ref = f"{decorator.ref}()()" if decorator.called else f"{decorator.ref}()"
                around.append(Call(ref, item.lineno, item.col_offset, facts.LOAD | facts.DECORATES))
    if scope.owner is not None and _only_refuses(node):
        flags |= facts.ABSTRACT
    if _starts_thread(node):
        flags |= facts.HANDS_ON
    if _calls_decorated(scope):
        flags |= facts.AROUND
    if _gives_few(scope):
        flags |= facts.FEW
    if flags & facts.ASYNC and (lets_nothing_out(node.body) or is_caught(node)):
        flags |= facts.HEARD
    if flags & facts.ASYNC and (waits_for_nothing(node) or _fills_queue(index, scope, node)):
        flags |= facts.UNBROKEN
    if isinstance(node, ast.FunctionDef) and hands_out_task(node, _started(index, scope)):
        flags |= facts.LOOSE
    parameters = []
    for bindings in scope.bindings.values():
        first = bindings[0]
        if first.kind == "parameter" and isinstance(first.node, ast.arg):
            annotation = index.annotation(first.node.annotation, outside)
            depends = index.depends(first.value, first.node.annotation, outside)
            if not annotation and depends is None:
                annotation = shown(index, scope).get(first.node.arg, "")
            if annotation or depends is not None or _may_be_wired(first.node.arg):
                parameters.append(Parameter(first.node.arg, annotation, depends, _position(node, first.node)))
    returns = index.annotation(node.returns, outside)
    yields = made = ""
    if scope.is_generator:
        yields = index.agreed(scope.yielded, scope, 0)
    elif not returns:
        returns = index.agreed(scope.returned, scope, 0)
        if len(returns) > 200:
            returns = ""
    elif may_be_ours(returns):
        made = index.agreed(scope.returned, scope, 0)
    if _gives_itself(scope, flags):
        returns, made = SELF, ""
    return Function(
        scope.symbol,
        node.lineno,
        node.end_lineno or node.lineno,
        flags,
        scope.owner.symbol if scope.owner is not None else "",
        decorators,
        tuple(parameters),
        returns,
        yields,
        (*around, *calls),
        passings := page_sizes.passings(index, scope),
        page_sizes.order(scope.node) if passings or scope.owner is not None else (),
        switches.of_function(node, scope.owner is not None and not flags & facts.STATIC, calls),
        made if made != returns and len(made) <= 200 else "",
        callbacks.applied(index, scope),
    )


def _gives_itself(scope: Scope, flags: int) -> bool:
    """Whether a method returns what it is called on, whatever its annotation says, or a class method makes one of its class:
    on a class that derives from its own, that is one of those."""
    if scope.owner is None or scope.is_generator or flags & (facts.STATIC | facts.PROPERTY):
        return False
    given = [
        each
        for each in scope.returned
        if each is not None and not (isinstance(each, ast.Constant) and each.value is None)
    ]
    for each in given:
        name = each.func if flags & facts.CLASSMETHOD and isinstance(each, ast.Call) else each
        if not isinstance(name, ast.Name) or (name is each) is bool(flags & facts.CLASSMETHOD):
            return False
        if [binding.kind for binding in scope.bindings.get(name.id, ())] != ["self"]:
            return False
    return bool(given)


def _takes_arguments(node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> bool:
    own = len(node.args.posonlyargs) + len(node.args.args) - (scope.owner is not None)
    return own > 0 or bool(node.args.kwonlyargs or node.args.vararg or node.args.kwarg)


def _starts_thread(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it is a decorator that starts a thread on what it decorates: `Thread(target=func)` in its wrapper."""
    if not node.args.args:
        return False
    wrappers = [inner for inner in node.body if inner.__class__ is ast.FunctionDef]
    if not wrappers:
        return False
    decorated = node.args.args[0].arg
    return any(
        isinstance(call, ast.Call)
        and last_name(call.func) in ("Thread", "submit")
        and any(
            isinstance(given, ast.Name) and given.id == decorated
            for given in (*call.args, *(keyword.value for keyword in call.keywords))
        )
        for wrapper in wrappers
        for call in walk(wrapper)
    )


def _rewrapped(index: Index) -> Iterator[str]:
    for call in index.module.calls if "globals" in index.module.called else ():
        if call.func.__class__ is ast.Name and call.func.id == "globals":
            match index.parents.get(index.parents.get(call, call)):
                case ast.Assign(value=ast.Call(func=wrapping, args=[_])):
                    yield index.ref(wrapping, index.module)


def _fills_queue(index: Index, own: Scope, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a coroutine only puts something into a queue of asyncio to which the file gives no bound: that is over at once."""
    if "put" not in own.called or "asyncio" not in index.module.bindings:
        return False
    name = only_fills_queue(function)
    return bool(name) and not any(
        last_name(call.func) == "Queue"
        and (call.args or call.keywords)
        and name in _names_given(index.parents.get(call))
        for scope in index.scopes
        for call in scope.calls
    )


def _names_given(statement: ast.AST | None) -> set[str]:
    match statement:
        case ast.Assign(targets=targets):
            return {last_name(target) for target in targets}
        case ast.AnnAssign(target=target):
            return {last_name(target)}
    return set()


def _calls_decorated(scope: Scope) -> bool:
    """Whether a nested function calls a parameter of the function around it."""
    around = scope.parent
    if around is None or not isinstance(around.node, ast.FunctionDef):
        return False
    if scope.called.isdisjoint(around.bindings):
        return False
    for call in scope.calls:
        if isinstance(call.func, ast.Name) and call.func.id not in scope.bindings:
            given = around.bindings.get(call.func.id, ())
            if len(given) == 1 and given[0].kind == "parameter":
                return True
    return False


def _class(index: Index, scope: Scope, node: ast.ClassDef) -> Class:
    outside = scope.parent or index.module
    attributes: dict[str, str] = {}
    dependencies: list[Parameter] = []
    for name, bindings in scope.bindings.items():
        if bindings[0].kind in ("def", "class", "again"):
            continue
        ref = index.unified(bindings, scope)
        last = bindings[-1]
        annotation = last.value.annotation if isinstance(last.value, ast.AnnAssign) else None
        default = last.value.value if isinstance(last.value, ast.AnnAssign) else last.value
        depends = index.depends(default, annotation, scope)
        if depends is not None:
            dependencies.append(Parameter(name, index.annotation(annotation, scope), depends))
            ref = index.annotation(annotation, scope) or (f"{depends}$" if depends else "")
        if ref:
            attributes[name] = ref
    untyped: dict[str, str] = {}
    shows = shown_on_self(index, scope) if scope.attributes else {}
    for name, found in scope.attributes.items():
        refs = {
            index.binding_ref(binding, method)
            for method, binding in found
            if not (isinstance(binding.value, ast.Constant) and binding.value.value is None)
        }
        ref = one_of(refs) if name not in attributes else ""
        if name not in attributes:
            ref = or_shown(ref, shows.get(name, ""))
        if ref:
            attributes[name] = ref
        elif parameter := handed_up.kept_untyped(scope, name):
            untyped[name] = parameter
    return Class(
        scope.symbol,
        node.lineno,
        tuple(ref for base in node.bases if (ref := _base(index, base, outside))),
        attributes,
        tuple(dependencies),
        tuple(_decorator(index, item, outside) for item in node.decorator_list),
        next((index.ref(item.value, outside) for item in node.keywords if item.arg == "metaclass"), ""),
        _variables(index, node, outside),
        tuple(_given(index, base, outside) for base in node.bases if _base(index, base, outside)),
        turns.of_several(node),
        optional_members.of_class(scope) if scope.attributes else {},
        untyped,
        handed_up.handed_up(index, scope) if node.bases else {},
    )


def _may_be_wired(name: str) -> bool:
    return name in _APPLICATIONS or "router" in name


def _position(node: ast.FunctionDef | ast.AsyncFunctionDef, parameter: ast.arg) -> int:
    """Where a parameter stands among the positional ones; -1 for one that is only given by name."""
    positional = node.args.posonlyargs + node.args.args
    return positional.index(parameter) if parameter in positional else -1


def _only_refuses(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a method is there to be overridden: all it does is to raise `NotImplementedError`."""
    last = node.body[-1]
    if not isinstance(last, ast.Raise) or last.exc is None or last_name(last.exc) != "NotImplementedError":
        return False
    return len(node.body) == 1 or (len(node.body) == 2 and isinstance(node.body[0], ast.Expr))


def _variables(index: Index, node: ast.ClassDef, scope: Scope) -> tuple[str, ...]:
    """The type variables of a class: of `Generic[T]`, else those its bases are given, in order."""
    found: dict[str, None] = {}
    for base in node.bases:
        if isinstance(base, ast.Subscript):
            names = [item.id for item in _items(base.slice) if isinstance(item, ast.Name)]
            if index.ref(base.value, scope).rpartition(".")[2] in ("Generic", "Protocol"):
                return tuple(names)
            found.update(dict.fromkeys(names))
    for parameter in getattr(node, "type_params", ()):
        found.setdefault(parameter.name)
    return tuple(found)


def _given(index: Index, base: ast.expr, scope: Scope) -> tuple[str, ...]:
    """What a base class is given for its type variables."""
    if not isinstance(base, ast.Subscript):
        return ()
    return tuple(index.annotation(item, scope) for item in _items(base.slice))


def _items(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def _base(index: Index, node: ast.expr, scope: Scope) -> str:
    """The class behind a base, `Repository[User]` included."""
    return index.ref(node.value if isinstance(node, ast.Subscript) else node, scope)


def _decorator(index: Index, node: ast.expr, scope: Scope) -> Decorator:
    if isinstance(node, ast.Call):
        name = last_name(node)
        wires = name in _ROUTES or name in WIRING or any(_takes_route(value) for value in node.args)
        given = arguments(index, node, scope) if wires else ()
        return Decorator(
            index.ref(node.func, scope) or _decorating(node.func),
            node.lineno,
            True,
            given,
            receiver(index, node.func, scope),
        )
    return Decorator(index.ref(node, scope), node.lineno, False, (), receiver(index, node, scope))


def _started(index: Index, scope: Scope) -> list[ast.Call]:
    """The calls of a function that start a task of the event loop, outside of task groups."""
    if _STARTING.isdisjoint(scope.called):
        return []
    return [
        call
        for call in scope.calls
        if last_name(call.func) in _STARTING and index.ref(call.func, scope).startswith("asyncio.")
    ]


def _gives_few(scope: Scope) -> bool:
    """Whether all that a function returns is `[]`, None, lists of one or two members and dicts of a few, and it is not
    always empty."""
    sizes = []
    for value in scope.returned:
        if isinstance(value, ast.Dict):
            if None in value.keys or len(value.keys) > _WRITTEN:
                return False
            sizes.append(min(len(value.keys), 1))
        elif isinstance(value, (ast.List, ast.Tuple, ast.Set)):
            if any(isinstance(each, ast.Starred) for each in value.elts):
                return False
            sizes.append(len(value.elts))
        elif value is not None and not (isinstance(value, ast.Constant) and value.value is None):
            return False
    return bool(sizes) and 0 < max(sizes) <= 2


def _named_calls(index: Index, scope: Scope) -> list[Call]:
    """The calls of a scope with what they call and nothing else."""
    refs = [(index.ref(node.func, scope), node) for node in scope.calls]
    return [Call(ref, node.lineno, node.col_offset) for ref, node in refs if ref and ref not in _QUIET]


def _calls(index: Index, scope: Scope, guarded: list[Call], wires: bool) -> list[Call]:
    """The calls of a scope; those under the main guard go to `guarded`. Whether the file `wires` something: `_may_wire`."""
    calls: list[Call] = []
    at_module = index.function_scope(scope) is index.module
    for node in scope.calls:
        ref = index.ref(node.func, scope) or _on_parameter(node.func)
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
            "" if (foreign := ref.startswith(_LIBRARIES)) else switches.passed(index, node, scope),
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
    if last in own_machine.NAMES and own_machine.is_local(index, node, scope):
        flags |= facts.LOCAL
    if last in session_factories.NAMES:
        flags |= session_factories.flag_of(node, last)
    if last == "submit" and is_let_go(index, node):
        flags |= facts.LET_GO
    if last in _EXECUTING and node.args and is_writing(index, node.args[0], scope):
        flags |= facts.WRITES | (facts.ONCE if _sets_up(index, node.args[0], scope) else 0)
    return flags


def _on_parameter(function: ast.expr) -> str:
    """The reference to a method that wires an application which only a caller knows."""
    if (
        isinstance(function, ast.Attribute)
        and function.attr in _WIRES
        and isinstance(function.value, ast.Name)
    ):
        return f"?.{function.attr}"
    return ""


def _decorating(function: ast.expr) -> str:
    """As `_on_parameter`, for `@app.get("/")` in a function that is given `app`."""
    if (
        isinstance(function, ast.Attribute)
        and function.attr in _ROUTES
        and isinstance(function.value, ast.Name)
    ):
        return f"?.{function.attr}"
    return ""


def _takes_route(node: ast.expr) -> bool:
    """Whether an argument may be a router's method: `protected(router.get, "/orders")`."""
    return isinstance(node, ast.Attribute) and node.attr in _ROUTES


def _may_wire(index: Index) -> bool:
    """Whether a file has a name anywhere that an application or a router may have."""
    return not _APPLICATIONS.isdisjoint(index.names) or "router" in " ".join(index.names).lower()


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
    return given in _APPLICATIONS or "router" in given.lower()


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


__all__ = ["FUNCTIONS", "WIRING", "build", "is_short"]
