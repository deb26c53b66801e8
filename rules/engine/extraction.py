"""A walked file -> its facts."""

from __future__ import annotations

import ast
import re
from typing import Any

from rules.engine import declarations, facts, migrations, page_sizes, quick_calls, rows
from rules.engine.facts import Alias, Argument, Call, Class, Decorator, Function, ModuleFacts, Parameter
from rules.engine.index import BUILTINS, COMPREHENSIONS, FUNCTIONS, Binding, Index, Scope
from rules.engine.spelling import is_main_guard, last_name
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
            "Router",
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
_COLLECTING = frozenset(
    {
        "list",
        "tuple",
        "set",
        "frozenset",
        "dict",
        "sum",
        "any",
        "all",
        "min",
        "max",
        "sorted",
        "next",
        "anext",
    }
    | {"enumerate", "zip", "join", "extend", "update", "iter", "reversed", "chain", "deque"}
)
_EXECUTING = frozenset({"execute", "exec", "scalar", "scalars", "fetchval", "fetchrow", "fetch"})
_WRITING = re.compile(r"(?:^|\.)(?:insert|update|delete)\(\)")
_WRITING_TEXT = re.compile(
    r"[\s(]*(?:INSERT|UPDATE|DELETE|CREATE|ALTER|REPLACE|MERGE|TRUNCATE|DROP)\s", re.IGNORECASE
)
_WRAPPING = frozenset(name.rpartition(".")[2] for name, offload in OFFLOADS.items() if offload.wraps)
_SPAWNING = frozenset({"create_task", "ensure_future", "start_soon"})
_CONCURRENT = frozenset({"gather", "as_completed"})
_ROUTES = frozenset(
    {"get", "post", "put", "patch", "delete", "head", "options", "trace", "route", "api_route", "websocket"}
    | {"websocket_route", "middleware", "exception_handler", "on_event"}
)
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
_CACHES = frozenset({"lru_cache", "cache", "cached_property", "cached", "ttl_cache", "alru_cache", "memoize"})


def build(index: Index, lines: int) -> ModuleFacts:
    """The facts of a file of `lines` lines."""
    owners: dict[Scope, list[Call]] = {}
    guarded: list[Call] = []
    functions: list[Function] = []
    for scope in index.scopes:
        calls = _calls(index, scope, guarded)
        runner = index.function_scope(scope)
        owners.setdefault(runner, []).extend(calls)
    for scope, calls in owners.items():
        calls.sort(key=lambda call: (call.line, call.column))
        functions.append(_function(index, scope, tuple(calls), lines))
    if guarded:
        functions.append(Function("__main__", guarded[0].line, lines, facts.MAIN, calls=tuple(guarded)))
    members, aliases = _members(index)
    return ModuleFacts(
        lines=lines,
        imports=tuple(sorted(index.imports)),
        modules=tuple(sorted(index.imported)),
        members=members,
        stars=tuple(index.stars),
        aliases=aliases,
        functions=tuple(functions),
        classes=tuple(
            _class(index, scope, scope.node) for scope in index.scopes if isinstance(scope.node, ast.ClassDef)
        ),
        declarations=declarations.extract(index),
        flows=rows.extract(index),
        early=tuple(sorted(index.early)),
        migration=migrations.extract(index) if "alembic" in index.imports else None,
        main=any(isinstance(node, ast.If) and is_main_guard(node.test) for node in index.tree.body),
    )


def _members(index: Index) -> tuple[dict[str, str], dict[str, Alias]]:
    members: dict[str, str] = {}
    aliases: dict[str, Alias] = {}
    for name, bindings in index.module.bindings.items():
        ref = index.unified_module_name(name)
        if ref == f"@{name}":
            continue  # the function or class itself
        members[name] = ref
        value = _alias_value(bindings[-1]) if not ref or ref.endswith("[k]") else None
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
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return Function("", 1, max(lines, 1), calls=calls)
    outside = scope.parent or index.module
    flags = facts.ASYNC if isinstance(node, ast.AsyncFunctionDef) else 0
    if scope.is_generator:
        flags |= facts.GENERATOR
    decorators = tuple(_decorator(index, item, outside) for item in node.decorator_list)
    for item, decorator in zip(node.decorator_list, decorators, strict=True):
        name = last_name(item)
        if name in ("property", "cached_property", "computed_field"):
            flags |= facts.PROPERTY
        if name in _CACHES:
            flags |= facts.CACHED
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
        del decorator
    if scope.owner is not None and _only_refuses(node):
        flags |= facts.ABSTRACT
    parameters = []
    for bindings in scope.bindings.values():
        first = bindings[0]
        if first.kind == "parameter" and isinstance(first.node, ast.arg):
            annotation = index.annotation(first.node.annotation, outside)
            depends = index.depends(first.value, first.node.annotation, outside)
            if annotation or depends is not None:
                parameters.append(Parameter(first.node.arg, annotation, depends))
    returns = index.annotation(node.returns, outside)
    yields = ""
    if scope.is_generator:
        yields = index.agreed(scope.yielded, scope, 0)
    elif not returns:
        returns = index.agreed(scope.returned, scope, 0)
        if len(returns) > 200:
            returns = ""
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
        calls,
        passings := page_sizes.passings(index, scope),
        page_sizes.order(scope.node) if passings else (),
    )


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
    for name, found in scope.attributes.items():
        refs = {
            index.binding_ref(binding, method)
            for method, binding in found
            if not (isinstance(binding.value, ast.Constant) and binding.value.value is None)
        }
        if name not in attributes and len(refs) == 1:
            ref = refs.pop()
            if ref:
                attributes[name] = ref
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
    )


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
        arguments = _arguments(index, node, scope) if name in _ROUTES or name in WIRING else ()
        return Decorator(
            index.ref(node.func, scope), node.lineno, True, arguments, _receiver(index, node.func, scope)
        )
    return Decorator(index.ref(node, scope), node.lineno, False, (), _receiver(index, node, scope))


def _receiver(index: Index, node: ast.expr, scope: Scope) -> str:
    """The own name that a method is taken from, with its place when it is local: `@create_app.router`."""
    if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
        return ""
    return _own_name(index, node.value.id, scope)


def _own_name(index: Index, name: str, scope: Scope) -> str:
    current: Scope | None = scope
    while current is not None:
        if name in current.bindings:
            if current is index.module:
                ref = index.module_name(name)
                return ref if ref.startswith("@") else ""
            return f"@{current.symbol}.{name}"
        current = current.parent
    return ""


def _calls(index: Index, scope: Scope, guarded: list[Call]) -> list[Call]:
    """The calls of a scope; those under the main guard go to `guarded`."""
    calls: list[Call] = []
    at_module = index.function_scope(scope) is index.module
    for node in scope.calls:
        ref = index.ref(node.func, scope)
        if not ref or ref in _QUIET:
            continue
        last = ref.rpartition(".")[2]
        flags, loops, path, is_guarded = _surroundings(index, node, at_module)
        if last in quick_calls.NAMES and quick_calls.is_quick(node, last):
            flags |= facts.QUICK
        if isinstance(node.func, ast.Call) and last_name(node.func) in _WRAPPING:
            flags |= facts.OFFLOADED
        if last in _EXECUTING and node.args and is_writing(node.args[0], index.ref(node.args[0], scope)):
            flags |= facts.WRITES
        arguments = target = receiver = None
        if last in WIRING or last.rstrip("()") in WIRING:
            arguments = _arguments(index, node, scope)
            target = _target(index, node, scope)
            receiver = _receiver(index, node.func, scope)
        call = Call(
            ref, node.lineno, node.col_offset, flags, loops, path, arguments, target or "", receiver or ""
        )
        (guarded if is_guarded else calls).append(call)
    seen: set[str] = set()
    owner = scope.owner
    for load in scope.loads:
        if owner is not None and load.value.__class__ is ast.Name and _is_data(load.attr, owner):
            continue
        ref = index.ref(load, scope)
        # Only what is read from a value can be a property.
        base = ref.rpartition(".")[0]
        if not base or base[-1] not in ":)^]$»⟩" or base.startswith("builtins.") or ref in seen:
            continue
        seen.add(ref)
        flags, loops, path, is_guarded = _surroundings(index, load, at_module)
        call = Call(ref, load.lineno, load.col_offset, facts.LOAD, loops, path)
        (guarded if is_guarded else calls).append(call)
    return calls


def _is_data(name: str, owner: Scope) -> bool:
    """Whether the class itself sets the attribute `name`, so that it is no property."""
    if name in owner.bindings:
        return owner.bindings[name][0].kind not in ("def", "again", "class")
    return name in owner.attributes


def _surroundings(index: Index, node: ast.expr, at_module: bool) -> tuple[int, int, str, bool]:
    """Flags, loops, path, and whether the main guard is around."""
    parents, scope_of = index.parents, index.scope_of
    flags = loops = 0
    marks: list[str] = []
    guarded = False
    child: Any = node
    current: Any = parents.get(node)  # tested by class, not by isinstance: this is the hottest loop
    if current.__class__ is ast.Await:
        flags = facts.AWAITED
    elif current.__class__ is ast.YieldFrom or current.__class__ is ast.withitem:
        flags = facts.ITERATED
    elif isinstance(current, ast.Call) and child is not current.func:
        name = last_name(current)
        if name in _COLLECTING:
            flags = facts.ITERATED
        elif name in _SPAWNING:
            flags = facts.SPAWNED
            marks.append(f"&0.{node.lineno}/")
        elif name in ("wait_for", "shield") and parents.get(current).__class__ is ast.Await:
            flags = facts.AWAITED
    elif isinstance(current, ast.Starred):
        flags = facts.ITERATED
    while current is not None:
        cls = current.__class__
        if current in scope_of:
            if isinstance(current, ast.ClassDef):
                child, current = current, parents.get(current)
                continue
            break
        if cls is ast.Call:
            if child is not current.func and last_name(current) in _CONCURRENT:
                marks.append(f"&{current.lineno}.{child.lineno}_{child.col_offset}/")
        elif cls is ast.For or cls is ast.AsyncFor:
            if child is current.iter:
                if child is node:
                    flags |= facts.ITERATED
            elif child is not current.target and not is_short(current.iter) and child not in current.orelse:
                loops += 1
                marks.append("*/")
        elif cls is ast.While:
            loops += 1
            flags |= facts.WHILE
            marks.append("*/")
        elif cls in COMPREHENSIONS:
            first = current.generators[0]
            if child is not first or not _within(index, node, first.iter):
                depth = sum(1 for generator in current.generators if not is_short(generator.iter))
                loops += depth
                marks.extend("*/" for _ in range(depth))
            elif first.iter is node:
                flags |= facts.ITERATED
        elif cls is ast.comprehension:
            pass
        elif cls is ast.If:
            if at_module and child is not current.test and is_main_guard(current.test):
                guarded = True
            if child in current.body and fills_gap(current, node):
                flags |= facts.ON_MISS
            if current.orelse and child is not current.test:
                marks.append(f"?{current.lineno}.{1 if child in current.orelse else 0}/")
        elif cls is ast.IfExp:
            if child is not current.test:
                if _missing(current.test, absent=child is current.body):
                    flags |= facts.ON_MISS
                marks.append(f"?{current.lineno}_{current.col_offset}.{1 if child is current.orelse else 0}/")
        elif cls is ast.match_case:
            match: Any = parents[current]
            marks.append(f"?{match.lineno}.{match.cases.index(current)}/")
        elif cls is ast.Try:
            if current.handlers and child in current.body:
                marks.append(f"?{current.lineno}.0/")
            elif child in current.handlers:
                marks.append(f"?{current.lineno}.{current.handlers.index(child) + 1}/")
        child, current = current, parents.get(current)
    marks.reverse()
    return flags, loops, "".join(marks), guarded


def _within(index: Index, node: ast.AST, ancestor: ast.AST) -> bool:
    current: ast.AST | None = node
    while current is not None:
        if current is ancestor:
            return True
        if isinstance(current, ast.stmt):
            return False
        current = index.parents.get(current)
    return False


def is_writing(statement: ast.expr, ref: str) -> bool:
    """Whether a statement, whose reference is `ref`, inserts, updates, deletes or defines."""
    if _WRITING.search(ref):
        return True
    for part in ast.walk(statement):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            return _WRITING_TEXT.match(part.value) is not None
    return False


def fills_gap(test: ast.If, node: ast.AST) -> bool:
    """Whether `node` computes what the `if` misses: `if key not in rows: rows[key] = load(key)`."""
    missing = _missing(test.test, absent=True)
    return bool(missing) and any(
        isinstance(statement, ast.Assign | ast.AnnAssign)
        and statement.lineno <= getattr(node, "lineno", 0) <= (statement.end_lineno or 0)
        and any(_spelling(target) == missing for target in _targets(statement))
        for statement in test.body
    )


def _missing(test: ast.AST, *, absent: bool) -> str:
    """What is not there when `test` holds (or, with `absent=False`, when it does not)."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _missing(operand, absent=not absent)
        case ast.Compare(left=left, ops=[ast.Is()], comparators=[ast.Constant(value=None)]) if absent:
            return _spelling(left)
        case ast.Compare(left=left, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]) if not absent:
            return _spelling(left)
        case ast.Compare(ops=[ast.NotIn()], comparators=[container]) if absent:
            return _spelling(container)
        case ast.Compare(ops=[ast.In()], comparators=[container]) if not absent:
            return _spelling(container)
        case ast.Name() | ast.Attribute() if not absent:
            return _spelling(test)
    return ""


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return statement.targets if isinstance(statement, ast.Assign) else [statement.target]


def _spelling(node: ast.AST) -> str:
    """`rows` of `rows`, `rows[key]`, `rows.get(key)`; `self.rows` likewise."""
    parts: list[str] = []
    while True:
        match node:
            case ast.Name(id=name):
                return ".".join([name, *reversed(parts)])
            case ast.Attribute(value=inner, attr="get"):
                node = inner
            case ast.Attribute(value=inner, attr=name):
                parts.append(name)
                node = inner
            case ast.Subscript(value=inner) | ast.Call(func=ast.Attribute(attr="get") as inner):
                node = inner
            case _:
                return ""


def is_short(iterable: ast.AST) -> bool:
    """Whether a loop over `iterable` has a few turns that do not depend on data."""
    if isinstance(iterable, ast.Tuple | ast.List | ast.Set):
        return not any(isinstance(element, ast.Starred) for element in iterable.elts)
    if isinstance(iterable, ast.Constant):
        return True
    if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Name):
        if iterable.func.id == "range":
            return all(
                isinstance(argument, ast.Constant)
                and isinstance(argument.value, int)
                and argument.value <= 10
                for argument in iterable.args
            )
        if iterable.func.id in ("enumerate", "reversed", "sorted") and iterable.args:
            return is_short(iterable.args[0])
    return False


def _target(index: Index, node: ast.Call, scope: Scope) -> str:
    """The own name a call's result is bound to."""
    parent = index.parents.get(node)
    target: ast.AST | None = None
    if isinstance(parent, ast.Assign):
        target = parent.targets[0]
    elif isinstance(parent, ast.AnnAssign):
        target = parent.target
    if isinstance(target, ast.Name):
        if scope is index.module:
            return f"@{target.id}"
        return f"@{scope.symbol}.{target.id}"
    return ""


def _arguments(index: Index, node: ast.Call, scope: Scope) -> tuple[Argument, ...]:
    found = [_argument(index, "", value, scope) for value in node.args]
    found.extend(_argument(index, keyword.arg or "**", keyword.value, scope) for keyword in node.keywords)
    return tuple(found)


def _argument(index: Index, name: str, node: ast.expr, scope: Scope) -> Argument:
    if isinstance(node, ast.Constant):
        return Argument(name, literal=node.value if isinstance(node.value, str) else None)
    if isinstance(node, ast.JoinedStr | ast.BinOp):
        return Argument(name, literal=_text(index, node, scope))
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return Argument(name, items=tuple(_argument(index, "", item, scope) for item in node.elts[:50]))
    if isinstance(node, ast.Dict):
        return Argument(
            name,
            items=tuple(_argument(index, "", value, scope) for value in node.values[:50]),
        )
    if isinstance(node, ast.Call) and last_name(node) in ("Depends", "Security"):
        return Argument("Depends", index.depends(node, None, scope) or "")
    if isinstance(node, ast.Starred):
        node = node.value
    ref = index.ref(node, scope)
    own = _own_name(index, node.id, scope) if isinstance(node, ast.Name) and not ref.startswith("@") else ""
    return Argument(name, ref, own=own)


def _text(index: Index, node: ast.expr, scope: Scope) -> str | None:
    """The text of an f-string or a sum of strings; what is not known is `{name}`."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts = [_text(index, value, scope) for value in node.values]
    elif isinstance(node, ast.FormattedValue):
        return _text(index, node.value, scope)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [_text(index, node.left, scope), _text(index, node.right, scope)]
    else:
        ref = index.ref(node, scope)
        return f"\x00{ref}\x00" if ref else f"\x00?{last_name(node)}\x00"
    return None if any(part is None for part in parts) else "".join(part or "" for part in parts)


__all__ = ["FUNCTIONS", "WIRING", "build", "is_short"]
