from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.serving import unreached

if TYPE_CHECKING:
    from rules.engine.module import Module

# They sleep between tries; tenacity only when it is told how long.
_SLEEPING = frozenset(
    {"backoff.on_exception", "backoff.on_predicate", "retrying.retry", "retry.retry", "retry.api.retry"}
)
_WHEN_TOLD = frozenset({"tenacity.retry", "tenacity.Retrying"})
# They know coroutines and await between the tries.
_KNOW_COROUTINES = frozenset({"tenacity.retry", "backoff.on_exception", "backoff.on_predicate"})


class SyncSleepRetry(Rule):
    """A retry that sleeps on the event loop stops the worker just when the other side is in trouble.

    `tenacity`, `backoff` and `retrying` sleep between the tries of a plain `def` with `time.sleep`. Called from asynchronous code
    that sleep is on the event loop: during an outage each request adds seconds in which nobody is served.

    ## Instead
    Make the function `async def`: `tenacity` and `backoff` then sleep with `asyncio.sleep`. In a loop use
    `async for attempt in AsyncRetrying(...)`. Or hand the function to a thread.

    ## Trade-offs
    Its callers have to await it.

    ## Monitor
    Event-loop lag during incidents of the other side.

    ## When to ignore it
    In tools that serve nobody.
    """

    code = "FP121"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.HOURS
    watch = "event-loop lag during incidents of the other side"

    invalid = (
        Invalid(
            """
            import httpx
            import tenacity
            from fastapi import FastAPI

            app = FastAPI()

            @tenacity.retry(wait=tenacity.wait_fixed(2), stop=tenacity.stop_after_attempt(3))
            def fetch_rates() -> dict[str, float]:
                return httpx.get("https://rates.example/latest").json()

            @app.get("/rates")
            async def rates() -> dict[str, float]:
                return fetch_rates()
            """
        ),
    )
    valid = (
        Valid(
            """
            import httpx
            import tenacity
            from fastapi import FastAPI

            app = FastAPI()
            client = httpx.AsyncClient()

            @tenacity.retry(wait=tenacity.wait_fixed(2), stop=tenacity.stop_after_attempt(3))
            async def fetch_rates() -> dict[str, float]:  # tenacity awaits between the tries
                return (await client.get("https://rates.example/latest")).json()

            @app.get("/rates")
            async def rates() -> dict[str, float]:
                return await fetch_rates()
            """
        ),
    )

    def check(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.For, module: Module
    ) -> Iterator[Match]:
        tried = [node.iter] if isinstance(node, ast.For) else node.decorator_list
        if not any(self.sleeps(each, module) for each in tried):
            return
        found = module.graph_node(node)
        if found is None or not module.runs_on_event_loop(node):
            return
        # A decorator stands outside the function that sleeps: what leads to that one counts.
        confidence = (
            Confidence.LIKELY
            if module.reached(node)
            else unreached(module.project, found, self.severity, direct=True)[1]
        )
        if isinstance(node, ast.For):
            name = self.sleeps(node.iter, module)
            if name is not None:
                yield Match(
                    node.iter,
                    f"`{module.segment(node.iter.func) if isinstance(node.iter, ast.Call) else name}` sleeps between its tries on"
                    " the event loop: meanwhile this worker serves nobody.",
                    confidence=confidence,
                    instead="Write `async for attempt in AsyncRetrying(...)`: between its tries it gives the loop back.",
                )
            return
        for decorator in node.decorator_list:
            name = self.sleeps(decorator, module)
            if name is None or (isinstance(node, ast.AsyncFunctionDef) and name in _KNOW_COROUTINES):
                continue
            yield Match(
                decorator,
                f"`{name}` around `{node.name}` sleeps between the tries on the event loop: meanwhile this worker serves nobody.",
                severity=Severity.LOW,
                confidence=confidence,
            )

    def sleeps(self, expression: ast.expr, module: Module) -> str | None:
        """The retry that `expression` makes, when it sleeps with `time.sleep`."""
        if not isinstance(expression, ast.Call):
            return None
        name = module.qualified_name(expression.func)
        if name in _WHEN_TOLD and any(keyword.arg == "wait" for keyword in expression.keywords):
            return name
        return name if name in _SLEEPING else None
