from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.loops import loop_fixes, remedies
from rules.engine.loops.loop_calls import by_kind, by_name, is_only_closing, together
from rules.engine.loops.loop_effects import confidence, effect, expected, weighs_little
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.walking import own_calls
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service import strange_clients
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
    stops_loop = True
    paid_by_misses = True
    about_own_line = True
    severity = Severity.CRITICAL
    said_from = Severity.CRITICAL
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
        for stops in by_kind(node, module, self.code):
            worst = stops[0]
            match = Match(
                worst.call,
                f"`{worst.name}` reaches `{worst.callable}` on the event loop: {effect(worst, module)}."
                + loop_fixes.also_on(stops),
                severity=worst.severity,
                confidence=confidence(worst, module),
                fix=loop_fixes.of_helper(stops, module),
                call_path=worst.call_path(module),
                siblings=loop_fixes.siblings(stops),
                leaves=loop_fixes.leaves(stops),
                related=loop_fixes.ways(stops),
                cause=loop_fixes.cause(worst),
                impact=expected(worst, module),
                swallows=_closing(node, module) if worst.kind is Kind.DB else (),
                instead=remedies.of_helpers(stops, module),
            )
            yield match.doubted() if weighs_little(worst, module) else match
        yield from _strange(node, module)
        yield from _alike(node, module)


def _alike(function: ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
    """The first method that blocks wherever the application has one of its name, on an object that nobody knows."""
    for call in _unawaited(function, module):
        found = by_name(call, module)
        if found is None:
            continue
        stop, method = found
        yield Match(
            call,
            f"`{spelled(call.func)}` is most likely `{method.symbol}`, which reaches `{stop.callable}` on the event loop:"
            f" {effect(stop, module)}.",
            severity=min(stop.severity, Severity.HIGH, key=lambda each: each.rank),
            confidence=Confidence.POSSIBLE,  # its name is all that tells what it is
            call_path=stop.call_path(module),
            impact=expected(stop, module),
            instead=remedies.of_helpers([stop], module),
        )
        return


def _strange(function: ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
    """The first helper that asks a client of a package that nobody knows here."""
    for call in _unawaited(function, module):
        found = strange_clients.asks_through(call, module)
        summary = module.summary(call) if found is not None else None
        if found is None or (summary is not None and summary.blocking):
            continue
        client, way = found
        yield Match(
            call,
            f"`{spelled(call.func)}` has `{client}` answer on the event loop: if it asks another machine, this worker serves nobody"
            " until the answer is there.",
            severity=Severity.HIGH,
            confidence=Confidence.POSSIBLE,  # nobody sees what it does
            call_path=way,
            impact=estimates.unknown_duration(module.options),
            instead=f"Hand it to a worker thread: `await asyncio.to_thread({spelled(call.func)}, …)`.",
        )
        return


def _unawaited(function: ast.AsyncFunctionDef, module: Module) -> Iterator[ast.Call]:
    """What a function that requests reach calls on the event loop without awaiting it."""
    if module.in_request_path(function) and module.runs_on_event_loop(function):
        for call in own_calls(function):
            if (
                not module.is_awaited(call)
                and not module.is_offloaded(call)
                and module.runs_on_event_loop(call)
            ):
                yield call


def _closing(function: ast.AsyncFunctionDef, module: Module) -> tuple[tuple[str, int], ...]:
    """What is said of mere commits and rollbacks in the same function."""
    groups = together(function, module, "FP102")
    return tuple(("FP102", group[0].call.lineno) for group in groups if is_only_closing(group))
