from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.loops import loop_fixes
from rules.engine.loops.loop_calls import is_middleware
from rules.engine.rule import Effort, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.module import Module


class BlockingCallInMiddleware(Rule):
    """A blocking call in middleware or an exception handler stops the worker for every request that comes through it.

    Middleware runs on the event loop around each request, health checks and static files included. A wait of 20 ms in it
    caps the whole worker at 50 requests a second. Exception handlers run there too, and they run most when something is
    already wrong.

    ## Instead
    Wait with something that gives the loop back (`asyncio.sleep`, an asynchronous client), or hand the call to a thread:
    `await asyncio.to_thread(...)`. What only some endpoints need belongs into a dependency of those endpoints.

    ## Trade-offs
    Every request now holds a thread for the time of the call: with 40 of them the wait still bounds the throughput. A
    result that rarely changes is better kept for some seconds than fetched each time.

    ## Monitor
    p50 over all endpoints, event-loop lag p99.

    ## When to ignore it
    In development tools that never see production traffic.
    """

    code = "FP105"
    severity = Severity.CRITICAL
    said_from = Severity.CRITICAL
    gates = True
    about_own_line = True
    effort = Effort.MINUTES
    watch = "p50 over all endpoints and event-loop lag p99"

    invalid = (
        Invalid(
            """
            import requests
            from fastapi import FastAPI, Request

            app = FastAPI()

            @app.middleware("http")
            async def check_maintenance(request: Request, call_next):
                status = requests.get("https://status.example/shop", timeout=1)
                request.state.maintenance = status.status_code != 200
                return await call_next(request)
            """,
            fixed="""
            import asyncio

            import requests
            from fastapi import FastAPI, Request

            app = FastAPI()

            @app.middleware("http")
            async def check_maintenance(request: Request, call_next):
                status = await asyncio.to_thread(requests.get, "https://status.example/shop", timeout=1)
                request.state.maintenance = status.status_code != 200
                return await call_next(request)
            """,
        ),
    )
    valid = (
        Valid(
            """
            import time

            from fastapi import FastAPI, Request

            app = FastAPI()

            @app.middleware("http")
            async def measure(request: Request, call_next):
                started = time.perf_counter()  # reading a clock waits for nothing
                response = await call_next(request)
                response.headers["X-Time"] = str(time.perf_counter() - started)
                return response
            """
        ),
    )

    def check(self, node: ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        if not is_middleware(node, module):
            return
        if str(module.role(node) or "") != "exception handler":
            where, often = f"in the middleware `{node.name}`", ", for every request it sees"
            yield from loop_fixes.matches(node, module, self.code, where, often)
            return
        where, often = f"in the exception handler `{node.name}`", ", for each error that it answers"
        for match in loop_fixes.matches(node, module, self.code, where, often):
            severity = min(match.severity or self.severity, Severity.HIGH, key=lambda each: each.rank)
            # Where the service seldom fails it seldom waits either: no news where it has long been so.
            yield match.weighing(severity).doubted()
