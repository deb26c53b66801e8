from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import pool_estimates
from rules.engine.data.transactions import CONNECTIONS, RELEASING, holds, is_a
from rules.engine.finding import Hop, Options
from rules.engine.linking.context import IN_REQUEST
from rules.engine.linking.values import Sort
from rules.engine.module import Role
from rules.engine.reading import facts
from rules.engine.reading.loop_shapes import shortened
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import own_nodes, walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import is_guarded
from rules.libraries.sqlalchemy import SCOPED_SESSIONS, SESSIONS

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module

_FACTORIES = frozenset({"sqlalchemy.orm.sessionmaker", "sqlalchemy.ext.asyncio.async_sessionmaker"})
_SCOPED = frozenset(name.rpartition(".")[2] for name in SCOPED_SESSIONS)
_TAKING = frozenset(
    {
        "sqlalchemy.engine.Engine.connect",
        "sqlalchemy.engine.Engine.raw_connection",
        "sqlalchemy.ext.asyncio.AsyncEngine.connect",
        "asyncpg.Pool.acquire",
        "aiomysql.Pool.acquire",
        "asyncmy.Pool.acquire",
        "aioodbc.Pool.acquire",
        "psycopg_pool.ConnectionPool.getconn",
        "psycopg_pool.AsyncConnectionPool.getconn",
        "psycopg2.pool.SimpleConnectionPool.getconn",
        "psycopg2.pool.ThreadedConnectionPool.getconn",
    }
)
_GIVING = frozenset(
    {"release", "putconn", "return_connection", "enter_context", "enter_async_context", "callback", "push"}
)
_GIVING |= frozenset({"push_async_callback", "closing", "aclosing", "register"})

NEVER, SOMETIMES, ALWAYS = range(3)


class SessionLeak(Rule):
    """A session or connection that is not given back keeps one of the pool's places.

    A pool has 15 places by default. One that is taken and not returned, or not when an exception comes between, is gone until
    the garbage collector finds it; when all are, every request waits 30 seconds and fails.

    ## Instead
    Open it in a block that gives it back whatever happens: `with SessionLocal() as session:` (or `async with`),
    or `try: … finally: session.close()`. A dependency yields inside the `with`.

    ## Trade-offs
    Objects must be read before the block ends.

    ## Monitor
    Connections checked out of the pool while the service is idle.

    ## When to ignore it
    When another part of the program closes it at the end of the request: a scoped session in middleware, say.
    """

    code = "FP220"
    severity = Severity.HIGH
    said_from = Severity.CRITICAL
    gates = True
    effort = Effort.MINUTES
    watch = "connections checked out of the pool while the service is idle"
    impact = pool_estimates.leaked(Options())

    invalid = (
        Invalid(
            """
            from fastapi import FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import sessionmaker

            from shop.models import Order

            app = FastAPI()
            SessionLocal = sessionmaker()

            @app.get("/orders")
            def list_orders() -> list[str]:
                session = SessionLocal()
                return [order.number for order in session.scalars(select(Order).limit(50))]
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import sessionmaker

            from shop.models import Order

            app = FastAPI()
            SessionLocal = sessionmaker()

            @app.get("/orders")
            def list_orders() -> list[str]:
                with SessionLocal() as session:
                    return [order.number for order in session.scalars(select(Order).limit(50))]
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return (
            callee.name == "builtins.next"
            or callee.name in _TAKING
            or callee.sort == Sort.INSTANCE
            or is_a(callee.name, SESSIONS)
        )

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        name = _target(node, module)
        if name is None or not _takes(node, module) or _is_bound(node, module):
            return
        if module.function_of(node) is None:
            yield from self._of_all(node, name, module)
            return
        if not module.in_request_path(node) and module.role(node) not in (Role.TASK, Role.BACKGROUND):
            return
        function = module.function_of(node)
        if function is None or isinstance(function.node, ast.Lambda):
            return
        fate = _fate(name, function.node, module)
        if fate == ALWAYS:
            return
        made = shortened(module.segment(node), 50)
        if fate == NEVER:
            message = (
                f"`{name} = {made}` is never closed: its connection comes back to the pool when nobody knows."
            )
        else:
            message = (
                f"`{name}` is closed only when nothing fails: after an exception its connection stays taken."
            )
        severity = self.severity if fate == NEVER else Severity.MEDIUM
        yield Match(
            node,
            message,
            severity=severity,
            confidence=Confidence.POSSIBLE
            if _is_for_other_versions(node, module)
            else _confidence(name, fate, function.node, module),
            impact=pool_estimates.leaked(module.options),
        )

    def _of_all(self, node: ast.Call, name: str, module: Module) -> Iterator[Match]:
        """`session = SessionLocal()` of a module, which requests ask with."""
        if (
            last_name(node.func) in _SCOPED
            or is_guarded(node, module)
            or len(module.index.module.bindings.get(name, ())) != 1
        ):
            return
        user = _asking(name, module)
        if user is None:
            return
        yield Match(
            node,
            f"`{name}` is one session for all requests (`{user.symbol.rpartition('.')[2]}` asks with it): what one of them does is in"
            " the transaction of the others, and its connection never goes back.",
            confidence=Confidence.LIKELY,
            related=(Hop(user.path, user.function.line, user.symbol),),
            instead="Make a session for each request, in a dependency that closes it: `with SessionLocal() as session: yield"
            " session`.",
            impact=pool_estimates.leaked(module.options),
        )


def _asking(name: str, module: Module) -> Node | None:
    """A function that requests get to and that asks with the module's object `name`, in whatever file."""
    resolver = module.project.resolver
    for node in module.project.graph.nodes.values():
        if not node.contexts & IN_REQUEST:
            continue
        for call in node.function.calls:
            owner = call.ref.rpartition(".")[0]
            if not owner.endswith(name):
                continue
            value = resolver.value(owner, node.module)
            if value is not None and value.origin == (module.path, name):
                return node
    return None


def _is_for_other_versions(node: ast.AST, module: Module) -> bool:
    """In `except AttributeError:`, which is for libraries that have it by another name: hardly ever."""
    parent = module.parent(node)
    while parent is not None and not isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
        if isinstance(parent, ast.ExceptHandler) and parent.type is not None:
            caught = {last_name(part) for part in walk(parent.type)}
            if caught & {"AttributeError", "ImportError", "ModuleNotFoundError"}:
                return True
        parent = module.parent(parent)
    return False


def _target(node: ast.Call, module: Module) -> str | None:
    """The local name that a call's result is bound to."""
    parent = module.parent(node)
    if isinstance(parent, ast.Await):
        parent = module.parent(parent)
    match parent:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return None


def _takes(node: ast.Call, module: Module) -> bool:
    """Whether the call makes a session or takes a connection that its caller has to give back."""
    name = module.qualified_name(node.func)
    if name is not None:
        if name == "builtins.next":
            return _is_next_of_dependency(node, module)
        return name in _TAKING or is_a(name, SESSIONS)
    factory = module.value(node.func)
    return factory is not None and factory.sort == Sort.INSTANCE and factory.name in _FACTORIES


def _is_bound(node: ast.Call, module: Module) -> bool:
    """`Session(bind=connection)`: the connection is another's."""
    values = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "bind")]
    return any(is_a(module.type_of(value), CONNECTIONS) for value in values)


def _is_next_of_dependency(node: ast.Call, module: Module) -> bool:
    """`next(get_session())`: what a `yield` dependency provides, taken by hand."""
    match node:
        case ast.Call(args=[ast.Call() as made]):
            value = module.value(made)
            return value is not None and value.sort == Sort.ITEMS and holds(value.item, module.project)
    return False


def _fate(name: str, function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> int:
    """What becomes of what `name` holds. ALWAYS also when it leaves the function, so that others answer for it."""
    found = NEVER
    for node in own_nodes(function):
        if _gives_back(node, name):
            found = max(found, ALWAYS if _is_certain(node, function, module) else SOMETIMES)
        elif _leaves(node, name, module):
            return ALWAYS
    for node in walk(function):
        is_inner = (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and node is not function
        )
        if is_inner and any(isinstance(part, ast.Name) and part.id == name for part in walk(node)):
            return ALWAYS
        if isinstance(node, ast.Global | ast.Nonlocal) and name in node.names:
            return ALWAYS
    return found


def _confidence(
    name: str, fate: int, function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module
) -> Confidence:
    if fate == NEVER:
        return Confidence.POSSIBLE if _is_committed_last(name, function, module) else Confidence.CERTAIN
    return Confidence.LIKELY


def _is_committed_last(name: str, function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> bool:
    """Whether the session commits last, or is last given to a helper that commits or closes it: its connection goes back
    with that, when nothing fails."""
    uses = [node for node in own_nodes(function) if isinstance(node, ast.Name) and node.id == name]
    last = max(uses, key=lambda each: (each.lineno, each.col_offset))
    call = module.parent(last)
    if isinstance(call, ast.Attribute) and call.attr == "commit" and not module.is_repeated(last):
        return module.statement(last) in function.body
    if isinstance(call, ast.keyword):
        call = module.parent(call)
    helper = module.callee(call) if isinstance(call, ast.Call) and call.func is not last else None
    if helper is None or module.is_repeated(last):
        return False
    return any(
        inner.ref.endswith((".commit", ".close"))
        and not inner.loops
        and not inner.flags & (facts.CONDITIONAL | facts.FAILING)
        and holds(module.project.resolver.value(inner.ref.rpartition(".")[0], helper.module), module.project)
        for inner in helper.function.calls
    )


def _gives_back(node: ast.AST, name: str) -> bool:
    match node:
        case ast.withitem(context_expr=expression):
            return any(isinstance(part, ast.Name) and part.id == name for part in walk(expression))
        case ast.Attribute(value=ast.Name(id=owner), attr=method) if owner == name:
            return method in RELEASING and method not in ("commit", "rollback")
        case ast.Call(func=ast.Name(id=function) | ast.Attribute(attr=function)):
            if function in _GIVING or "close" in function or "release" in function or "cleanup" in function:
                return any(
                    isinstance(part, ast.Name) and part.id == name
                    for argument in node.args
                    for part in walk(argument)
                )
    return False


def _is_certain(node: ast.AST, function: ast.AST, module: Module) -> bool:
    """Entered, or in a `finally`: it happens whatever else does."""
    if isinstance(node, ast.withitem):
        return True
    if isinstance(node, ast.Call):
        return not (
            isinstance(node.func, ast.Attribute) and node.func.attr in ("release", "putconn")
        ) or _in_finally(node, function, module)
    return _in_finally(node, function, module)


def _in_finally(node: ast.AST, function: ast.AST, module: Module) -> bool:
    child, parent = node, module.parent(node)
    while parent is not None and child is not function:
        if isinstance(parent, ast.Try) and child in parent.finalbody:
            return True
        child, parent = parent, module.parent(parent)
    return False


def _leaves(node: ast.AST, name: str, module: Module) -> bool:
    """Whether what `name` holds is returned, stored, or given to an object that may keep it."""
    match node:
        case ast.Return(value=ast.expr() as value):
            return _is_or_holds(value, name)
        case ast.Assign(targets=targets, value=value):
            kept = any(isinstance(target, ast.Attribute | ast.Subscript) for target in targets)
            return (kept or isinstance(value, ast.Name)) and _is_or_holds(value, name)
        case ast.Call(func=function):
            called = module.value(function)
            keeps = (
                called is None or called.sort == Sort.CLASS or called.name.rpartition(".")[2][:1].isupper()
            )
            arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
            return keeps and any(
                isinstance(argument, ast.Name) and argument.id == name for argument in arguments
            )
    return False


def _is_or_holds(value: ast.expr, name: str) -> bool:
    """`session`, or `(session, x)`."""
    match value:
        case ast.Name(id=found):
            return found == name
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return any(_is_or_holds(element, name) for element in elements)
    return False
