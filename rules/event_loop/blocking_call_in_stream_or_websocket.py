from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.loops import loop_fixes
from rules.engine.loops.loop_calls import is_stream
from rules.engine.reading import facts
from rules.engine.reading.walking import own_nodes, walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.module import Module


_MANY = 4
"""Calls from which a function is more than a line of its caller."""


class BlockingCallInStreamOrWebsocket(Rule):
    """A blocking call in a stream or a websocket stops the worker, with each chunk, message or client that connects.

    An `async` generator that a response sends, and a websocket handler, run on the event loop for minutes. Each chunk and
    each message that waits there makes every other request and every other stream of the worker wait too. A generator that
    awaits nothing at all holds the loop from its first chunk to its last.

    ## Instead
    Take the data from an asynchronous client, or hand the call to a thread: `await asyncio.to_thread(...)`. A generator that
    is synchronous throughout can be a plain `def` generator: the response then runs it in a thread, at the price of one thread
    hop per chunk.

    ## Trade-offs
    A thread for each waiting stream is one of a limited number: a hundred clients need an asynchronous source.

    ## Monitor
    Gap between chunks p95, event-loop lag p99.

    ## When to ignore it
    When one single client uses the stream, and nothing else runs in the process.
    """

    code = "FP106"
    stops_loop = True
    severity = Severity.CRITICAL
    said_from = Severity.CRITICAL
    gates = True
    about_own_line = True
    effort = Effort.HOURS
    watch = "gap between chunks p95 and event-loop lag p99"

    invalid = (
        Invalid(
            """
            import time

            from fastapi import FastAPI, WebSocket

            from shop.orders import progress_of

            app = FastAPI()

            @app.websocket("/orders/{order_id}/progress")
            async def progress(socket: WebSocket, order_id: int) -> None:
                await socket.accept()
                while (step := progress_of(order_id)) != "delivered":
                    await socket.send_text(step)
                    time.sleep(1)
            """,
            fixed="""
            import asyncio

            from fastapi import FastAPI, WebSocket

            from shop.orders import progress_of

            app = FastAPI()

            @app.websocket("/orders/{order_id}/progress")
            async def progress(socket: WebSocket, order_id: int) -> None:
                await socket.accept()
                while (step := progress_of(order_id)) != "delivered":
                    await socket.send_text(step)
                    await asyncio.sleep(1)
            """,
        ),
    )
    valid = (
        Valid(
            """
            import time
            from collections.abc import Iterator

            from fastapi import FastAPI
            from fastapi.responses import StreamingResponse

            app = FastAPI()

            def ticks() -> Iterator[str]:  # a plain generator runs in a worker thread
                for number in range(100):
                    time.sleep(1)
                    yield f"{number}"

            @app.get("/ticks")
            async def stream() -> StreamingResponse:
                return StreamingResponse(ticks())
            """
        ),
    )

    def check(self, node: ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        if not is_stream(node, module):
            return
        websocket = str(module.role(node) or "") == "websocket"
        where = f"in the websocket `{node.name}`" if websocket else f"in the stream `{node.name}`"
        matches = list(loop_fixes.matches(node, module, self.code, f"{where}, as long as a client stays"))
        for match in matches:
            yield _once(match, where, module)
        loop = _unbroken(node, module) if not websocket and not matches else None
        if loop is not None:
            yield Match(
                loop.iter if isinstance(loop, ast.For) else loop.test,
                f"`{node.name}` awaits nothing while it makes its chunks: unless the client reads slowly, this worker serves"
                " nobody until the last one is sent, and does not learn that the client is gone.",
                severity=Severity.MEDIUM,
                confidence=Confidence.POSSIBLE,  # nobody sees how long a chunk takes
                instead="Make it a plain `def` generator, which the response runs in a worker thread; or await now and then"
                " (`await asyncio.sleep(0)`).",
            )


def _unbroken(function: ast.AsyncFunctionDef, module: Module) -> ast.For | ast.While | None:
    """The loop of a generator that never gives the event loop back, when it works for each chunk: it calls functions of the
    project that do more than a few lines, or takes its items from what makes them one by one."""
    node = module.graph_node(function)
    if node is None or not node.function.flags & facts.UNBROKEN:
        return None
    for loop in own_nodes(function):
        if not isinstance(loop, ast.For | ast.While) or module.is_short(loop):
            continue
        inside = [each for statement in loop.body for each in walk(statement)]
        if not any(isinstance(each, ast.Yield) for each in inside):
            continue
        if any(isinstance(each, ast.Call) and _works(each, module) for each in inside):
            return loop
        if isinstance(loop, ast.For) and isinstance(loop.iter, ast.Call) and _makes_items(loop.iter, module):
            return loop
    return None


def _works(call: ast.Call, module: Module) -> bool:
    """Whether a function of the project is called that loops, or calls a good deal itself."""
    callee = module.callee(call)
    if callee is None or callee.function.flags & facts.ASYNC:
        return False
    calls = [each for each in callee.function.calls if not each.flags & facts.LOAD]
    return any(each.loops for each in calls) or len(calls) >= _MANY


def _makes_items(call: ast.Call, module: Module) -> bool:
    """Whether a call gives items that are only made when the loop asks for them: a generator of the project."""
    callee = module.callee(call)
    flags = callee.function.flags if callee is not None else 0
    return bool(flags & facts.GENERATOR) and not flags & facts.ASYNC


def _once(match: Match, where: str, module: Module) -> Match:
    """What no endless loop repeats runs once for each connection or for each of a few things, not again and again."""
    loops = module.loops(match.node)
    if any(isinstance(loop, ast.While | ast.AsyncFor) for loop in loops):
        return match
    often = "once for each item" if loops else "once for each client"
    now_and_then = bool(loops) and isinstance(_around(match.node, module), ast.If)
    return match.weighing(
        Severity.HIGH if now_and_then and match.severity in (None, Severity.CRITICAL) else match.severity,
        match.message.replace(f"{where}, as long as a client stays", f"{where}, {often}"),
    )


def _around(node: ast.AST, module: Module) -> ast.AST | None:
    """The compound statement that holds the statement of `node`."""
    statement = module.statement(node)
    return module.parent(statement) if statement is not None else None
