from __future__ import annotations

import ast
import enum
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.linking.values import Sort
from rules.engine.reading import facts
from rules.engine.reading.walking import own_nodes
from rules.engine.rule import Confidence, Effort, Fix, Impact, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.linking.graph import Node
    from rules.engine.module import Module
    from rules.engine.project import Project

_MOST = 5
_SEVERAL = 3
_DEEP = 2
"""Functions of the project that are called on the way, and looked into."""
_QUICK = frozenset(
    {
        "fastapi.HTTPException",
        "fastapi.exceptions.HTTPException",
        "starlette.exceptions.HTTPException",
        "secrets.compare_digest",
        "hmac.compare_digest",
        "os.getenv",
        "os.environ.get",
        "time.time",
        "time.monotonic",
        "datetime.datetime.now",
        "typing.cast",
    }
)
_ONCE = facts.ONCE | facts.ON_MISS | facts.RECALLED | facts.OF_OBJECT
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


class _Pace(enum.IntEnum):
    QUICK = 0
    LIKELY_QUICK = 1
    SLOW = 2


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
        if not endpoints or module.called(node) or (pace := _slowest(node, module)) is _Pace.SLOW:
            return
        count = len(endpoints)
        threads = estimates.threads(module.options)
        yield Match(
            node,
            f"`{node.name}` waits for nothing{' once its object is made' if pace is _Pace.LIKELY_QUICK else ''}, yet each request to {count} endpoint{'s' if count > 1 else ''} hops to a worker"
            " thread and back for it.",
            # One endpoint or two that pay a fifth of a millisecond are no news, nor are those that are asked now and then.
            confidence=Confidence.LIKELY
            if pace is _Pace.QUICK
            and count >= _SEVERAL
            and not is_seldom(node, module)
            and not _is_alternative(node, module)
            else Confidence.POSSIBLE,
            fix=Fix(_asynchronous, safety=Safety.SAFE) if pace is _Pace.QUICK else None,
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


def _slowest(function: ast.FunctionDef, module: Module, steps: int = _DEEP) -> _Pace:
    """How sure it is that the body, a few statements, waits for nothing: as sure as of each call in it."""
    nodes = list(own_nodes(function))
    if isinstance(function.body[-1], ast.Raise):
        return _Pace.SLOW  # `raise NotImplementedError`: another function is put in its place
    if sum(isinstance(node, ast.stmt) for node in nodes) > _MOST:
        return _Pace.SLOW
    paces = [_Pace.QUICK]
    for node in nodes:
        if isinstance(
            node, ast.Yield | ast.YieldFrom | ast.For | ast.While | ast.With | ast.Import | ast.ImportFrom
        ):
            return _Pace.SLOW
        if isinstance(node, ast.Call):
            paces.append(_pace(node, module, steps))
    return max(paces)


def _pace(call: ast.Call, module: Module, steps: int) -> _Pace:
    if module.call_flags(call) & _ONCE:
        return _Pace.LIKELY_QUICK  # the first request waits for it, and no other
    if (target := module.callee(call)) is not None:
        if target.is_async or target.function.flags & (facts.GENERATOR | facts.WRAPPED) or not steps:
            return _Pace.SLOW
        definition = module.definition(target)
        if isinstance(definition, ast.FunctionDef):
            return _slowest(definition, module, steps - 1)
        return _Pace.LIKELY_QUICK if _waits_for_nothing(target, module.project) else _Pace.SLOW
    name = module.qualified_name(call.func)
    if name is None or module.blocking(call) is not None or module.query(call) is not None:
        return _Pace.SLOW
    return _Pace.QUICK if _is_known_quick(name) else _Pace.SLOW


def _waits_for_nothing(node: Node, project: Project) -> bool:
    """Whether a function of another file, an accessor or a constructor, calls nothing that is known to take its time: what is
    unknown in it is not seen from here."""
    function = node.function
    name = node.symbol.rpartition(".")[2]
    if function.owner and name != "__init__" and not function.flags & (facts.STATIC | facts.CLASSMETHOD):
        return False  # what its object reads may ask a database: `user.roles`
    calls = [call for call in function.calls if not call.flags & (_ONCE | facts.LOAD)]
    if len(calls) > _MOST or any(call.loops for call in calls) or node.leaves:
        return False
    for call in calls:
        value = project.resolver.value(call.ref, node.module)
        if value is None or value.sort != Sort.EXTERNAL or not _is_known_quick(value.name):
            return False
    return True


def _is_known_quick(name: str) -> bool:
    return name in _QUICK or (name.startswith(_QUICK_PACKAGES) and name not in _SLOW_BUILTINS)


def _asynchronous(function: cst.FunctionDef) -> cst.FunctionDef:
    import libcst as cst

    return (
        function
        if function.asynchronous is not None
        else function.with_changes(asynchronous=cst.Asynchronous())
    )
