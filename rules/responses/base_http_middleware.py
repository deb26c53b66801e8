from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from rules.engine.costs import estimates
from rules.engine.reading import facts
from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import FUNCTIONS
from rules.engine.reading.spelling import is_main_guard, last_name
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Impact, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.mentions import is_dead
from rules.engine.service.traffic import is_aside

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module
    from rules.engine.project import Project

_BASE = frozenset(
    {"starlette.middleware.base.BaseHTTPMiddleware", "fastapi.middleware.base.BaseHTTPMiddleware"}
)
_ADDING = frozenset({"add_middleware", "Middleware"})
_MANY = 3
_ADDED = estimates.span(*estimates.BASE_MIDDLEWARE_MS)
_NAMED = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_DEBUGGING = regex(
    r"debug|profil(?:e_|er|ing|e\b)|pyinstrument|\bdev(?:elopment)?\b|is_dev|testing", re.IGNORECASE
)

_WORKER = regex(
    r"(?:^|[/_-])(?:workers?|inference|provisioners?|sidecars?|sandbox(?:es)?|model_?servers?)(?:[/_.-]|$)"
)
_SLOW = frozenset(
    {
        "torch",
        "transformers",
        "vllm",
        "diffusers",
        "tensorflow",
        "sentence_transformers",
        "llama_cpp",
        "kubernetes",
        "docker",
    }
)
"""What a service imports beside whose work a middleware is nothing."""
_SMALL = 10
"""Endpoints of a service that does one thing."""
_TERMINAL = regex(r"(?:^|/)_?(?:cli|commands?)(?:/|\.py$)")


class BaseHttpMiddleware(Rule):
    """A `BaseHTTPMiddleware` adds 0.1 to 0.45 ms to every request, a plain ASGI middleware less than a microsecond.

    It runs the rest of the application in a task of its own and passes the body through a queue, chunk by chunk. Three of
    them took a trivial endpoint from 1,746 to 518 requests/s. They also stand in the way of streaming, and context
    variables set inside do not come out.

    ## Instead
    Write it as a plain ASGI middleware: a class whose `async def __call__(self, scope, receive, send)` calls
    `await self.app(scope, receive, send)`, and wraps `send` when it must see the answer. What only some
    endpoints need is a dependency.

    ## Trade-offs
    ASGI messages instead of a `Request` and a `Response`: more to write where bodies are changed.

    ## Monitor
    p50 of trivial endpoints.

    ## When to ignore it
    When requests take tens of milliseconds anyway and nothing is streamed.
    """

    code = "FP510"
    severity = Severity.LOW
    said_from = Severity.MEDIUM
    effort = Effort.HOURS
    watch = "p50 of trivial endpoints"

    invalid = (
        Invalid(
            """
            from starlette.middleware.base import BaseHTTPMiddleware

            class Timing(BaseHTTPMiddleware):
                async def dispatch(self, request, call_next):
                    started = time.perf_counter()
                    response = await call_next(request)
                    response.headers["X-Time"] = str(time.perf_counter() - started)
                    return response

            app.add_middleware(Timing)
            """
        ),
    )
    valid = (
        Valid(
            """
            class Timing:
                def __init__(self, app):
                    self.app = app

                async def __call__(self, scope, receive, send):
                    await self.app(scope, receive, send)

            app.add_middleware(Timing)
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.spelled in _ADDING

    def check(
        self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Call, module: Module
    ) -> Iterator[Match]:
        if isinstance(node, ast.Call):
            yield from self._of_function(node, module)
            return
        if isinstance(node, ast.ClassDef):
            if not any(module.qualified_name(base) in _BASE for base in node.bases) or _answers_itself(node):
                return
        elif not any(_is_decorator(decorator, module) for decorator in node.decorator_list):
            return
        if _is_for_debugging(node, module):
            return
        count = _count(module.project)
        many = f", one of {count} in the project" if count >= _MANY else ""
        match = Match(
            node,
            f"`{node.name}` {'is' if isinstance(node, ast.ClassDef) else 'runs as'} a `BaseHTTPMiddleware`{many}: it adds {_ADDED} ms to every request and a task and a queue"
            " around every body.",
            confidence=Confidence.POSSIBLE if _is_optional(node, module) else Confidence.CERTAIN,
            cause="FP510 middleware" if count >= _MANY else "",
            impact=Impact(
                summary=f"{_ADDED} ms per request for each of them → less than 0.01 ms",
                formula=f"{_ADDED} ms · middlewares",
                assumptions={"middlewares": max(count, 1)},
                measured=True,
            ),
        )
        yield match.doubted() if count < _MANY or _waits_anyway(node, module) else match

    def _of_function(self, node: ast.Call, module: Module) -> Iterator[Match]:
        """`app.add_middleware(BaseHTTPMiddleware, dispatch=timing)`."""
        dispatch = next((each.value for each in node.keywords if each.arg == "dispatch"), None)
        if dispatch is None or not node.args or module.qualified_name(node.args[0]) not in _BASE:
            return
        yield Match(
            node,
            f"`{ast.unparse(dispatch)}` runs as a `BaseHTTPMiddleware`: it adds {_ADDED} ms to every request and a task and a"
            " queue around every body.",
            confidence=Confidence.POSSIBLE,
            when_new=Confidence.CERTAIN,
            impact=Impact(
                summary=f"{_ADDED} ms per request → less than 0.01 ms",
                formula=f"{_ADDED} ms · middlewares",
                assumptions={"middlewares": 1},
                measured=True,
            ),
        )


def _waits_anyway(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> bool:
    """Whether it asks a database or another service itself, or who it is that asks: beside that the base class is nothing."""
    dispatch = next(
        (each for each in node.body if isinstance(each, FUNCTIONS) and each.name == "dispatch"), None
    )
    function = dispatch if isinstance(node, ast.ClassDef) else node
    entered = module.graph_node(function) if function is not None else None
    if function is None or entered is None:
        return False
    costs = module.project.costs.of(entered)
    return bool(costs.queries or costs.external) or any(
        isinstance(each, ast.Constant) and str(each.value).lower() == "authorization"
        for each in walk(function)
    )


def _answers_itself(middleware: ast.ClassDef) -> bool:
    """Whether it is called as plain ASGI, past what the base class does around `dispatch`."""
    return any(isinstance(each, ast.AsyncFunctionDef) and each.name == "__call__" for each in middleware.body)


def _is_decorator(decorator: ast.expr, module: Module) -> bool:
    """`@app.middleware("http")`"""
    if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
        return False
    if decorator.func.attr != "middleware":
        return False
    return module.is_subclass(decorator.func.value, "fastapi.FastAPI") or _wraps_application(
        decorator.func.value, module
    )


def _wraps_application(expression: ast.expr, module: Module) -> bool:
    """`versioned = VersionedFastAPI(app)`: an application that a library makes of one, with the same decorator."""
    made = module.index.module.bindings.get(expression.id, ()) if isinstance(expression, ast.Name) else ()
    return bool(made) and all(
        isinstance(each.value, ast.Call) and last_name(each.value.func).endswith(("FastAPI", "Starlette"))
        for each in made
    )


def _is_optional(node: ast.AST, module: Module) -> bool:
    """Whether no application is seen to be given it, so that it may be there for others to add, or only where a setting
    says so, or the application belongs to a command that somebody runs for himself, or stands beside the service."""
    if is_aside(module.path) or _is_worker(module):
        return True
    if not isinstance(node, ast.ClassDef):
        if _TERMINAL.search(module.path):
            return True
        parent = module.parent(node)
        if isinstance(parent, ast.If) and not is_main_guard(parent.test):
            return True
        adding = module.graph_node(parent) if isinstance(parent, FUNCTIONS) else None
        return (
            adding is not None
            and bool(adding.callers)
            and all(edge.call.flags & facts.CONDITIONAL for _, edge in adding.callers)
        )
    givers = [module.graph_node(call) for call in _given(module).get(node.name, [])]
    if givers and all(each is not None and each.symbol and is_dead(each, module) for each in givers):
        return True
    dispatch = module.project.node(module.path, f"{module.symbol_at(node)}.dispatch")
    return dispatch is not None and dispatch not in module.project.routing.always_added


def _is_worker(module: Module) -> bool:
    """Whether the file is a small service of its own for slow work: a model, a sandbox, a cluster."""
    if "FastAPI(" not in module.source.text or "include_router" in module.source.text:
        return False
    own = sum(1 for route in module.project.routing.routes if route.handler.path == module.path)
    return 0 < own <= _SMALL and (
        _WORKER.search(module.path) is not None
        or not _SLOW.isdisjoint(module.project.resolver.modules[module.path].facts.imports)
    )


def _is_for_debugging(node: ast.AST, module: Module) -> bool:
    """Whether it only runs where somebody looks for a fault: by its name, or under a setting that says so."""
    current: ast.AST | None = node
    while current is not None:
        if isinstance(current, _NAMED) and _DEBUGGING.search(current.name):
            return True
        if isinstance(current, ast.If) and _DEBUGGING.search(ast.unparse(current.test)):
            return True
        current = module.parent(current)
    if not isinstance(node, ast.ClassDef):
        return False
    added = _given(module).get(node.name, [])
    return bool(added) and all(_is_switched(call, module) for call in added)


_additions: WeakKeyDictionary[Module, dict[str, list[ast.Call]]] = WeakKeyDictionary()


def _given(module: Module) -> dict[str, list[ast.Call]]:
    """The calls of `add_middleware` in a file, by the last name of the class they add."""
    if module not in _additions:
        found: dict[str, list[ast.Call]] = {}
        _additions[module] = found
        for call in walk(module.tree):
            if isinstance(call, ast.Call) and last_name(call.func) == "add_middleware" and call.args:
                found.setdefault(last_name(call.args[0]), []).append(call)
    return _additions[module]


def _is_switched(call: ast.Call, module: Module) -> bool:
    current = module.parent(call)
    while current is not None:
        if isinstance(current, ast.If) and _DEBUGGING.search(ast.unparse(current.test)):
            return True
        current = module.parent(current)
    return False


def _count(project: Project) -> int:
    """The middlewares of the project that run through `BaseHTTPMiddleware`."""
    return sum(1 for node in project.routing.middleware if not node.symbol.endswith("__call__"))
