from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading import facts
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.spelling import names_bound
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import made_again
from rules.engine.service.first_time import runs_first_time

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_REGISTERS = {
    "sqlalchemy.event.listen": ("event.remove", "the listener"),
    "atexit.register": ("atexit.unregister", "the function"),
    "fastapi.FastAPI.add_middleware": ("", "the middleware"),
    "fastapi.FastAPI.add_api_route": ("", "the route"),
    "fastapi.FastAPI.include_router": ("", "the routes"),
    "fastapi.FastAPI.mount": ("", "the application"),
    "fastapi.APIRouter.add_api_route": ("", "the route"),
}


class EventHandlerLeak(Rule):
    """A handler registered in a request stays registered: each request adds one more, and all of them run.

    Listeners, log handlers, exit functions and routes belong to the process. Registered anew per request they pile up:
    memory grows, each event calls all of them, a line is logged as often as there were requests.

    ## Instead
    Register once, in the module or in the lifespan. What must live for one request only is removed in a `finally`.

    ## Monitor
    Resident memory per worker; duplicate log lines; time per event.
    """

    code = "FP708"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    watch = "resident memory per worker, duplicate log lines"

    invalid = (
        Invalid(
            """
            import logging

            logger = logging.getLogger("shop")

            @app.get("/orders")
            def orders() -> list[str]:
                logger.addHandler(logging.StreamHandler())
                return []
            """
        ),
    )
    valid = (
        Valid(
            """
            import logging

            logger = logging.getLogger("shop")
            logger.addHandler(logging.StreamHandler())

            @app.get("/orders")
            def orders() -> list[str]:
                logger.info("orders")
                return []
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name in _REGISTERS or (callee.is_method and callee.spelled == "addHandler")

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        found = _registered(node, module)
        if found is None or not module.in_request_path(node) or made_again(node, module) is None:
            return
        undo, what = found
        function = module.function_of(node)
        if (
            function is None
            or _is_guarded(node, module)
            or _is_made_here(node, module)
            or module.call_flags(node) & (facts.RECALLED | facts.ON_MISS | facts.ONCE)
            or runs_first_time(node, module)
            or _takes_routes_away(function.node)
            or (undo and undo.rpartition(".")[2] in module.segment(function.node))
        ):
            return
        yield Match(
            node,
            f"`{spelled(node.func)}` adds {what} once more with each request, and nothing takes it away.",
            # A function further away is most often called when something is set up.
            confidence=Confidence.LIKELY
            if str(module.role(node) or "") in ("endpoint", "dependency", "middleware", "websocket")
            else Confidence.POSSIBLE,
        )


def _registered(call: ast.Call, module: Module) -> tuple[str, str] | None:
    """(what undoes it, what is added)."""
    name = module.qualified_name(call.func) or ""
    if name in _REGISTERS:
        return _REGISTERS[name]
    if (
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "addHandler"
        and _is_logger(call.func.value, module)
    ):
        return "removeHandler", "the handler"
    return None


def _takes_routes_away(function: ast.AST) -> bool:
    """`app.routes.remove(…)`: one that was there before is taken off."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in ("remove", "pop", "clear")
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "routes"
        for node in walk(function)
    )


def _is_logger(value: ast.expr, module: Module) -> bool:
    """A logger of the module, or `logging.getLogger(…)` itself: loggers are kept by name."""
    if isinstance(value, ast.Name):
        for statement in module.tree.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as made) if name == value.id:
                    return module.qualified_name(made.func) == "logging.getLogger"
        return False
    return (
        isinstance(value, ast.Call)
        and module.qualified_name(value.func) == "logging.getLogger"
        and all(isinstance(each, ast.Constant) for each in value.args)
    )


def _is_made_here(call: ast.Call, module: Module) -> bool:
    """`engine = create_engine(…)`, then `event.listen(engine, …)`: the listener lives as long as the engine."""
    root: ast.expr | None = call.args[0] if call.args else None
    while isinstance(root, ast.Attribute):
        root = root.value
    function = module.function_of(call)
    if not isinstance(root, ast.Name) or function is None:
        return False
    return any(
        isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and root.id in names_bound(node)
        for node in walk(function.node)
    )


def _is_guarded(call: ast.Call, module: Module) -> bool:
    """`if not logger.handlers:` and the like."""
    current = module.parent(call)
    while current is not None and not isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef):
        if isinstance(current, ast.If | ast.IfExp | ast.Try):
            return True
        current = module.parent(current)
    return False
