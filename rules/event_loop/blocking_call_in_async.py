from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.rule import Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.libraries import Kind

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.module import Module


class BlockingCallInAsync(Rule):
    """A call that waits without giving way stops every request of the worker, not just this one.

    All requests of a worker share one event loop. While `requests.get` waits for its answer or `time.sleep` for its
    time, the loop serves nobody, so latency grows with the number of clients, also of endpoints that never make the call.

    ## Instead
    Wait with something that gives the loop back: `asyncio.sleep`, an asynchronous client, `asyncio.create_subprocess_exec`.
    Where there is none, hand the call to a thread with `await asyncio.to_thread(...)`, or make the endpoint a plain `def`.

    ## Trade-offs
    Awaiting lets other requests run in between: re-read shared state after it. A thread is one of a limited number while it
    waits; asynchronous clients raise other exceptions than the ones they replace.

    ## Monitor
    Event-loop lag p99, and the p95 of endpoints that do not make the call.

    ## When to ignore it
    In code that runs before the application serves, and in tools that serve nobody.
    """

    code = "FP101"
    severity = Severity.CRITICAL
    gates = True
    effort = Effort.MINUTES
    watch = "event-loop lag, p99"

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

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        blocking = module.blocking(node)
        if blocking is None or blocking.light or blocking.kind in (Kind.DB, Kind.DISK):
            return
        if module.is_awaited(node) or not module.runs_on_event_loop(node):
            return
        function = module.function_of(node)
        if function is not None and not function.is_async:
            return  # said where asynchronous code enters the helper
        yield Match(
            node,
            f"`{blocking.name}` runs on the event loop: while it waits, this worker serves nobody.",
            severity=Severity(blocking.severity),
            fix=self.fix(node, blocking.name, module),
            instead=f"Use {blocking.instead}." if blocking.instead else "",
        )

    def fix(self, node: ast.Call, name: str, module: Module) -> Fix | None:
        if name != "time.sleep" or module.is_in_comprehension(node):
            return None
        return Fix(self.await_instead, imports=("asyncio",), safety=Safety.SAFE)

    def await_instead(self, call: cst.Call) -> cst.Await:
        import libcst as cst

        return cst.Await(call.with_changes(func=cst.parse_expression("asyncio.sleep")))
