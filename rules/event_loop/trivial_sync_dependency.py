from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.reading.walking import own_nodes
from rules.engine.rule import Confidence, Effort, Fix, Impact, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.module import Module

_MOST = 5
_SEVERAL = 3
_QUICK = frozenset(
    {
        "fastapi.HTTPException",
        "fastapi.exceptions.HTTPException",
        "starlette.exceptions.HTTPException",
    }
)
_QUICK_PACKAGES = ("builtins.",)
_SLOW_BUILTINS = frozenset(
    {
        "builtins.open",
        "builtins.input",
        "builtins.print",
        "builtins.exec",
        "builtins.eval",
        "builtins.compile",
    }
)


class TrivialSyncDependency(Rule):
    """A plain `def` dependency that only looks something up costs each request a hop to a worker thread and back.

    FastAPI cannot know that the function waits for nothing, so it runs it in a thread: 0.05 to 0.2 ms, and one of 40 threads, for a
    line that takes a microsecond. Three such dependencies halved the throughput of a small endpoint in measurements.

    ## Instead
    Write `async def`: FastAPI then calls it right away.

    ## Trade-offs
    From now on nothing in it may block.

    ## Monitor
    p50 of small, busy endpoints; worker threads in use.

    ## When to ignore it
    When the endpoints that use it take many milliseconds anyway.
    """

    code = "FP120"
    severity = Severity.LOW
    said_from = Severity.MEDIUM
    effort = Effort.MINUTES
    watch = "p50 of small, busy endpoints"

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI

            app = FastAPI()

            def page(number: int = 1, size: int = 20) -> tuple[int, int]:
                return (number - 1) * size, size

            @app.get("/orders")
            async def orders(page: tuple[int, int] = Depends(page)) -> list[int]:
                return list(page)
            """,
            fixed="""
            from fastapi import Depends, FastAPI

            app = FastAPI()

            async def page(number: int = 1, size: int = 20) -> tuple[int, int]:
                return (number - 1) * size, size

            @app.get("/orders")
            async def orders(page: tuple[int, int] = Depends(page)) -> list[int]:
                return list(page)
            """,
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy.orm import Session

            from shop.models import Customer

            app = FastAPI()

            def session() -> Session:
                return Session()

            def customer(number: int, session: Session = Depends(session)) -> Customer:  # waits for the database
                return session.get(Customer, number)

            @app.get("/customer")
            async def read(customer: Customer = Depends(customer)) -> str:
                return customer.name
            """
        ),
    )

    def check(self, node: ast.FunctionDef, module: Module) -> Iterator[Match]:
        if str(module.role(node) or "") != "dependency" or node.decorator_list or node.name.startswith("__"):
            return
        endpoints = module.endpoints(node)
        if not endpoints or module.called(node) or not _is_quick(node, module):
            return
        count = len(endpoints)
        threads = estimates.threads(module.options)
        yield Match(
            node,
            f"`{node.name}` waits for nothing, yet each request to {count} endpoint{'s' if count > 1 else ''} hops to a worker"
            " thread and back for it.",
            # One endpoint or two that pay a fifth of a millisecond are no news, nor are those that are asked now and then.
            confidence=Confidence.LIKELY
            if count >= _SEVERAL and not is_seldom(node, module) and not _is_alternative(node, module)
            else Confidence.POSSIBLE,
            fix=Fix(_asynchronous, safety=Safety.SAFE),
            instead=f"Write `async def {node.name}`: FastAPI then calls it right away.",
            impact=Impact(
                summary=f"{estimates.span(*estimates.HOP_MS)} ms and one of {threads} worker threads per request → a plain call",
                formula="one thread hop per request → 0",
                assumptions={"threads": threads},
                measured=True,
            ),
        )


def _is_alternative(function: ast.FunctionDef, module: Module) -> bool:
    """`if settings.without_login: def current_user(): …`: what takes the place of the usual one somewhere."""
    return isinstance(module.parent(function), ast.If)


def _is_quick(function: ast.FunctionDef, module: Module) -> bool:
    """Whether the body is a few statements, each call in it known to wait for nothing."""
    nodes = list(own_nodes(function))
    if isinstance(function.body[-1], ast.Raise):
        return False  # `raise NotImplementedError`: another function is put in its place
    if sum(isinstance(node, ast.stmt) for node in nodes) > _MOST:
        return False
    for node in nodes:
        if isinstance(
            node, ast.Yield | ast.YieldFrom | ast.For | ast.While | ast.With | ast.Import | ast.ImportFrom
        ):
            return False
        if isinstance(node, ast.Call) and not _call_is_quick(node, module):
            return False
    return True


def _call_is_quick(call: ast.Call, module: Module) -> bool:
    name = module.qualified_name(call.func)
    if (
        name is None
        or name in _SLOW_BUILTINS
        or module.blocking(call) is not None
        or module.query(call) is not None
    ):
        return False
    return name in _QUICK or name.startswith(_QUICK_PACKAGES)


def _asynchronous(function: cst.FunctionDef) -> cst.FunctionDef:
    import libcst as cst

    return (
        function
        if function.asynchronous is not None
        else function.with_changes(asynchronous=cst.Asynchronous())
    )
