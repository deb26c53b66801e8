from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs.measured import waits_freely
from rules.engine.finding import Impact
from rules.engine.fixing.rewrites import in_thread
from rules.engine.loops.loop_bound import holds_mutex
from rules.engine.loops.loop_calls import offload_primitive
from rules.engine.reading.loop_shapes import spelled
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.queue_tasks import enqueue, may_enqueue
from rules.libraries import Kind

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module


class SyncEnqueueInAsync(Rule):
    """Handing a job to the broker from an `async def` is a network call that holds the event loop.

    With a near and healthy broker it takes a millisecond or two. When the broker is slow or gone, publishing connects and
    tries again, for seconds, and every request of the worker waits for it.

    ## Instead
    Publish in a thread: `await run_in_threadpool(task.delay, …)`; or make the endpoint a plain `def`, or take a
    queue with an asynchronous client such as arq or taskiq. Bound the retries of publishing:
    `broker_transport_options`, `retry_policy`.

    ## Trade-offs
    Takes one of 40 worker threads for the time of publishing.

    ## Monitor
    Event-loop lag, time to publish.

    ## When to ignore it
    When the broker runs beside the application and jobs are rare.
    """

    code = "FP406"
    stops_loop = True
    severity = Severity.LOW
    said_from = Severity.MEDIUM
    effort = Effort.MINUTES
    watch = "event-loop lag, time to publish"

    invalid = (
        Invalid(
            """
            from celery import Celery
            from fastapi import FastAPI

            app = FastAPI()
            queue = Celery("shop")

            @queue.task
            def invoice(order_id: int) -> None: ...

            @app.post("/orders/{order_id}/invoice")
            async def order_invoice(order_id: int) -> None:
                invoice.delay(order_id)
            """,
            fixed="""
            import asyncio

            from celery import Celery
            from fastapi import FastAPI

            app = FastAPI()
            queue = Celery("shop")

            @queue.task
            def invoice(order_id: int) -> None: ...

            @app.post("/orders/{order_id}/invoice")
            async def order_invoice(order_id: int) -> None:
                await asyncio.to_thread(invoice.delay, order_id)
            """,
        ),
    )
    valid = (
        Valid(
            """
            from celery import Celery

            queue = Celery("shop")

            @queue.task
            def invoice(order_id: int) -> None: ...

            @app.post("/orders/{order_id}/invoice")
            def order_invoice(order_id: int) -> None:
                invoice.delay(order_id)
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return may_enqueue(callee)

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        found = enqueue(node, module)
        if found is None or module.is_awaited(node) or module.is_offloaded(node):
            return
        function = module.function_of(node)
        if function is None or not function.is_async or not module.runs_on_event_loop(node):
            return
        primitive = offload_primitive(module)
        yield Match(
            node,
            f"`{spelled(node.func)}` publishes to the broker on the event loop: when the broker is slow or gone, every"
            " request of this worker waits.",
            confidence=Confidence.LIKELY,
            fix=None
            if holds_mutex(node, module) or not waits_freely(found.library, Kind.NET)
            else Fix(
                in_thread(primitive),
                imports=(primitive if primitive.startswith("fastapi") else "asyncio",),
                safety=Safety.UNSAFE,
            ),
            swallows=(("FP101", node.lineno),),
            impact=Impact(
                "1–2 ms of the loop per job; seconds for all requests while the broker is away",
                assumptions={"broker": "in the same network"},
            ),
            instead=f"Publish in a thread: `await {primitive.removeprefix('fastapi.concurrency.')}({spelled(node.func)}, …)`; or make"
            " the endpoint a plain `def`, or take a queue with an asynchronous client such as arq or taskiq.",
        )
