from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.loop_calls import (
    Stop,
    carries_bound_object,
    confidence,
    effect,
    expected,
    offload_primitive,
    own_calls,
    through_helper,
)
from rules.engine.loop_shapes import spelled
from rules.engine.rewrites import in_thread
from rules.engine.rule import Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.libraries import Kind

if TYPE_CHECKING:
    from rules.engine.module import Module


class BlockingCallThroughHelper(Rule):
    """A synchronous helper that waits, called from an async function, stops every request of the worker.

    The call looks harmless: the `requests.get`, the `time.sleep` or the query is one or more functions away, often in
    another file. It still runs on the event loop, and while it waits the loop serves nobody.

    ## Instead
    Hand the helper to a worker thread where the async function calls it: `await run_in_threadpool(helper, x)`. Better, when
    the helper has no synchronous callers: make it asynchronous, with an asynchronous client.

    ## Trade-offs
    The helper occupies one thread of a limited pool while it waits, and runs beside other code: shared state needs
    a lock. A database session or anything bound to the event loop must not travel to the thread.

    ## Monitor
    Event-loop lag p99; p95 of endpoints that do not call the helper.

    ## When to ignore it
    When the helper answers from a cache in all but the first call.
    """

    code = "FP103"
    severity = Severity.CRITICAL
    gates = True
    effort = Effort.MINUTES
    watch = "event-loop lag p99"

    invalid = (
        Invalid(
            """
            import requests
            from fastapi import FastAPI

            from shop.orders import load_order

            app = FastAPI()

            def carrier_status(number: str) -> str:
                return requests.get(f"https://carrier.example/{number}", timeout=5).text

            @app.get("/orders/{order_id}/tracking")
            async def tracking(order_id: int) -> str:
                order = await load_order(order_id)
                return carrier_status(order.number)
            """,
            fixed="""
            import asyncio

            import requests
            from fastapi import FastAPI

            from shop.orders import load_order

            app = FastAPI()

            def carrier_status(number: str) -> str:
                return requests.get(f"https://carrier.example/{number}", timeout=5).text

            @app.get("/orders/{order_id}/tracking")
            async def tracking(order_id: int) -> str:
                order = await load_order(order_id)
                return await asyncio.to_thread(carrier_status, order.number)
            """,
        ),
    )
    valid = (
        Valid(
            """
            import requests
            from fastapi import FastAPI
            from fastapi.concurrency import run_in_threadpool

            from shop.orders import load_order

            app = FastAPI()

            def carrier_status(number: str) -> str:
                return requests.get(f"https://carrier.example/{number}", timeout=5).text

            @app.get("/orders/{order_id}/tracking")
            async def tracking(order_id: int) -> str:
                order = await load_order(order_id)
                return await run_in_threadpool(carrier_status, order.number)
            """
        ),
    )

    def check(self, node: ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        found: dict[Kind, list[Stop]] = {}
        for call in own_calls(node):
            for stop in through_helper(call, module):
                found.setdefault(stop.kind, []).append(stop)
        for kind_stops in found.values():
            worst = max(kind_stops, key=lambda stop: (stop.severity.rank, -stop.call.lineno))
            yield Match(
                worst.call,
                self.message(worst, kind_stops, module),
                severity=worst.severity,
                confidence=confidence(worst),
                fix=self.offload(worst, kind_stops, module),
                call_path=worst.call_path(module),
                cause=self.cause(worst),
                impact=expected(worst, module),
                instead=f"In the helper, use {worst.instead}; or hand the helper to a worker thread.",
            )

    def message(self, stop: Stop, others: list[Stop], module: Module) -> str:
        name = spelled(stop.call.func)
        text = f"`{name}` reaches `{stop.callable}` on the event loop: {effect(stop)}."
        more = sorted({other.call.lineno for other in others if other.call is not stop.call})
        if more:
            text += f" The same happens on line{'s' if len(more) > 1 else ''} {', '.join(map(str, more))}."
        return text

    def cause(self, stop: Stop) -> str:
        """Findings with one leaf are one comment."""
        if not stop.path:
            return ""
        leaf = stop.path[-1]
        return f"{leaf.path}:{leaf.line}:{stop.callable}"

    def offload(self, stop: Stop, stops: list[Stop], module: Module) -> Fix | None:
        """All calls that the finding names go to a thread, else it would stay."""
        calls = dict.fromkeys([stop.call, *(each.call for each in stops)])
        summaries = [module.summary(call) for call in calls]
        if stop.kind is Kind.DB or any(made is None or made.queries or made.commits for made in summaries):
            return None  # a session must not travel to another thread
        if any(module.is_in_comprehension(call) or carries_bound_object(call, module) for call in calls):
            return None
        target = offload_primitive(module)
        first, *others = calls
        return Fix(
            in_thread(target), imports=(target,), safety=Safety.UNSAFE, target=first, also=tuple(others)
        )
