from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from rules.engine.costs import estimates
from rules.engine.loops import loop_fixes, remedies
from rules.engine.loops.loop_calls import direct, group_of
from rules.engine.loops.loop_effects import confidence, effect, expected, weighs_little
from rules.engine.reading.loop_shapes import spelled
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service import strange_clients
from rules.engine.service.creation import serves

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_OUTPUT = "subprocess.Popen.stdout"


class BlockingCallInAsync(Rule):
    """A call that waits without giving way stops every request of the worker, not just this one.

    All requests of a worker share one event loop. While `requests.get` waits for its answer or `time.sleep` for its
    time, the loop serves nobody, so latency grows with the number of clients, also of endpoints that never make the call.

    ## Instead
    Wait with something that gives the loop back: `asyncio.sleep`, an asynchronous client, `asyncio.create_subprocess_exec`.
    Where there is none, hand the call to a thread with `await asyncio.to_thread(...)`, or make the endpoint a plain `def`.

    ## Trade-offs
    Awaiting lets other requests run in between: re-read shared state after it. A thread is one of a limited number while it
    waits. Asynchronous clients raise other exceptions than the ones they replace, and `httpx` itself takes milliseconds of
    processor time per call: under load a plain `def` with `requests` can be the faster change.

    ## Monitor
    Event-loop lag p99, and the p95 of endpoints that do not make the call.

    ## When to ignore it
    In code that runs before the application serves, and in tools that serve nobody.
    """

    code = "FP101"
    stops_loop = True
    paid_by_misses = True
    severity = Severity.CRITICAL
    said_from = Severity.CRITICAL
    gates = True
    effort = Effort.MINUTES
    watch = "event-loop lag p99"
    aliases: ClassVar[Mapping[str, str]] = {"FP116": "subprocess-in-async"}

    invalid = (
        Invalid(
            """
            import time

            async def report() -> str:
                time.sleep(1)
                return "done"
            """,
            fixed="""
            import asyncio

            async def report() -> str:
                await asyncio.sleep(1)
                return "done"
            """,
        ),
        Invalid(
            """
            import requests
            from fastapi import FastAPI
            from fastapi.concurrency import run_in_threadpool

            from shop.orders import price_of

            app = FastAPI()

            @app.get("/price/{number}")
            async def price(number: int) -> float:
                rate = requests.get("https://rates.example/latest", timeout=5).json()["eur"]
                return rate * await run_in_threadpool(price_of, number)
            """,
            fixed="""
            import requests
            from fastapi import FastAPI
            from fastapi.concurrency import run_in_threadpool

            from shop.orders import price_of

            app = FastAPI()

            @app.get("/price/{number}")
            async def price(number: int) -> float:
                rate = (await run_in_threadpool(requests.get, "https://rates.example/latest", timeout=5)).json()["eur"]
                return rate * await run_in_threadpool(price_of, number)
            """,
        ),
    )
    valid = (
        Valid(
            """
            import time

            def report() -> str:  # FastAPI runs a plain `def` in a thread
                time.sleep(1)
                return "done"
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return (
            callee.meaning.blocking is not None
            or strange_clients.may_ask(callee.name)
            or strange_clients.may_ask_with_key(callee.name)
            or callee.spelled in strange_clients.CHAINED
        )

    def check(self, node: ast.Call | ast.For, module: Module) -> Iterator[Match]:
        if isinstance(node, ast.For):
            yield from self._lines(node, module)
            return
        stop = direct(node, module)
        if stop is None:
            yield from self._strange(node, module)
            return
        if stop.code != self.code:
            return
        stops = group_of(stop, module)
        if stops[0].call is not node:
            return
        match = Match(
            node,
            f"`{stop.callable}` runs on the event loop{_where(node, module)}: {effect(stop, module)}."
            + loop_fixes.also_on(stops),
            severity=max((each.severity for each in stops), key=lambda severity: severity.rank),
            fix=loop_fixes.of_direct(stop, module) if len(stops) == 1 else None,
            confidence=confidence(stop, module),
            siblings=loop_fixes.siblings(stops),
            leaves=loop_fixes.leaves(stops),
            impact=expected(stop, module),
            instead=remedies.of_calls(stops, module),
        )
        yield match.doubted() if weighs_little(stop, module) else match

    def _lines(self, loop: ast.For, module: Module) -> Iterator[Match]:
        """`for line in process.stdout`: each turn waits until the program has written a line."""
        if not isinstance(loop.iter, ast.Attribute) or loop.iter.attr not in ("stdout", "stderr"):
            return
        function = module.function_of(loop)
        value = module.value(loop.iter)
        if function is None or not function.is_async or value is None or value.name != _OUTPUT:
            return
        if module.is_offloaded(loop) or not module.runs_on_event_loop(loop):
            return
        yield Match(
            loop.iter,
            f"`{spelled(loop.iter)}` is read line by line on the event loop{_where(loop, module)}: until the program has written"
            " the next one, this worker serves nobody.",
            severity=Severity.CRITICAL if module.in_request_path(loop) else Severity.HIGH,
            impact=estimates.unknown_duration(module.options),
            instead="Start the program with `asyncio.create_subprocess_exec` and read its output with `async for`.",
        )

    def _chained(self, node: ast.Call, module: Module) -> Iterator[Match]:
        """`self.client.chat.completions.create(…)`, whoever made the client."""
        function = module.function_of(node)
        if function is None or not function.is_async or module.is_awaited(node) or module.is_offloaded(node):
            return
        if not module.runs_on_event_loop(node) or not serves(node, module):
            return
        chain = strange_clients.asks_by_chain(node, module)
        if not chain:
            return
        yield Match(
            node,
            f"`{spelled(node.func)}` is not awaited and its answer is used{_where(node, module)}: the client is a synchronous one, and this"
            " worker serves nobody until the service has answered.",
            severity=Severity.HIGH,
            confidence=Confidence.POSSIBLE,  # who makes the client is not seen
            impact=estimates.unknown_duration(module.options),
            instead="Give the object the asynchronous client of the package and await the call, or hand it to a worker thread:"
            f" `await asyncio.to_thread({spelled(node.func)}, …)`.",
        )

    def _strange(self, node: ast.Call, module: Module) -> Iterator[Match]:
        """`client.listTaskOutput(number)` of a package that nobody knows here."""
        yield from self._chained(node, module)
        function = module.function_of(node)
        if function is None or not function.is_async or module.is_awaited(node) or module.is_offloaded(node):
            return
        if not module.runs_on_event_loop(node):
            return
        client = strange_clients.asks_with_key(node, module)
        if not client and module.in_request_path(node):
            client = strange_clients.asks_here(node, module)
        if not client:
            return
        yield Match(
            node,
            f"`{client}` answers `{spelled(node.func)}` without being awaited{_where(node, module)}: if it asks another machine,"
            " this worker serves nobody until the answer is there.",
            severity=Severity.HIGH,
            confidence=Confidence.POSSIBLE,  # nobody sees what it does
            impact=estimates.unknown_duration(module.options),
            instead=f"Hand it to a worker thread, `await asyncio.to_thread({spelled(node.func)}, …)`, or use what the package has"
            " for asynchronous code.",
        )


def _where(node: ast.AST, module: Module) -> str:
    function = module.function_of(node)
    return f" in `{function.name}`" if function is not None else ""
