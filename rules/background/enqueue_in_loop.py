from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.loop_shapes import gone_over, is_batched, is_short, spelled
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import serves
from rules.engine.service.queue_tasks import enqueue, may_enqueue

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module


class EnqueueInLoop(Rule):
    """A job per row is a message, a round trip to the broker and a start of the task for each of them.

    The loop publishes one after another, and a thousand small jobs keep the queue busy with overhead, in front of
    everything else that waits.

    ## Instead
    Hand over batches of ids (`for batch in batched(ids, 100): task.delay(batch)`), or publish together:
    `group(...)`, `task.chunks(...)`.

    ## Trade-offs
    A batch fails, and is tried again, as a whole.

    ## Monitor
    Queue depth, jobs per minute.

    ## When to ignore it
    When each job is long, and must be able to fail alone.
    """

    code = "FP410"
    severity = Severity.LOW
    effort = Effort.HOURS
    watch = "queue depth, jobs per minute"

    invalid = (
        Invalid(
            """
            from celery import shared_task

            @shared_task
            def invoice(order_id: int) -> None: ...

            @app.post("/invoices")
            def invoices(order_ids: list[int]) -> None:
                for order_id in order_ids:
                    invoice.delay(order_id)
            """
        ),
    )
    valid = (
        Valid(
            """
            from celery import shared_task

            @shared_task
            def invoices_of(order_ids: list[int]) -> None: ...

            @app.post("/invoices")
            def invoices(order_ids: list[int]) -> None:
                for start in range(0, len(order_ids), 100):
                    invoices_of.delay(order_ids[start : start + 100])
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return may_enqueue(callee)

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        found = enqueue(node, module)
        if found is None or module.function_of(node) is None or not serves(node, module):
            return
        loops = [loop for loop in module.loops(node) if not isinstance(loop, ast.While)]
        loop = next((loop for loop in reversed(loops) if module.depends_on_loop(node, loop)), None)
        if loop is None:
            return
        if any(
            module.is_short(each) or is_short(each, module.qualified_name) or is_batched(each)
            for each in loops
        ):
            return
        source = gone_over(loop, module.segment)
        yield Match(
            node,
            f"`{spelled(node.func)}` sends one message per item of `{source}`, one after another.",
            confidence=Confidence.POSSIBLE,
        )
