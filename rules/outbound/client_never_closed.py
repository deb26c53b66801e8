from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.kept_answers import once
from rules.engine.reading.loop_shapes import spelled
from rules.engine.rule import Confidence, Effort, Impact, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module
    from rules.engine.project import Project

_HTTP = frozenset({"httpx.AsyncClient", "httpx2.AsyncClient", "aiohttp.ClientSession"})
_ENTERING = ("enter_async_context", "push_async_callback", "push_async_exit")


class ClientNeverClosed(Rule):
    """A shared client that nobody closes at shutdown cuts its connections off, and requests that still run on them fail.

    At each deployment the process ends with open connections: peers log resets, and `aiohttp` warns of an unclosed session.

    ## Instead
    Make it in the lifespan: `async with httpx.AsyncClient() as client: app.state.client = client; yield`.

    ## Trade-offs
    A module-level client is shorter; the lifespan also makes it on the right event loop.

    ## Monitor
    Connection resets during deployments.

    ## When to ignore it
    When the process lives as long as its machine.
    """

    code = "FP611"
    severity = Severity.LOW
    said_from = Severity.MEDIUM
    effort = Effort.MINUTES
    watch = "connection resets during deployments"

    invalid = (
        Invalid(
            """
            client = httpx.AsyncClient()

            @app.get("/rates")
            async def rates() -> dict[str, float]:
                return (await client.get("https://rates.example/latest")).json()
            """
        ),
    )
    valid = (
        Valid(
            """
            @asynccontextmanager
            async def lifespan(app: FastAPI) -> AsyncIterator[None]:
                async with httpx.AsyncClient() as client:
                    app.state.client = client
                    yield
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return libraries.canonical(callee.name) in _HTTP

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        name = libraries.canonical(module.qualified_name(node.func) or "")
        client = libraries.client(name) if name in _HTTP else None
        if client is None or not module.project.routing.endpoints or not _is_kept(node, module):
            return
        if f".{client.close}(" in module.source.text or _closed(module.project, client.close):
            return
        yield Match(
            node,
            f"`{spelled(node.func)}` is kept for the life of the process and nothing in the project closes it.",
            confidence=Confidence.LIKELY,
            impact=Impact(summary="open connections are cut off at each shutdown"),
            instead=f"Make it in the lifespan, under `async with`, or `await client.{client.close}()` after its `yield`.",
        )


def _is_kept(call: ast.Call, module: Module) -> bool:
    """Whether the client is bound to a module-level name or to the application's state."""
    statement = module.statement(call)
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is not call:
        return False
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    if isinstance(target, ast.Name):
        return module.function_of(call) is None and isinstance(module.parent(statement), ast.Module)
    return isinstance(target, ast.Attribute) and ast.unparse(target.value).endswith(".state")


def _closed(project: Project, method: str) -> bool:
    """Whether anything in the project calls a method of that name, or enters what it was given."""
    return not _named(project).isdisjoint((method, *_ENTERING))


@once
def _named(project: Project) -> frozenset[str]:
    """The last names of what the functions of a project call or pass on."""
    return frozenset(
        call.ref.rpartition(".")[2] for node in project.graph.nodes.values() for call in node.function.calls
    )
