from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.memoised import memoiser
from rules.libraries.caching import LIMITERS

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.module import Module

_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "api_route", "route"})


class CacheDecoratorAboveRoute(Rule):
    """A cache decorator above the route is never called: each request runs the whole endpoint.

    Decorators apply from the bottom up. The route decorator registers the function it gets, which is the one without the
    cache; what stands above it wraps a name that nobody calls. A rate limit in that place limits nothing.

    ## Instead
    Put the route decorator first, the cache directly above the function.

    ## Trade-offs
    The cache starts to work: check its lifetime, and that its key holds everything the answer depends on, the user too.

    ## Monitor
    Hit ratio of the cache, which is 0 now.
    """

    code = "FP309"
    severity = Severity.HIGH
    gates = True
    effort = Effort.MINUTES
    watch = "hit ratio of the cache"

    invalid = (
        Invalid(
            """
            from fastapi import FastAPI
            from fastapi_cache.decorator import cache

            app = FastAPI()

            @cache(expire=60)
            @app.get("/rates")
            async def rates() -> dict[str, float]:
                return await load_all_rates()

            async def load_all_rates() -> dict[str, float]: ...
            """,
            fixed="""
            from fastapi import FastAPI
            from fastapi_cache.decorator import cache

            app = FastAPI()

            @app.get("/rates")
            @cache(expire=60)
            async def rates() -> dict[str, float]:
                return await load_all_rates()

            async def load_all_rates() -> dict[str, float]: ...
            """,
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import FastAPI
            from fastapi_cache.decorator import cache

            app = FastAPI()

            @app.get("/rates")
            @cache(expire=60)
            async def rates() -> dict[str, float]: ...
            """
        ),
    )

    def check(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        decorators = node.decorator_list
        if len(decorators) < 2 or str(module.role(node) or "") != "endpoint":
            return
        last = max((i for i, each in enumerate(decorators) if _is_route(each, module)), default=0)
        for position, decorator in enumerate(decorators[:last]):
            what = _what(decorator, module)
            if what is None:
                continue
            verb, certain = what
            shown = module.segment(decorator.func if isinstance(decorator, ast.Call) else decorator)
            yield Match(
                decorator,
                f"`@{shown}` stands above the route, which registers `{node.name}` without it: it {verb} nothing.",
                confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
                fix=Fix(_moved(position, last), target=node, safety=Safety.UNSAFE),
            )


def _is_route(decorator: ast.expr, module: Module) -> bool:
    if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute)):
        return False
    if decorator.func.attr not in _VERBS:
        return False
    name = module.qualified_name(decorator.func) or ""
    return name.startswith(("fastapi.", "starlette.")) or module.type_of(decorator.func.value) is not None


def _what(decorator: ast.expr, module: Module) -> tuple[str, bool] | None:
    """(what the decorator is there to do, whether that is certain), for caches and limits."""
    if memoiser(decorator, module) is not None:
        return "caches", True
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = module.qualified_name(target) or ""
    if name in LIMITERS:
        return "limits", True
    value = module.value(target)
    if value is not None and value.module is not None and "cache" in name.rpartition(".")[2].lower():
        if "no" in name.rpartition(".")[2].lower().split("_"):
            return None
        return "caches", False
    return None


def _moved(position: int, last: int) -> Callable[[cst.FunctionDef], cst.FunctionDef]:
    """The decorator at `position` goes below the one at `last`."""

    def rewrite(function: cst.FunctionDef) -> cst.FunctionDef:
        decorators = list(function.decorators)
        if len(decorators) <= last or any(each.leading_lines for each in decorators[position : last + 1]):
            return function  # a comment between them belongs to one of them
        decorators.insert(last, decorators.pop(position))
        return function.with_changes(decorators=decorators)

    return rewrite
