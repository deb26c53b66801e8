from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.finding import Impact
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.walking import walk
from rules.engine.rule import Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.queue_tasks import is_result
from rules.engine.service.traffic import is_probe

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_WAITS = frozenset({"get", "wait", "join", "join_native", "collect"})
_ASKS = frozenset({"ready", "successful", "failed", "state", "status"})


class CeleryResultGetInRequest(Rule):
    """Waiting for a Celery result inside a request takes as long as the job and the queue in front of it.

    The job was handed over so that nobody has to wait, and then the request waits: with all workers busy for as long as
    the queue is. In an `async def` the whole worker stands still. In a task that waits for another task, all slots can be
    taken by waiting tasks, and then nothing ever runs.

    ## Instead
    Answer `202` with the id of the job, and let the client ask `GET /jobs/{id}`, which looks at `AsyncResult(id).state`
    and never waits. In a task use a chain or a chord.

    ## Trade-offs
    The API changes: the client asks again, or is told by a webhook.

    ## Monitor
    p99 of the endpoint against the depth of the queue.
    """

    code = "FP405"
    severity = Severity.CRITICAL
    gates = True
    effort = Effort.HOURS
    watch = "p99 against queue depth"

    invalid = (
        Invalid(
            """
            from celery import Celery

            queue = Celery("shop")

            @queue.task
            def total(order_id: int) -> int:
                return order_id

            @app.get("/orders/{order_id}/total")
            def order_total(order_id: int) -> int:
                return total.delay(order_id).get()
            """
        ),
    )
    valid = (
        Valid(
            """
            from celery import Celery

            queue = Celery("shop")

            @queue.task
            def total(order_id: int) -> int:
                return order_id

            @app.post("/orders/{order_id}/total", status_code=202)
            def order_total(order_id: int) -> str:
                return total.delay(order_id).id
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.is_method and callee.spelled in _WAITS

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        function = node.func
        if not isinstance(function, ast.Attribute) or function.attr not in _WAITS or module.is_awaited(node):
            return
        in_task = str(module.role(node) or "") == "task"
        if not (in_task or module.in_request_path(node)) or module.is_offloaded(node):
            return
        if not is_result(function.value, module) or _is_ready(node, module):
            return
        if any(keyword.arg == "timeout" and _is_zero(keyword.value) for keyword in node.keywords):
            return
        what = (
            "holds a slot of the worker until another task has run"
            if in_task
            else (
                "holds the event loop until a worker has run the job"
                if module.runs_on_event_loop(node)
                else "makes the request wait until a worker has run the job"
            )
        )
        match = Match(
            node,
            f"`{spelled(function)}` {what}: as long as the job and the queue in front of it.",
            swallows=(("FP109", node.lineno), ("FP101", node.lineno)),
            impact=Impact(
                "request time = queue wait + job → a few milliseconds", "T_queue + T_job → T_enqueue"
            ),
        )
        yield match.doubted() if in_task or is_probe(node, module) else match


def _is_zero(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value == 0


def _is_ready(call: ast.Call, module: Module) -> bool:
    """Whether the code asks first if the result is there."""
    function = module.function_of(call)
    if function is None or isinstance(function.node, ast.Lambda):
        return True
    return any(isinstance(node, ast.Attribute) and node.attr in _ASKS for node in walk(function.node))
