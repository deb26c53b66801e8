"""Whether code serves requests, and whether what it makes is shared or made again for each of them."""

from __future__ import annotations

import ast
import enum
from typing import TYPE_CHECKING

from rules.engine.finding import Hop
from rules.engine.kept_answers import once_for_node
from rules.engine.linking.context import AT_STARTUP, IN_REQUEST
from rules.engine.linking.graph import CALL
from rules.engine.reading import facts
from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import COMPREHENSIONS
from rules.engine.reading.spelling import is_main_guard, last_name, names_bound
from rules.engine.reading.walking import nodes_of, walk
from rules.engine.service.traffic import is_example

if TYPE_CHECKING:
    from rules.engine.linking.graph import Edge, Node
    from rules.engine.module import Module

_CACHES = frozenset(
    {
        "functools.lru_cache",
        "functools.cache",
        "functools.cached_property",
        "cachetools.cached",
        "cachetools.func.lru_cache",
        "cachetools.func.ttl_cache",
        "async_lru.alru_cache",
        "aiocache.cached",
        "cached_property.cached_property",
        "django.utils.functional.cached_property",
    }
)
_VENDORED = regex(r"(?:^|/)(?:third_?party|_?vendor(?:ed)?)/")

_APART = regex(
    r"(?i)(?:^|_|/)(?:main|migrat\w*|seed\w*|setup|init\w*|bootstrap|create_(?:db|database|tables?|schema)|listen\w*|subscrib\w*"
    r"|watch\w*|poll\w*|wait\w*|ping|probe|health\w*|check\w*|test\w*|scripts?|tools?|cli|jobs?|tasks?|workers?|cron|backup"
    r"|restore|lifespan|startup|connect|run|start|serve|etl|import\w*|export\w*|ingest\w*|sync\w*)(?:_|/|\.|$)"
)
"""What connects now and then, or for good: setting up, listening, jobs."""

_NOW_AND_THEN = facts.ONCE | facts.RECALLED | facts.ON_MISS | facts.OF_OBJECT | facts.FAILING
_PER_REQUEST = frozenset({"endpoint", "websocket", "dependency", "middleware"})


class Place(enum.StrEnum):
    REQUEST = "request"
    LOOP = "loop"
    CALL = "call"
    """For each call of a coroutine function that no endpoint is seen to reach: a job, a method behind an interface."""
    EACH = "each"
    """For each call of a function that works and drops it again, who calls it is not seen to serve a request."""
    OWNER = "owner"
    """With an object that keeps it, which each request makes anew."""


def serves(node: ast.AST, module: Module) -> bool:
    """Whether the code may run while requests are served: no script, command, test or migration of its own, and no copy of
    somebody else's package that no request is seen to reach.

    A trial run under the main guard does not make a script of a module that others import.
    """
    if module.reached(node):
        return True
    if _VENDORED.search(module.path):
        return False
    role = str(module.role(node) or "")
    if module.function_of(node) is None and is_guarded(node, module):
        return False
    if role == "script":
        return not module.project.is_script(module.path)
    return role not in ("command", "test", "migration")


def is_guarded(node: ast.AST, module: Module) -> bool:
    """Whether module-level code stands under `if __name__ == "__main__"`."""
    current = module.parent(node)
    while current is not None:
        if isinstance(current, ast.If) and is_main_guard(current.test):
            return True
        current = module.parent(current)
    return False


def made_again(call: ast.Call, module: Module) -> Place | None:
    """Whether `call` makes its object anew for each request or each turn of a loop.

    None when it is made once, kept somewhere that outlives the request, or nobody can tell.
    """
    function = module.function_of(call)
    if function is None or isinstance(function.node, ast.Lambda):
        return None
    if _remembered(function.node, module) or _kept(call, function.node, module):
        return None
    if _is_kept_by_callers(call, function.node, module):
        return None
    if str(module.role(call) or "") == "lifespan" or function.name in (
        "__init__",
        "__new__",
        "__enter__",
        "__aenter__",
    ):
        return None
    if module.in_request_path(call):
        return Place.LOOP if module.is_repeated(call) else Place.REQUEST
    return None


def made_with_owner(call: ast.Call, module: Module) -> bool:
    """Whether `__init__` makes the object, and whoever makes its owner does so for each request and binds it to a local:
    a service object of an endpoint. Where the local goes from there nobody can tell."""
    node = _initialiser(call, module)
    if node is None:
        return False
    if not node.callers:
        return not node.roles.isdisjoint(_PER_REQUEST)
    return all(_is_fleeting(caller, edge) for caller, edge in node.callers)


def owner_per_request(call: ast.Call, module: Module) -> Hop | None:
    """Where a dependency or an endpoint makes, for each request, the owner whose `__init__` makes the object.

    Others may make such an owner once and keep it: what these do is no help to those requests.
    """
    pending = [found] if (found := _initialiser(call, module)) is not None else []
    seen = set(pending)
    while pending:
        node = pending.pop(0)
        for caller, edge in node.callers:
            is_entered = bool(edge.call.flags & facts.ITERATED)  # `async with Storage() as storage:`
            if (
                edge.kind == CALL
                and (is_entered or not caller.roles.isdisjoint(_PER_REQUEST))
                and _is_fleeting(caller, edge, is_entered)
            ):
                return Hop(caller.path, edge.call.line, caller.symbol)
            if _is_initialiser(caller) and edge.call.ref.endswith("%.__init__") and caller not in seen:
                seen.add(caller)  # `super().__init__(url)` of an heir
                pending.append(caller)
    return None


def _initialiser(call: ast.Call, module: Module) -> Node | None:
    """The `__init__` that makes the object, once each time it runs."""
    node = module.graph_node(call)
    return node if node is not None and _is_initialiser(node) and not module.loops(call) else None


def _is_initialiser(node: Node) -> bool:
    return node.symbol.rpartition(".")[2] == "__init__"


def entered_per_request(call: ast.Call, module: Module) -> Hop | None:
    """Where a request enters an object of a class whose `__aenter__` makes the object: `async with Storage() as storage:`."""
    function = module.function_of(call)
    node = module.graph_node(call)
    if function is None or node is None or function.name not in ("__aenter__", "__enter__"):
        return None
    if module.loops(call) or node.contexts & AT_STARTUP:
        return None
    return next(
        (
            Hop(caller.path, edge.call.line, caller.symbol)
            for caller, edge in node.callers
            if _is_fleeting(caller, edge, entered=True)
        ),
        None,
    )


def _is_fleeting(caller: Node, edge: Edge, entered: bool = False) -> bool:
    if edge.kind != CALL or caller.function.flags & facts.CACHED or not caller.contexts & IN_REQUEST:
        return False
    if edge.call.flags & _NOW_AND_THEN or _is_initialiser(caller):
        return False
    return entered or bool(edge.call.target) or not caller.roles.isdisjoint(_PER_REQUEST)


def lives_for_one_call(call: ast.Call, module: Module) -> bool:
    """Whether a coroutine function enters the object, uses it once and leaves it again, each time it is called.

    Not when a loop runs inside the block, which shares the object, nor in a generator, whose block lasts.
    """
    function = module.function_of(call)
    if function is None or not isinstance(function.node, ast.AsyncFunctionDef):
        return False
    block = module.statement(call)
    if not isinstance(block, (ast.With, ast.AsyncWith)) or _remembered(function.node, module):
        return False
    scope = module.index.scope_of.get(function.node)
    if (
        scope is None
        or scope.is_generator
        or function.name in ("main", "run", "start", "serve", "run_forever")
    ):
        return False
    names = {
        item.optional_vars.id
        for item in block.items
        if item.context_expr is call and isinstance(item.optional_vars, ast.Name)
    }
    loops = (
        node
        for statement in block.body
        for node in walk(statement)
        if isinstance(node, (ast.While, ast.For, ast.AsyncFor, *COMPREHENSIONS))
    )
    if any(
        not names or any(isinstance(node, ast.Name) and node.id in names for node in walk(loop))
        for loop in loops
    ):
        return False
    return module.runs_on_event_loop(call)


def made_for_each_call(call: ast.Call, module: Module) -> bool:
    """Whether a function that others call makes the object, works with it and drops it again, as often as it is called.

    Not what sets up, hands the object on, or runs once or for good: a script, a command, a job's main loop.
    """
    function, node = module.function_of(call), module.graph_node(call)
    if function is None or node is None or isinstance(function.node, ast.Lambda):
        return False
    if (
        function.name.startswith("__")
        or _APART.search(function.name)
        or is_example(module.path, module.project)
    ):
        return False
    if not serves(call, module) or module.project.is_script(module.path) or module.loops(call):
        return False
    if str(module.role(call) or "") == "lifespan" or node.contexts & AT_STARTUP:
        return False
    if not any(edge.kind == CALL for _, edge in node.callers) and "." not in node.symbol:
        return False
    if (
        all(caller.roles & {"script", "command", "test", "migration"} for caller, _ in node.callers)
        and node.callers
    ):
        return False
    if any(isinstance(each, ast.While | ast.Yield | ast.YieldFrom) for each in walk(function.node)):
        return False
    if lasts(call, module) or goes_away(call, module):
        return False
    names = _holders(call, function.node, module) | _entered_as(call, module)
    repeated = (ast.For, ast.AsyncFor, *COMPREHENSIONS, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    return not any(
        isinstance(each, repeated)
        and each is not function.node
        and any(isinstance(part, ast.Name) and part.id in names for part in walk(each))
        for each in walk(function.node)
    )


def _entered_as(call: ast.Call, module: Module) -> set[str]:
    """What a `with` block calls the object: `async with Client() as client:`."""
    block = module.statement(call)
    if not isinstance(block, ast.With | ast.AsyncWith):
        return set()
    return {
        item.optional_vars.id
        for item in block.items
        if call in walk(item.context_expr) and isinstance(item.optional_vars, ast.Name)
    }


def closes_itself(call: ast.Call, module: Module) -> bool:
    """Whether a coroutine function, or an asynchronous context manager, connects, works and closes again: once for each
    time somebody calls it, whoever that is. Not what listens, nor what sets the database up."""
    function = module.function_of(call)
    if function is None or not isinstance(function.node, ast.AsyncFunctionDef):
        return False
    if _APART.search(function.name) or _APART.search(module.path) or _remembered(function.node, module):
        return False
    if module.loops(call) or not module.runs_on_event_loop(call):
        return False
    nodes = list(walk(function.node))
    if any(isinstance(node, ast.While) or _listens(node) for node in nodes):
        return False
    block = module.statement(call)
    if isinstance(block, ast.AsyncWith) and any(call in walk(item.context_expr) for item in block.items):
        return True
    holders = _holders(call, function.node, module)
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "close"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in holders
        for node in nodes
    )


def _listens(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in (
        "add_listener",
        "notifies",
        "listen",
        "start_replication",
    )


def goes_away(call: ast.Call, module: Module) -> bool:
    """Whether the object leaves the function that makes it: returned, or kept by another object. Whoever has it decides
    how long it lives, so that nobody can say here that it is made again and again."""
    function = module.function_of(call)
    if function is None or isinstance(function.node, ast.Lambda):
        return True
    if str(module.role(call) or "") == "dependency":
        return False
    parent = module.parent(call)
    while isinstance(parent, (ast.Await, ast.IfExp, ast.BoolOp, ast.keyword)):
        parent = module.parent(parent)
    if isinstance(parent, (ast.Return, ast.Call)):
        return True
    names = _holders(call, function.node, module)
    return bool(names) and any(_gives_away(node, names) for node in walk(function.node))


def lasts(call: ast.Call, module: Module) -> bool:
    """Whether the object is seen to outlive the call that makes it: made once with its module or the application, kept,
    cached, or given to the caller, by itself or in what is made of it."""
    function = module.function_of(call)
    if function is None:
        return True
    if isinstance(function.node, ast.Lambda):
        return True
    if str(module.role(call) or "") == "lifespan":
        return True
    if _remembered(function.node, module) or _kept(call, function.node, module):
        return True
    holders = _holders(call, function.node, module)
    return any(_leaves_with(node, call, holders, module) for node in walk(function.node))


def _holders(call: ast.Call, function: ast.AST, module: Module) -> set[str]:
    """The locals that hold the object, or what a call made of it: `Session = sessionmaker(engine)`."""
    holders: set[str] = set()
    for _ in range(3):
        before = len(holders)
        for node in walk(function):
            if not isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) or node.value is None:
                continue
            if _holds(node.value, call, holders):
                holders |= names_bound(node)
        if len(holders) == before:
            break
    return holders


def _holds(value: ast.expr, call: ast.Call, holders: set[str]) -> bool:
    """Whether `value` is the object, a maker that was given it, or a container of it; not what one of its methods gives."""
    match value:
        case ast.Await(value=inner) | ast.Starred(value=inner):
            return _holds(inner, call, holders)
        case ast.Name(id=name):
            return name in holders
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return any(_holds(part, call, holders) for part in parts)
        case ast.Dict(values=parts) | ast.BoolOp(values=parts):
            return any(_holds(part, call, holders) for part in parts)
        case ast.IfExp(body=body, orelse=orelse):
            return _holds(body, call, holders) or _holds(orelse, call, holders)
        case ast.Call():
            if value is call:
                return True
            if last_name(value.func)[:1].islower() and not last_name(value.func).endswith("maker"):
                return False  # `read_sql(query, engine)` gives rows
            given = [*value.args, *(keyword.value for keyword in value.keywords)]
            return any(_holds(each, call, holders) for each in given)
    return False


def _leaves_with(node: ast.AST, call: ast.Call, holders: set[str], module: Module) -> bool:
    """Whether a statement takes the object, or what was made of it, out of the function."""
    match node:
        case ast.Return(value=ast.expr() as value) | ast.Yield(value=ast.expr() as value):
            return _holds(value, call, holders)
        case ast.Assign(targets=targets, value=value):
            return _holds(value, call, holders) and any(
                isinstance(target, (ast.Attribute, ast.Subscript)) for target in targets
            )
        case ast.Call(func=ast.Attribute(attr="configure"), keywords=keywords):
            return any(_holds(keyword.value, call, holders) for keyword in keywords)
    return False


def _gives_away(node: ast.AST, names: set[str]) -> bool:
    match node:
        case ast.Return(value=ast.Name(id=name)):
            return name in names
        case ast.Return(value=ast.Tuple(elts=elements)):
            return any(isinstance(each, ast.Name) and each.id in names for each in elements)
        case ast.Return(
            value=ast.Call(
                func=ast.Attribute(attr="client" | "resource" | "create_client", value=ast.Name(id=name))
            )
        ):
            return name in names  # what a session makes holds what the session loaded
    return False


def is_fallback(call: ast.Call, module: Module) -> bool:
    """`if client is not None: return await fetch(client)` before it: made only where the caller brought none."""
    function = module.function_of(call)
    if function is None or isinstance(function.node, ast.Lambda):
        return False
    arguments = function.node.args
    own = {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    for node in walk(function.node):
        match node:
            case ast.If(test=ast.Compare(left=ast.Name(id=name), ops=[ast.Is() | ast.IsNot()])) if (
                name in own and ("client" in name or "session" in name)
            ):
                return True
    return False


def depends_on_request(call: ast.Call, module: Module) -> bool:
    """Whether an argument comes from a parameter or a local of the function: credentials of one tenant, say."""
    function = module.function_of(call)
    if function is None or isinstance(function.node, ast.Lambda):
        return True
    own = _bound(function.node, module)
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(
        isinstance(node, ast.Name) and node.id in own and node.id not in ("self", "settings", "config")
        for value in values
        for node in walk(value)
    )


@once_for_node
def _bound(function: ast.FunctionDef | ast.AsyncFunctionDef, _: Module) -> set[str]:
    arguments = function.args
    names = {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    names |= {each.arg for each in (arguments.vararg, arguments.kwarg) if each is not None}
    for node in walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def _remembered(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> bool:
    """Whether the function runs once: its result is cached."""
    for decorator in function.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = module.qualified_name(target) or ""
        spelled = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
        if name in _CACHES or "cache" in spelled or spelled in ("singleton", "once"):
            return True
    return False


@once_for_node
def _outliving(function: ast.FunctionDef | ast.AsyncFunctionDef, _: Module) -> set[str]:
    return {
        name for node in walk(function) if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names
    }


def _kept(call: ast.Call, function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> bool:
    """Whether the object goes where it outlives the function: a global, an attribute, a dictionary, a guard's default."""
    outliving = _outliving(function, module)
    node: ast.AST = call
    parent = module.parent(call)
    while isinstance(parent, ast.expr) and not isinstance(parent, ast.Lambda):
        if isinstance(parent, ast.NamedExpr) and parent.target.id in outliving:
            return True
        if isinstance(parent, ast.Call) and node is not parent.func and _keeps(parent):
            return True
        node, parent = parent, module.parent(parent)
    targets: list[ast.expr] = []
    if isinstance(parent, ast.Assign):
        targets = parent.targets
    elif isinstance(parent, ast.AnnAssign):
        targets = [parent.target]
    names = set()
    for target in targets:
        if isinstance(target, (ast.Attribute, ast.Subscript)):
            return True
        if isinstance(target, ast.Name):
            if target.id in outliving:
                return True
            names.add(target.id)
    return bool(names) and _kept_later(names, function, outliving)


def _is_kept_by_callers(
    call: ast.Call, function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module
) -> bool:
    """Whether a factory returns the object, and whoever calls it does so only while none is kept."""
    found = module.graph_node(call)
    if found is None or not found.callers or found.roles:
        return False
    holders = _holders(call, function, module)
    if not any(
        isinstance(node, ast.Return) and node.value is not None and _holds(node.value, call, holders)
        for node in walk(function)
    ):
        return False
    return all(
        caller.function.flags & facts.CACHED or edge.call.flags & (facts.RECALLED | facts.ONCE)
        for caller, edge in found.callers
    )


def _keeps(call: ast.Call) -> bool:
    """`cache.setdefault(key, Client())`, `setattr(app.state, "client", Client())`."""
    match call.func:
        case ast.Attribute(
            attr="setdefault" | "append" | "add" | "set" | "put" | "enter_context" | "enter_async_context"
        ):
            return True
        case ast.Name(id="setattr"):
            return True
    return False


def _kept_later(
    names: set[str], function: ast.FunctionDef | ast.AsyncFunctionDef, outliving: set[str]
) -> bool:
    """Whether a local that holds the object is put where it outlives the function: `_clients[key] = client`."""
    for node in nodes_of(function, ast.Assign):
        if _is_or_has(node.value, names):
            for target in node.targets:
                if isinstance(target, (ast.Attribute, ast.Subscript)):
                    return True
                if isinstance(target, ast.Name) and target.id in outliving:
                    return True
    return any(_hands_on(call, names) and _keeps(call) for call in nodes_of(function, ast.Call))


def _is_or_has(value: ast.expr, names: set[str]) -> bool:
    """`client`, displays of it, `{"client": client, "used": now()}`, and what is made of it: `Stub(channel)`."""
    match value:
        case ast.Name(id=name):
            return name in names
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Dict(values=parts):
            return any(_is_or_has(part, names) for part in parts)
        case ast.Call(func=made, args=parts) if last_name(made)[:1].isupper():
            return any(_is_or_has(part, names) for part in parts)
    return False


def _hands_on(call: ast.Call, names: set[str]) -> bool:
    return any(isinstance(argument, ast.Name) and argument.id in names for argument in call.args)
