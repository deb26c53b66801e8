"""A function as facts: what it takes and gives, how it runs, what it calls."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from rules.engine.reading import (
    callbacks,
    facts,
    signatures,
    switches,
    whole_numbers,
)
from rules.engine.reading.annotations import may_be_ours
from rules.engine.reading.calls import APPLICATIONS
from rules.engine.reading.decorators import ROUTES, decorator_of
from rules.engine.reading.facts import Call, Function, Imported, Parameter
from rules.engine.reading.filtered import takes_fields
from rules.engine.reading.guarding import lets_only_staff_in
from rules.engine.reading.hearing import (
    is_caught,
    lets_nothing_out,
    only_fills_queue,
    waits_for_nothing,
    waits_inside,
)
from rules.engine.reading.index import Index
from rules.engine.reading.loose_tasks import hands_out_task
from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import Scope
from rules.engine.reading.shown_types import shown
from rules.engine.reading.spelling import last_name, names_given
from rules.engine.reading.walking import walk

_WRITTEN = 10
"""So many members of a dict that is written out are a few."""
SELF = "typing.Self:"
"""Of what a method returns: an instance of the class that it is called on."""
_STARTING = frozenset({"create_task", "ensure_future"})
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
_KEEPING = regex(r"(?:^|_)(?:cached?|memoi[sz]ed?|memo)(?:_|$)")
"""How a project calls decorators of its own that keep answers: `locked_cached`, `cache_for`."""
_DROPPING = regex(
    r"(?:^|_)(?:no|not|un|clear|clears|invalidate|invalidates|evict|delete|drop|bust|reset|flush)(?:_|$)|clear$"
)
_CACHES = frozenset({"lru_cache", "cache", "cached_property", "cached", "ttl_cache", "alru_cache", "memoize"})


def _routers_of(node: ast.FunctionDef | ast.AsyncFunctionDef, index: Index) -> list[ast.Call]:
    """How the file makes what registers a function: `router = APIRouter(…)` of `@router.get("/orders")`."""
    found = []
    for decorator in node.decorator_list:
        match decorator:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
                bindings = index.module.bindings.get(name, [])
                if len(bindings) == 1 and isinstance(bindings[0].value, ast.Call):
                    found.append(bindings[0].value)
    return found


def function_of(index: Index, scope: Scope, calls: tuple[Call, ...], lines: int) -> Function:
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
    decorators = tuple(decorator_of(index, item, outside) for item in node.decorator_list)
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
        elif name not in _TRANSPARENT and name not in ROUTES and name not in _CACHES:
            flags |= facts.WRAPPED
            if decorator.ref.startswith("@"):
                ref = f"{decorator.ref}()()" if decorator.called else f"{decorator.ref}()"
                around.append(Call(ref, item.lineno, item.col_offset, facts.LOAD | facts.DECORATES))
    if scope.owner is not None:
        flags |= facts.ABSTRACT if _only_refuses(node) else facts.IDLE if _does_nothing(node) else 0
    if _starts_thread(node):
        flags |= facts.HANDS_ON
    if _calls_decorated(scope):
        flags |= facts.AROUND
    if scope.owner is not None and takes_fields(scope):
        flags |= facts.BY_FIELDS
    if _gives_few(scope):
        flags |= facts.FEW
    if flags & facts.ASYNC and (lets_nothing_out(node.body) or is_caught(node)):
        flags |= facts.HEARD
    if flags & facts.ASYNC and (waits_for_nothing(node) or _fills_queue(index, scope, node)):
        flags |= facts.UNBROKEN
    elif flags & facts.ASYNC and _waits_inside(index, node):
        flags |= facts.TIMED
    if isinstance(node, ast.FunctionDef) and hands_out_task(node, _started(index, scope)):
        flags |= facts.LOOSE
    if node.decorator_list and lets_only_staff_in(node, _routers_of(node, index)):
        flags |= facts.STAFF
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
    elif returns[-1:] == "!":  # some callable: which one says more than what calling it gives
        given = index.agreed(scope.returned, scope, 0)
        returns = given if given and len(given) <= 200 else returns
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
        passings := whole_numbers.passings(index, scope),
        whole_numbers.order(scope.node) if passings or scope.owner is not None else (),
        switches.of_function(node, bound := scope.owner is not None and not flags & facts.STATIC, calls),
        made if made != returns and len(made) <= 200 else "",
        callbacks.applied(index, scope),
        signatures.of_function(node, bound),
        tuple(_imports(node)),
    )


def _imports(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Imported]:
    """What a function imports from somewhere in statements of its own body."""
    for statement in node.body:
        if statement.__class__ is ast.ImportFrom:
            above, origin = statement.level, statement.module or ""
            if not above and origin.partition(".")[0] in sys.stdlib_module_names:
                continue
            prefix = (f"<{above}>" if above else "") + (f"{origin}." if origin else "")
            for name in statement.names:
                if name.name != "*":
                    yield Imported(statement.lineno, f"{prefix}{name.name}")


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


def _fills_queue(index: Index, own: Scope, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a coroutine only puts something into a queue of asyncio to which the file gives no bound: that is over at once."""
    if "put" not in own.called or "asyncio" not in index.module.bindings:
        return False
    name = only_fills_queue(function)
    return bool(name) and not any(
        last_name(call.func) == "Queue"
        and (call.args or call.keywords)
        and name in names_given(index.parents.get(call))
        for scope in index.scopes
        for call in scope.calls
    )


def _waits_inside(index: Index, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a coroutine waits for timers and locks of asyncio alone, the locks made in its file."""
    if "asyncio" not in index.module.bindings:
        return False
    locks = waits_inside(function)
    if not locks:
        return locks is not None
    if index.locks is None:
        made = (call for scope in index.scopes for call in scope.calls if last_name(call.func) == "Lock")
        index.locks = frozenset(name for call in made for name in names_given(index.parents.get(call)))
    return locks <= index.locks


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


def _may_be_wired(name: str) -> bool:
    return name in APPLICATIONS or "router" in name


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


def _does_nothing(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a method is there to be overridden where there is something to do: its body is empty, or returns None."""
    if node.name.startswith("__"):
        return False
    for statement in node.body:
        match statement:
            case (
                ast.Pass()
                | ast.Expr(value=ast.Constant())
                | ast.Return(value=None | ast.Constant(value=None))
            ):
                continue
        return False
    return True


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
