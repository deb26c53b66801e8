from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.module import Module

_SLEEPS = frozenset({"asyncio.sleep", "anyio.sleep"})
_OFTEN = 0.05


class BusyWaitPoll(Rule):
    """Asking a flag again and again wakes the event loop for nothing, and notices late that it changed.

    Each waiting coroutine wakes up several times a second to find nothing new; a hundred waiting clients are a thousand wake-ups
    a second. And when the flag changes at last, the one who waits learns of it half an interval later.

    ## Instead
    Wait for an `asyncio.Event` (or `Condition`, `Queue`, `Future`) that whoever changes the state sets: `await
    event.wait()` sleeps until then. With a limit: `async with asyncio.timeout(10): await event.wait()`.

    ## Trade-offs
    From another thread the event has to be set with `loop.call_soon_threadsafe(event.set)`.

    ## Monitor
    Processor use of an idle worker with waiting clients.

    ## When to ignore it
    When the state belongs to something that can only be asked.
    """

    code = "FP118"
    severity = Severity.LOW
    said_from = Severity.MEDIUM
    effort = Effort.HOURS
    watch = "processor use of an idle worker with waiting clients"

    invalid = (
        Invalid(
            """
            import asyncio

            from fastapi import FastAPI

            app = FastAPI()

            class Printer:
                ready = False

            printer = Printer()

            @app.get("/label")
            async def label() -> str:
                while not printer.ready:
                    await asyncio.sleep(0.1)
                return "printed"
            """
        ),
    )
    valid = (
        Valid(
            """
            import asyncio

            from fastapi import FastAPI

            app = FastAPI()
            ready = asyncio.Event()

            @app.get("/label")
            async def label() -> str:
                await ready.wait()
                return "printed"
            """
        ),
    )

    def check(self, node: ast.While, module: Module) -> Iterator[Match]:
        function = module.function_of(node)
        if function is None or not function.is_async or not module.runs_on_event_loop(node):
            return
        seconds = _only_sleeps(node, module)
        if seconds is None or not _asks_state(node.test):
            return
        flag = module.segment(node.test)
        waits_for_it = module.in_request_path(node)
        yield Match(
            node.test,
            f"`{function.name}` asks `{' '.join(flag.split())}` {1 / seconds:.0f} times a second while it waits."
            if seconds < 1
            else f"`{function.name}` asks `{' '.join(flag.split())}` every {seconds:g} s while it waits.",
            severity=Severity.MEDIUM if seconds <= _OFTEN and waits_for_it else self.severity,
            # One task of a service, or what waits for its start, wakes up for little: it is many clients that make it much.
            confidence=Confidence.LIKELY if waits_for_it else Confidence.POSSIBLE,
        )


def _only_sleeps(loop: ast.While, module: Module) -> float | None:
    """The pause of a loop that does nothing else."""
    match loop.body:
        case [
            ast.Expr(
                value=ast.Await(value=ast.Call(args=[ast.Constant(value=int() | float() as seconds)]) as call)
            )
        ]:
            if module.qualified_name(call.func) in _SLEEPS and seconds > 0:
                return float(seconds)
    return None


def _asks_state(test: ast.expr) -> bool:
    """Whether the condition looks at state that other coroutines change, and nothing else."""
    if any(isinstance(node, ast.Await) for node in walk(test)):
        return False
    calls = [node for node in walk(test) if isinstance(node, ast.Call)]
    if any(call.args or call.keywords for call in calls):
        return False
    return any(isinstance(node, ast.Attribute) for node in walk(test))
