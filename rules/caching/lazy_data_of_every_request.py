from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.module import Module

MANY = 5
"""So many endpoints make data something that every request reads."""


class LazyDataOfEveryRequest(Rule):
    """Data that every request reads is fetched by the first one, which waits for it, in each worker.

    After a deployment, and after each scaling out, the first requests pay for loading what all need; several at once may
    load it several times.

    ## Instead
    Warm it up: load it in the lifespan, before the application takes requests, and let the readiness probe wait for it.

    ## Trade-offs
    The process starts later, and does not start when the source is down: decide whether that is wanted.

    ## Monitor
    p99 in the first minute after a deployment.
    """

    code = "FP314"
    severity = Severity.INFO
    effort = Effort.MINUTES
    watch = "p99 in the first minute after a deployment"

    invalid = (
        Invalid(
            """
            _plans: dict[str, int] | None = None

            async def plans() -> dict[str, int]:
                global _plans
                if _plans is None:
                    async with httpx.AsyncClient() as client:
                        _plans = (await client.get("https://billing.example/plans")).json()
                return _plans

            @app.get("/a")
            async def a(found: dict[str, int] = Depends(plans)) -> int: ...

            @app.get("/b")
            async def b(found: dict[str, int] = Depends(plans)) -> int: ...

            @app.get("/c")
            async def c(found: dict[str, int] = Depends(plans)) -> int: ...

            @app.get("/d")
            async def d(found: dict[str, int] = Depends(plans)) -> int: ...

            @app.get("/e")
            async def e(found: dict[str, int] = Depends(plans)) -> int: ...
            """
        ),
    )
    valid = (
        Valid(
            """
            @asynccontextmanager
            async def lifespan(app: FastAPI) -> AsyncIterator[None]:
                async with httpx.AsyncClient() as client:
                    app.state.plans = (await client.get("https://billing.example/plans")).json()
                yield

            app = FastAPI(lifespan=lifespan)

            @app.get("/a")
            async def a(request: Request) -> int:
                return len(request.app.state.plans)
            """
        ),
    )

    def check(self, node: ast.If, module: Module) -> Iterator[Match]:
        name = _guarded(node.test)
        function = module.function_of(node)
        if (
            not name
            or function is None
            or isinstance(function.node, ast.Lambda)
            or len(module.endpoints(node)) < MANY
        ):
            return
        if not any(isinstance(each, ast.Global) and name in each.names for each in walk(function.node)):
            return
        for statement in node.body:
            for call in walk(statement):
                if isinstance(call, ast.Call) and _fetches(call, module):
                    yield Match(
                        node,
                        f"`{name}` is read by {len(module.endpoints(node))} endpoints and fetched with `{spelled(call.func)}` by"
                        " the first request of each worker.",
                        confidence=Confidence.POSSIBLE,
                    )
                    return


def _guarded(test: ast.expr) -> str:
    """The name in `if name is None` or `if not name`."""
    match test:
        case ast.Compare(left=ast.Name(id=name), ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return name
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=name)):
            return name
    return ""


def _fetches(call: ast.Call, module: Module) -> bool:
    if module.external(call) is not None or module.query(call) is not None:
        return True
    summary = module.summary(call)
    return summary is not None and bool(summary.external or summary.queries)
