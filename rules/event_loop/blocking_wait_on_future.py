from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.loops import loop_fixes, remedies
from rules.engine.loops.loop_bound import holds_mutex
from rules.engine.loops.loop_calls import Stop, by_kind, direct
from rules.engine.loops.loop_effects import confidence, expected, suffering
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.walking import walk
from rules.engine.rule import Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_OVER = frozenset({"done", "empty", "cancel"})
_FUTURE = "concurrent.futures.Future"
_ON_THIS_LOOP = "asyncio.run_coroutine_threadsafe"


class BlockingWaitOnFuture(Rule):
    """Waiting for a thread, a process or a queue on the event loop stops the worker until the other one is done.

    The work runs elsewhere, but `future.result()`, `thread.join()` and `queue.get()` wait for it right on the event loop,
    so nothing is gained. When the other side needs the loop to finish (`run_coroutine_threadsafe` onto the same loop), both
    wait for ever.

    ## Instead
    Await the future: `await asyncio.wrap_future(future)`, or `await loop.run_in_executor(...)` from the start.
    Queues, events and locks between coroutines are `asyncio.Queue`, `asyncio.Event`, `asyncio.Lock`.

    ## Trade-offs
    Other requests run while this one awaits: re-read shared state after it. A cancelled request also cancels the wrapped future.

    ## Monitor
    Requests that never finish; event-loop lag p99.

    ## When to ignore it
    When the future is done for certain and only its result is taken.
    """

    code = "FP109"
    stops_loop = True
    paid_by_misses = True
    severity = Severity.CRITICAL
    said_from = Severity.CRITICAL
    gates = False
    effort = Effort.MINUTES
    watch = "requests that never finish, and event-loop lag p99"

    invalid = (
        Invalid(
            """
            import asyncio
            from concurrent.futures import ThreadPoolExecutor

            from fastapi import FastAPI

            from shop.labels import draw_label

            app = FastAPI()
            pool = ThreadPoolExecutor()

            @app.get("/orders/{order_id}/label")
            async def label(order_id: int) -> bytes:
                return pool.submit(draw_label, order_id).result()
            """,
            fixed="""
            import asyncio
            from concurrent.futures import ThreadPoolExecutor

            from fastapi import FastAPI

            from shop.labels import draw_label

            app = FastAPI()
            pool = ThreadPoolExecutor()

            @app.get("/orders/{order_id}/label")
            async def label(order_id: int) -> bytes:
                return await asyncio.wrap_future(pool.submit(draw_label, order_id))
            """,
        ),
    )
    valid = (
        Valid(
            """
            import asyncio

            from fastapi import FastAPI

            from shop.stock import count_stock

            app = FastAPI()

            @app.get("/stock")
            async def stock() -> int:
                task = asyncio.create_task(count_stock())
                await asyncio.wait([task], timeout=1)
                return task.result() if task.done() else 0  # a task that is done waits for nothing
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.meaning.blocking is not None

    def check(self, node: ast.AsyncFunctionDef | ast.Call, module: Module) -> Iterator[Match]:
        if isinstance(node, ast.Call):
            stop = direct(node, module)
            if stop is None or stop.code != self.code or _asked_whether_done(node, module):
                return
            yield Match(
                node,
                f"`{spelled(node.func)}` waits on the event loop for {_what(stop)}: {_meanwhile(stop, module)}.",
                severity=stop.severity,
                confidence=confidence(stop, module),
                fix=_fix(stop, module),
                impact=expected(stop, module),
                instead=remedies.of_call(stop, module),
            )
            return
        for stops in by_kind(node, module, self.code):
            worst = stops[0]
            yield Match(
                worst.call,
                f"`{worst.name}` reaches `{worst.callable}` on the event loop and waits for {_what(worst)}:"
                f" {_meanwhile(worst, module)}." + loop_fixes.also_on(stops),
                severity=worst.severity,
                confidence=confidence(worst, module),
                fix=loop_fixes.of_helper(stops, module),
                call_path=worst.call_path(module),
                siblings=loop_fixes.siblings(stops),
                leaves=loop_fixes.leaves(stops),
                related=loop_fixes.ways(stops),
                cause=loop_fixes.cause(worst),
                impact=expected(worst, module),
                instead=remedies.of_helpers(stops, module),
            )


def _meanwhile(stop: Stop, module: Module) -> str:
    return (f"{stop.seldom}, " if stop.seldom else "") + f"meanwhile {suffering(stop, module)}"


def _what(stop: Stop) -> str:
    owner = stop.callable.lower()
    for word, what in (
        ("future", "another thread's result"),
        ("thread", "another thread"),
        ("queue", "an item of a queue"),
        ("process", "another process"),
        ("pool", "another process"),
    ):
        if word in owner:
            return what
    return "something else"


def _asked_whether_done(call: ast.Call, module: Module) -> bool:
    """Whether the function asks the same object for `done()`, or cancels it: it then takes what is there."""
    function = module.function_of(call)
    if function is None or not isinstance(call.func, ast.Attribute):
        return False
    owner = ast.dump(call.func.value)
    return any(
        isinstance(node, ast.Attribute) and node.attr in _OVER and ast.dump(node.value) == owner
        for node in walk(function.node)
    )


def _fix(stop: Stop, module: Module) -> Fix | None:
    """Not for a coroutine sent to a loop: it is this one, and then awaiting the coroutine itself is the answer."""
    call = stop.call
    if not isinstance(call, ast.Call) or holds_mutex(call, module):
        return None
    if stop.callable != f"{_FUTURE}.result" or call.args or call.keywords:
        return None
    made_by = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    if isinstance(made_by, ast.Call) and ast.unparse(made_by.func).endswith(_ON_THIS_LOOP.rpartition(".")[2]):
        return None
    return Fix(_wrapped, imports=("asyncio",), safety=Safety.UNSAFE)


def _wrapped(call: cst.Call) -> cst.BaseExpression:
    """`future.result()` -> `await asyncio.wrap_future(future)`."""
    import libcst as cst

    future = cst.ensure_type(call.func, cst.Attribute).value
    return cst.Await(cst.Call(cst.parse_expression("asyncio.wrap_future"), [cst.Arg(future)]))
