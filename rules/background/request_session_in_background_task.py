from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import kept_estimates
from rules.engine.kept_answers import once_for_node
from rules.engine.reading import facts
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.walking import nodes_of, walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.queue_tasks import enqueue, may_enqueue
from rules.engine.service.traffic import is_for_admins
from rules.libraries.sqlalchemy import SESSIONS

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_OPEN_UNTIL_DONE = (0, 118)
"""From this version of FastAPI on, dependencies are closed after the tasks of the response."""
_HELD = SESSIONS | frozenset(
    {
        "sqlalchemy.orm.scoped_session",
        "sqlalchemy.Connection",
        "sqlalchemy.ext.asyncio.AsyncConnection",
        "asyncpg.Connection",
        "asyncpg.pool.PoolConnectionProxy",
        "psycopg.AsyncConnection",
        "psycopg.Connection",
    }
)
_SPAWNS = frozenset({"asyncio.create_task", "asyncio.ensure_future", "anyio.abc.TaskGroup.start_soon"})
_TELLS = frozenset(
    {
        "print",
        "log",
        "debug",
        "info",
        "warning",
        "error",
        "exception",
        "getLogger",
        "now",
        "isoformat",
        "len",
        "str",
    }
)
"""What a function calls that only says it was called."""


class RequestSessionInBackgroundTask(Rule):
    """The session of a request handed to work that goes on after it: held until that work ends, or closed under it.

    A dependency with `yield` is cleaned up after the background tasks (since FastAPI 0.118), so the connection
    stays checked out while they run; before, it was closed already. With `create_task` or a job queue nobody keeps it
    open at all: the task meets a closed session, or shares it with the request while both use it.

    ## Instead
    Hand over ids, and open a session where the work is done: `with SessionLocal() as session:`.

    ## Trade-offs
    The task reads its rows again, and must live with their having changed or gone.

    ## Monitor
    Connections checked out of the pool; pool timeouts.
    """

    code = "FP404"
    severity = Severity.HIGH
    effort = Effort.MINUTES
    watch = "connections checked out, pool timeouts"

    invalid = (
        Invalid(
            """
            def get_session() -> Iterator[Session]:
                with Session() as session:
                    yield session

            def send_invoice(order_id: int, session: Session) -> None:
                session.get(Order, order_id).sent = True
                session.commit()

            @app.post("/orders/{order_id}/invoice")
            def invoice(order_id: int, tasks: BackgroundTasks, session: Session = Depends(get_session)) -> None:
                tasks.add_task(send_invoice, order_id, session)
            """
        ),
    )
    valid = (
        Valid(
            """
            def send_invoice(order_id: int) -> None:
                with Session() as session:
                    session.commit()

            @app.post("/orders/{order_id}/invoice")
            def invoice(order_id: int, tasks: BackgroundTasks) -> None:
                tasks.add_task(send_invoice, order_id)
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.meaning.offload is not None or callee.name in _SPAWNS or may_enqueue(callee)

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        how, work, handed = _handed_over(node, module)
        if not how or not module.in_request_path(node) or (work is not None and _is_stub(work, module)):
            return
        session = next((value for value in handed if _is_request_session(value, module)), None)
        if session is None:
            return
        shown = module.segment(session)
        match = Match(
            node,
            f"`{spelled(node.func)}` hands the request's `{shown}` on: {_consequence(how, module)}.",
            severity=self.severity,
            confidence=Confidence.POSSIBLE if _is_kept_open(node, module) else Confidence.LIKELY,
            impact=kept_estimates.connection_held(module.options) if how == "background" else None,
        )
        small = how == "background" and (
            (_is_open(module) and _is_soon_done(work, module))
            or (not module.stays_below("fastapi", _OPEN_UNTIL_DONE) and is_for_admins(node, module))
        )
        yield match.doubted() if small else match


def _is_open(module: Module) -> bool:
    """Whether the session is still open while the task runs."""
    version = module.version("fastapi")
    return version is not None and version >= _OPEN_UNTIL_DONE


def _is_soon_done(work: ast.expr | None, module: Module) -> bool:
    """Whether the task only asks the database: it has its connection for some milliseconds longer."""
    if work is None:
        return False
    summaries = module.project.summaries
    found = [summaries.of(node) for node in module.project.graph.runs(module.value(work))]
    return bool(found) and not any(
        each.external or each.cpu or not (each.queries or each.commits) for each in found
    )


def _handed_over(call: ast.Call, module: Module) -> tuple[str, ast.expr | None, list[ast.expr]]:
    """(how the work goes on, the function that does it, what it is given)."""
    offload = module.offload(call)
    if offload is not None and offload.kind == "background":
        return (
            "background",
            call.args[0] if call.args else None,
            [*call.args[1:], *(keyword.value for keyword in call.keywords)],
        )
    if module.qualified_name(call.func) in _SPAWNS and call.args:
        if module.is_awaited(call) or not _is_left_alone(call, module):
            return "", None, []
        inner = call.args[0]
        if isinstance(inner, ast.Call):
            return "task", inner.func, [*inner.args, *(keyword.value for keyword in inner.keywords)]
        return "task", inner, list(call.args[1:])
    found = enqueue(call, module)
    if found is not None:
        return "queue", None, list(found.arguments)
    return "", None, []


def _is_kept_open(call: ast.Call, module: Module) -> bool:
    """`set_session_keep_open(request.state, True)`: the dependency is told to leave it to the task."""
    function = module.function_of(call)
    return function is not None and _keeps_open(function.node, module)


@once_for_node
def _keeps_open(function: ast.AST, _: Module) -> bool:
    return any("keep_open" in ast.unparse(call.func) for call in nodes_of(function, ast.Call))


def _is_stub(work: ast.expr, module: Module) -> bool:
    """Whether the function has nothing to do yet: nothing holds the session, and nothing meets it closed."""
    found = list(module.project.graph.runs(module.value(work)))
    return bool(found) and all(
        re.split(r"\W+", call.ref.rstrip("()"))[-1] in _TELLS or call.flags & facts.LOAD
        for node in found
        for call in node.function.calls
    )


def _is_left_alone(call: ast.Call, module: Module) -> bool:
    """Whether nobody in the function waits for the task."""
    parent = module.parent(call)
    if isinstance(parent, ast.Expr):
        return True
    if (
        isinstance(parent, ast.Assign)
        and len(parent.targets) == 1
        and isinstance(parent.targets[0], ast.Name)
    ):
        name = parent.targets[0].id
        function = module.function_of(call)
        if function is None or isinstance(function.node, ast.Lambda):
            return False
        loads = [
            each
            for each in walk(function.node)
            if isinstance(each, ast.Name) and each.id == name and isinstance(each.ctx, ast.Load)
        ]
        return all(_only_kept(each, module) for each in loads)
    return False


def _only_kept(name: ast.Name, module: Module) -> bool:
    """`tasks.add(task)` and `task.add_done_callback(…)`."""
    parent = module.parent(name)
    match parent:
        case ast.Attribute(attr="add_done_callback"):
            return True
        case ast.Call(func=ast.Attribute(attr="add")):
            return True
    return False


def _is_request_session(value: ast.expr, module: Module) -> bool:
    """A parameter of the endpoint that is a session: what a dependency made for this request."""
    if not isinstance(value, ast.Name) or module.type_of(value) not in _HELD:
        return False
    scope = module.index.scope_at(value)
    bindings = scope.bindings.get(value.id, [])
    if len(bindings) != 1 or bindings[0].kind != "parameter":
        return False
    return str(module.role(value) or "") in ("endpoint", "websocket", "dependency")


def _consequence(how: str, module: Module) -> str:
    if how == "queue":
        return "a session cannot travel to another process"
    if how == "task":
        return "it is closed when the request ends, while the task still uses it"
    version = module.version("fastapi")
    if version is not None and (0, 106) <= version < _OPEN_UNTIL_DONE:
        return "it is closed with the request, before the task runs or while it does"
    return "its connection stays checked out until the task has ended"
