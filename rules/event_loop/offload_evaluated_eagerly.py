from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.fixing.rewrites import called_later
from rules.engine.loops.handed_over import PASS_KEYWORDS, PASS_POSITIONAL
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module
    from rules.libraries import Offload

_COPIES = frozenset({"copy.copy", "copy.deepcopy"})
"""What gives a function when it gets one."""
_SAID_HERE = ("FP101", "FP102", "FP103")

_TAKE_TUPLES = frozenset({"threading.Thread", "multiprocessing.Process"})


class OffloadEvaluatedEagerly(Rule):
    """A call in the place of a callable runs at once, where it stands, and only its result is handed over.

    `run_in_threadpool(load(x))` calls `load` first, on the event loop, and then asks a thread to call what `load`
    returned. The code looks offloaded and is not: the loop stands still as if the primitive were not there, and the
    thread then fails because the result cannot be called.

    ## Instead
    Hand over the function and its arguments: `run_in_threadpool(load, x)`. Primitives that pass no keywords on take
    `functools.partial(load, x, limit=10)`.

    ## Trade-offs
    The function now really runs in another thread or later: what it touches must bear that, and its errors
    arrive where the result is awaited.

    ## Monitor
    Event-loop lag p99; errors of the kind `object is not callable` from worker threads.

    ## When to ignore it
    When the call returns the function to run and we cannot see it: a factory in a package outside the project.
    """

    code = "FP107"
    severity = Severity.CRITICAL
    said_from = Severity.HIGH
    gates = True
    effort = Effort.MINUTES
    watch = "event-loop lag p99"

    invalid = (
        Invalid(
            """
            import requests
            from fastapi import FastAPI
            from fastapi.concurrency import run_in_threadpool

            app = FastAPI()

            @app.get("/rates")
            async def rates() -> dict[str, float]:
                response = await run_in_threadpool(requests.get("https://rates.example/latest", timeout=5))
                return response.json()
            """,
            fixed="""
            import requests
            from fastapi import FastAPI
            from fastapi.concurrency import run_in_threadpool

            app = FastAPI()

            @app.get("/rates")
            async def rates() -> dict[str, float]:
                response = await run_in_threadpool(requests.get, "https://rates.example/latest", timeout=5)
                return response.json()
            """,
        ),
        Invalid(
            """
            from fastapi import BackgroundTasks, FastAPI

            app = FastAPI()

            def send_receipt(order_id: int) -> None:
                print("receipt", order_id)

            @app.post("/orders/{order_id}/pay")
            async def pay(order_id: int, tasks: BackgroundTasks) -> None:
                tasks.add_task(send_receipt(order_id))
            """,
            fixed="""
            from fastapi import BackgroundTasks, FastAPI

            app = FastAPI()

            def send_receipt(order_id: int) -> None:
                print("receipt", order_id)

            @app.post("/orders/{order_id}/pay")
            async def pay(order_id: int, tasks: BackgroundTasks) -> None:
                tasks.add_task(send_receipt, order_id)
            """,
        ),
    )
    valid = (
        Valid(
            """
            from functools import partial

            from fastapi import FastAPI
            from fastapi.concurrency import run_in_threadpool

            app = FastAPI()

            def load(limit: int) -> list[int]:
                return list(range(limit))

            @app.get("/orders")
            async def orders() -> list[int]:
                return await run_in_threadpool(partial(load, 10))  # what partial returns is to be called
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.meaning.offload is not None

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        offload = module.offload(node)
        if offload is None or offload.name.endswith(".map"):
            return
        inner = _handed_over(node, offload)
        if inner is None:
            return
        result = _Result.of(inner, module)
        if result is None:
            return
        stops_loop = result.blocks and module.runs_on_event_loop(node)
        yield Match(
            node,
            self.message(inner, node, module, stops_loop=stops_loop),
            severity=Severity.CRITICAL if stops_loop else Severity.HIGH,
            confidence=Confidence.CERTAIN if result.certain else Confidence.LIKELY,
            fix=self.hand_over(node, inner, offload, result),
            instead=f"Hand over the function and its arguments: `{module.segment(node.func)}({module.segment(inner.func)}, …)`.",
            swallows=(*((code, inner.lineno) for code in _SAID_HERE), ("FP113", node.lineno)),
        )

    def message(self, inner: ast.Call, outer: ast.Call, module: Module, *, stops_loop: bool) -> str:
        called, primitive = module.segment(inner.func), module.segment(outer.func)
        if stops_loop:
            return (
                f"`{called}` is called before `{primitive}` sees it, on the event loop:"
                " while it waits, this worker serves nobody."
            )
        return f"`{called}` runs here and now: `{primitive}` only gets its result, and fails to call that."

    def hand_over(self, outer: ast.Call, inner: ast.Call, offload: Offload, result: _Result) -> Fix | None:
        safety = Safety.SAFE if result.certain else Safety.UNSAFE
        if offload.name in _TAKE_TUPLES:
            return Fix(called_later("target"), safety=safety)
        if inner not in outer.args or offload.position is None or offload.wraps:
            return None
        if offload.name in PASS_KEYWORDS:
            return Fix(called_later(offload.position), safety=safety)
        if offload.name in PASS_POSITIONAL:
            rewrite = called_later(offload.position, passes_keywords=False)
            return Fix(rewrite, imports=("functools.partial",), safety=safety)
        return None


def _handed_over(call: ast.Call, offload: Offload) -> ast.Call | None:
    """The call that stands where the callable belongs."""
    position = offload.position
    if position is not None and position < len(call.args):
        if any(isinstance(argument, ast.Starred) for argument in call.args[: position + 1]):
            return None
        argument: ast.expr | None = call.args[position]
    else:
        argument = next((keyword.value for keyword in call.keywords if keyword.arg == offload.keyword), None)
    return argument if isinstance(argument, ast.Call) else None


class _Result:
    """What the inner call gives: surely nothing to call (`certain`), and whether it blocks on the way."""

    def __init__(self, *, certain: bool, blocks: bool) -> None:
        self.certain = certain
        self.blocks = blocks

    @classmethod
    def of(cls, inner: ast.Call, module: Module) -> _Result | None:
        """None when the result may be meant to be called, or awaited."""
        if module.qualified_name(inner.func) in _COPIES:
            return None
        if module.blocking(inner) is not None:
            return cls(certain=True, blocks=True)
        callee, summary = module.callee(inner), module.summary(inner)
        if callee is None or summary is None or summary.is_async or callee.is_async:
            return None
        blocks = bool(summary.blocking)
        result = module.type_of(inner)
        if result is not None and result.startswith("builtins."):
            return cls(certain=True, blocks=blocks)
        if module.value(inner) is not None and result is None:
            return None  # a function, a class
        definition = module.definition(callee)
        if isinstance(definition, ast.FunctionDef):
            if definition.decorator_list or _speaks_of_callables(definition):
                return None
            if _returns_nothing(definition):
                return cls(certain=True, blocks=blocks)
        return cls(certain=False, blocks=True) if blocks else None


def _speaks_of_callables(function: ast.FunctionDef) -> bool:
    return function.returns is not None and not (
        isinstance(function.returns, ast.Constant) and function.returns.value is None
    )


def _returns_nothing(function: ast.FunctionDef) -> bool:
    stack: list[ast.AST] = list(function.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Return) and node.value is not None:
            return False
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            stack.extend(ast.iter_child_nodes(node))
    return True
