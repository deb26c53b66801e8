from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.loops import loop_fixes
from rules.engine.loops.loop_calls import is_stream
from rules.engine.rule import Effort, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.module import Module


class BlockingCallInStreamOrWebsocket(Rule):
    """A blocking call in a stream or a websocket stops the worker, with each chunk, message or client that connects.

    An `async` generator that a response sends, and a websocket handler, run on the event loop for minutes. Each chunk and
    each message that waits there makes every other request and every other stream of the worker wait too.

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
        for match in loop_fixes.matches(node, module, self.code, f"{where}, as long as a client stays"):
            yield _once(match, where, module)


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
