from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.linking.context import Context
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.scopes import FUNCTIONS
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import serves

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_ENGINES = frozenset(
    {"sqlalchemy.create_engine", "sqlalchemy.ext.asyncio.create_async_engine", "sqlmodel.create_engine"}
)
_PROFILERS = frozenset({"pyinstrument.Profiler", "cProfile.Profile", "profile.Profile", "yappi.start"})


class DebugInstrumentationInProd(Rule):
    """Tools for debugging that are always on make every request slower in production.

    `echo=True` writes each SQL statement with its parameters to the log. `tracemalloc` records a traceback for every allocation and
    makes Python about half as fast. A debugging event loop times each callback and checks each coroutine. A profiler around
    every request costs more than many of the requests.

    ## Instead
    Switch them on by a setting that is off by default: `echo=settings.sql_echo`, `if settings.debug: tracemalloc.start()`.

    ## Trade-offs
    None: whoever needs it switches it on.

    ## Monitor
    Processor time per request; volume of the log.

    ## When to ignore it
    In a service that exists for debugging.
    """

    code = "FP718"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "processor time per request and volume of the log"

    invalid = (
        Invalid(
            """
            from sqlalchemy.ext.asyncio import create_async_engine

            engine = create_async_engine("postgresql+asyncpg://db/shop", echo=True)
            """
        ),
    )
    valid = (
        Valid(
            """
            import os

            from sqlalchemy.ext.asyncio import create_async_engine

            engine = create_async_engine("postgresql+asyncpg://db/shop", echo=bool(os.getenv("SQL_ECHO")))
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return (
            callee.name in _ENGINES
            or callee.name in _PROFILERS
            or callee.name in ("tracemalloc.start", "asyncio.run", "asyncio.AbstractEventLoop.set_debug")
        )

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        cost = self.cost(node, module)
        if cost is None or _is_conditional(node, module):
            return
        if not serves(node, module) or _only_when_run(node, module):
            return
        # What a request switches on is there to be switched on: a page that asks for a snapshot.
        runs = _is_run_at_start(node, module) or (
            module.in_request_path(node) and module.qualified_name(node.func) != "tracemalloc.start"
        )
        stays = module.in_request_path(node) or not _is_passing(node, module)
        yield Match(
            node,
            cost,
            confidence=Confidence.LIKELY if runs and stays else Confidence.POSSIBLE,
            instead=f"Switch it on by a setting that is off by default: {_switch(node, cost)}.",
        )

    def cost(self, call: ast.Call, module: Module) -> str | None:
        """What is always on here and what it costs."""
        name = module.qualified_name(call.func)
        if name is None:
            return None
        if name in _ENGINES and _is_true(call, "echo"):
            return "`echo=True` writes every SQL statement to the log, in production too."
        if name == "tracemalloc.start" and not _stops_again(call, module):
            return (
                "`tracemalloc.start` records a traceback for each allocation: Python runs about half as fast."
            )
        if name == "asyncio.run" and _is_true(call, "debug"):
            return (
                "`asyncio.run(debug=True)` times each callback and checks each coroutine, in production too."
            )
        if name == "asyncio.AbstractEventLoop.set_debug" and call.args and _true(call.args[0]):
            return "`set_debug(True)` times each callback and checks each coroutine, in production too."
        if (
            name in _PROFILERS
            and module.in_request_path(call)
            and str(module.role(call) or "") == "middleware"
        ):
            return f"`{name}` profiles every request, in production too."
        return None


def _switch(call: ast.Call, cost: str) -> str:
    if cost.startswith("`echo"):
        return "`echo=settings.sql_echo`"
    if cost.startswith("`asyncio.run"):
        return "`debug=settings.debug`"
    return f"`if settings.debug:` before `{spelled(call.func)}`"


def _is_run_at_start(node: ast.AST, module: Module) -> bool:
    """Whether the module itself, or a function that is seen to run at start-up, does it."""
    return module.function_of(node) is None or Context.STARTUP in module.contexts(node)


def _is_passing(call: ast.Call, module: Module) -> bool:
    """Whether an engine is a local of a function that keeps it for nobody: `lifespan` that asks for the schema's version."""
    function = module.function_of(call)
    match module.parent(call):
        case ast.Assign(targets=[ast.Name(id=name)]) if function is not None:
            pass
        case _:
            return False
    for node in walk(function.node):
        match node:
            case ast.Global(names=names) | ast.Nonlocal(names=names) if name in names:
                return False
            case ast.Return(value=ast.expr() as kept) | ast.Yield(value=ast.expr() as kept):
                pass
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()], value=kept):
                pass
            case ast.Call(func=func) if last_name(func).endswith("sessionmaker"):
                kept = node
            case _:
                continue
        if any(isinstance(each, ast.Name) and each.id == name for each in walk(kept)):
            return False
    return True


def _stops_again(call: ast.Call, module: Module) -> bool:
    """Whether the same function ends it: it measures something, and then no more."""
    function = module.function_of(call)
    return function is not None and any(
        isinstance(node, ast.Call) and module.qualified_name(node.func) == "tracemalloc.stop"
        for node in walk(function.node)
    )


def _is_true(call: ast.Call, keyword: str) -> bool:
    return any(each.arg == keyword and _true(each.value) for each in call.keywords)


def _true(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value in (True, "debug")


def _is_conditional(node: ast.AST, module: Module) -> bool:
    """Whether a setting may keep it off: it stands behind a condition, or after a return."""
    child, current = node, module.parent(node)
    while current is not None:
        if isinstance(current, ast.If | ast.IfExp | ast.Try | ast.ExceptHandler):
            return True
        if isinstance(current, FUNCTIONS) and not isinstance(current, ast.Lambda):
            earlier = current.body[: current.body.index(child)] if child in current.body else []
            if any(isinstance(inner, ast.Return | ast.Raise) for each in earlier for inner in walk(each)):
                return True
        child, current = current, module.parent(current)
    return False


def _only_when_run(node: ast.AST, module: Module) -> bool:
    """Whether it is in a file that is run as a script."""
    return (
        module.function_of(node) is None
        and "__main__" in module.source.text
        and "FastAPI(" not in module.source.text
    )
