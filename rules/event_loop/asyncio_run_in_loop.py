from __future__ import annotations

import ast
import enum
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rules.engine.kept_answers import Said
from rules.engine.linking.chosen import is_by_choice
from rules.engine.linking.graph import CALL, THREAD
from rules.engine.loops.loop_bound import holds_mutex
from rules.engine.reading.paths import place_of
from rules.engine.reading.scopes import FUNCTIONS
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import own_nodes, walk
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module
    from rules.engine.reading.facts import ModuleFacts

# Take a coroutine; take a function and its arguments; make a synchronous function of an asynchronous one.
_TAKE_COROUTINE = frozenset({"asyncio.run", "asyncio.AbstractEventLoop.run_until_complete"})
_TAKE_FUNCTION = frozenset({"anyio.run"})
_WRAP = frozenset({"asgiref.sync.async_to_sync", "asgiref.sync.AsyncToSync"})
_PATCH = frozenset({"nest_asyncio.apply"})
_NESTED = _TAKE_COROUTINE
"""What no longer raises once `nest_asyncio` has patched it."""


class Nesting(enum.Enum):
    """Whether `nest_asyncio` lets loops run inside others."""

    NOWHERE = enum.auto()
    ELSEWHERE = enum.auto()
    """In another file: whether it runs before, nobody knows."""
    HERE = enum.auto()


class AsyncioRunInLoop(Rule):
    """Starting an event loop inside the running one raises `RuntimeError`, or, patched, runs other requests in between.

    A thread has one running loop. `asyncio.run`, `run_until_complete` and `async_to_sync` want to start their own and refuse
    when one runs already: the request answers 500. `nest_asyncio` lets them, at the price of running other requests in the
    middle of this one.

    ## Instead
    Await the coroutine. A synchronous helper in between becomes asynchronous, or its caller hands it to a worker thread, where
    no loop runs.

    ## Trade-offs
    Awaiting lets other requests run in between: re-read shared state after it.

    ## Monitor
    Rate of 5xx responses; "asyncio.run() cannot be called from a running event loop" in the log.

    ## When to ignore it
    When the function is only called from synchronous tools, and the call from asynchronous code is dead.
    """

    code = "FP108"
    stops_loop = True
    severity = Severity.CRITICAL
    said_from = Severity.CRITICAL
    gates = True
    effort = Effort.MINUTES
    watch = "rate of 5xx responses"

    invalid = (
        Invalid(
            """
            import asyncio

            from fastapi import FastAPI

            from shop.rates import fetch_rates

            app = FastAPI()

            @app.get("/rates")
            async def rates() -> dict[str, float]:
                return asyncio.run(fetch_rates("EUR"))
            """,
            fixed="""
            from fastapi import FastAPI

            from shop.rates import fetch_rates

            app = FastAPI()

            @app.get("/rates")
            async def rates() -> dict[str, float]:
                return await fetch_rates("EUR")
            """,
        ),
    )
    valid = (
        Valid(
            """
            import asyncio

            from fastapi import FastAPI

            from shop.rates import fetch_rates

            app = FastAPI()

            @app.get("/rates")
            def rates() -> dict[str, float]:  # runs in a worker thread, where no loop runs
                return asyncio.run(fetch_rates("EUR"))
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return (
            not callee.spelled
            or callee.name in _TAKE_COROUTINE
            or callee.name in _TAKE_FUNCTION
            or callee.name in _PATCH
        )

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        starter = _starter(node, module)
        if starter is None or not module.runs_on_event_loop(node) or module.is_offloaded(node):
            return
        nesting = _nesting(module) if starter in _NESTED else Nesting.NOWHERE
        if nesting is Nesting.HERE:
            return  # said of `nest_asyncio.apply`
        function = module.function_of(node)
        found = module.graph_node(node)
        by_choice = found is not None and is_by_choice(found)
        yield Match(
            node,
            _message(module.segment(node.func), starter, by_choice=by_choice),
            severity=_severity(node, starter, module, by_choice=by_choice),
            confidence=_confidence(
                nesting, by_choice=by_choice, doubted=_is_caught(node, module) or _is_for_once(node, module)
            ),
            fix=Fix(_await_instead(starter), safety=Safety.SAFE)
            if function and function.is_async and not holds_mutex(node, module)
            else None,
        )


def _starter(call: ast.Call, module: Module) -> str | None:
    """The primitive that `call` is, by its full name."""
    name = module.qualified_name(call.func)
    if name in _TAKE_COROUTINE or name in _TAKE_FUNCTION or name in _PATCH:
        return name
    if isinstance(call.func, ast.Call) and (wrapper := module.qualified_name(call.func.func)) in _WRAP:
        return wrapper
    return None


def _message(name: str, starter: str, *, by_choice: bool) -> str:
    if starter in _PATCH:
        return f"`{name}` lets other requests run in the middle of this one: shared state changes under its feet."
    when = ", with one of the objects that it may be called on," if by_choice else ""
    return f"`{name}` starts an event loop inside the running one{when} and raises `RuntimeError`."


def _severity(call: ast.Call, starter: str, module: Module, *, by_choice: bool) -> Severity:
    if starter in _PATCH:
        return Severity.HIGH
    if _is_caught(call, module):
        return Severity.MEDIUM
    return Severity.MEDIUM if by_choice else Severity.CRITICAL


def _is_caught(call: ast.Call, module: Module) -> bool:
    """Whether the function goes on after the error: what was asked for is missing, but the request does not fail of it."""
    child: ast.AST = call
    around = module.parent(call)
    while around is not None and not isinstance(around, FUNCTIONS):
        if isinstance(around, ast.Try) and child in around.body and any(map(_keeps, around.handlers)):
            return True
        child, around = around, module.parent(around)
    return False


def _is_for_once(call: ast.Call, module: Module) -> bool:
    """Whether it is seen to run elsewhere as a rule: where `iscoroutine(result)` decides whether there is anything to run, or
    whoever calls the function hands it to a thread too."""
    child: ast.AST = call
    around = module.parent(call)
    while around is not None and not isinstance(around, FUNCTIONS):
        if isinstance(around, ast.If) and child is not around.test and _asks_for_coroutine(around.test):
            return True
        child, around = around, module.parent(around)
    function = module.function_of(call)
    if function is not None and _asks_for_loop(function.node, call, module):
        return True
    found = module.graph_node(call)
    if found is None:
        return False
    handing = {id(caller) for caller, edge in found.callers if edge.kind == THREAD}
    return any(id(caller) in handing for caller, edge in found.callers if edge.kind == CALL)


def _asks_for_loop(
    function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, call: ast.Call, module: Module
) -> bool:
    """`try: loop = asyncio.get_running_loop()` before it, or `if loop.is_running():`: the function tells the two cases apart
    itself."""
    return any(
        isinstance(node, ast.Call)
        and node.lineno < call.lineno
        and (
            (
                module.qualified_name(node.func) == "asyncio.get_running_loop"
                and any(isinstance(each, ast.Try) for each in _around(node, module))
            )
            or (last_name(node.func) == "is_running" and _is_spared(node, call, module))
        )
        for node in (() if isinstance(function, ast.Lambda) else own_nodes(function))
    )


def _is_spared(asked: ast.Call, call: ast.Call, module: Module) -> bool:
    """Whether `call` stands where a loop that was asked for does not run: after `if loop.is_running(): … else:`, or in the
    `except` of the `try` in which that was asked."""
    test: ast.AST = asked
    while not isinstance(test, ast.stmt) and (parent := module.parent(test)) is not None:
        test = parent
    if not isinstance(test, ast.If):
        return False
    around = list(_around(call, module))
    if test in around:
        return not any(part is call for each in test.body for part in walk(each))
    tried = {id(each) for each in _around(test, module) if isinstance(each, ast.Try)}
    return any(isinstance(each, ast.ExceptHandler) and id(module.parent(each)) in tried for each in around)


def _around(node: ast.AST, module: Module) -> Iterator[ast.AST]:
    around = module.parent(node)
    while around is not None and not isinstance(around, FUNCTIONS):
        yield around
        around = module.parent(around)


def _asks_for_coroutine(test: ast.expr) -> bool:
    return any(
        isinstance(node, ast.Call)
        and last_name(node.func) in ("iscoroutine", "isawaitable", "iscoroutinefunction")
        for node in walk(test)
    )


def _keeps(handler: ast.ExceptHandler) -> bool:
    named = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    catches = any(
        each is None or last_name(each) in ("Exception", "BaseException", "RuntimeError") for each in named
    )
    return catches and not any(isinstance(node, ast.Raise) for node in walk(handler))


def _confidence(nesting: Nesting, *, by_choice: bool, doubted: bool) -> Confidence:
    if doubted or nesting is Nesting.ELSEWHERE:
        return Confidence.POSSIBLE
    return Confidence.LIKELY if by_choice else Confidence.CERTAIN


def _nesting(module: Module) -> Nesting:
    if "nest_asyncio" in module.project.files[module.path].imports:
        return Nesting.HERE
    return Nesting.ELSEWHERE if _nests(module.project) else Nesting.NOWHERE


def _nesting_files(path: str, found: ModuleFacts) -> tuple[str, ...]:
    return (path,) if "nest_asyncio" in found.imports and place_of(path) == "app" else ()


_nests = Said(_nesting_files)
"""The files of the application that let loops run within loops."""


def _await_instead(starter: str) -> Callable[[cst.Call], cst.BaseExpression]:
    """`asyncio.run(c(1))` -> `await c(1)`; declines where more is asked of the loop (`debug=True`)."""

    def rewrite(call: cst.Call) -> cst.BaseExpression:
        import libcst as cst

        plain = call.args and not any(arg.keyword or arg.star for arg in call.args[:1])
        if starter in _TAKE_COROUTINE and plain and len(call.args) == 1:
            return _awaited(call.args[0].value)
        if starter in _TAKE_FUNCTION and plain and not any(arg.keyword for arg in call.args):
            function, *rest = call.args
            return _awaited(cst.Call(function.value, rest))
        if starter in _WRAP and isinstance(call.func, cst.Call) and len(call.func.args) == 1:
            return _awaited(call.with_changes(func=call.func.args[0].value))
        return call

    return rewrite


def _awaited(value: cst.BaseExpression) -> cst.BaseExpression:
    import libcst as cst

    if isinstance(value, cst.Call | cst.Name | cst.Attribute | cst.Subscript) or value.lpar:
        return cst.Await(value)
    return cst.Await(value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()]))
