from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.costs import estimates
from rules.engine.data.transactions import CLOSES_FIRST, held_calls, outward_calls, pinning, releases
from rules.engine.finding import Hop
from rules.engine.module import Role
from rules.engine.reading.loop_shapes import spelled
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    from rules.engine.module import Module


class ExternalCallInTransaction(Rule):
    """A call to another service inside a transaction keeps a database connection, and its locks, while it waits.

    A session takes a connection with its first statement and keeps it until it commits or closes. An HTTP request in
    between holds one of 15 connections for as long as the other side takes; after a write it holds the row locks too.

    ## Instead
    End the transaction before the call: read, `session.commit()` (or leave the `with` block), call, then open a new one to
    store the result. What must happen after a commit goes into an outbox table or a task queue.

    ## Trade-offs
    The call is no longer part of the transaction: say what happens when it succeeds and the second write fails.

    ## Monitor
    Connections `idle in transaction`; connections checked out against requests in progress; wait for a connection.

    ## When to ignore it
    When the call is quick and rare, or the pool is larger than the number of such calls at once.
    """

    code = "FP218"
    per_request = True
    about_own_line = True
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.HOURS
    watch = "connections idle in transaction, and the wait for one"

    invalid = (
        Invalid(
            """
            import httpx
            from fastapi import Depends, FastAPI
            from sqlalchemy.ext.asyncio import AsyncSession

            from shop.db import get_session
            from shop.models import Order

            app = FastAPI()
            carrier = httpx.AsyncClient()

            @app.post("/orders/{number}/ship")
            async def ship(number: int, session: AsyncSession = Depends(get_session)) -> None:
                order = await session.get(Order, number)
                answer = await carrier.post("https://carrier.example/parcels", json={"to": order.address})
                order.parcel = answer.json()["id"]
                await session.commit()
            """
        ),
    )
    valid = (
        Valid(
            """
            import httpx
            from fastapi import Depends, FastAPI
            from sqlalchemy.ext.asyncio import AsyncSession

            from shop.db import get_session
            from shop.models import Order

            app = FastAPI()
            carrier = httpx.AsyncClient()

            @app.post("/orders/{number}/ship")
            async def ship(number: int, session: AsyncSession = Depends(get_session)) -> None:
                order = await session.get(Order, number)
                address = order.address
                await session.commit()
                answer = await carrier.post("https://carrier.example/parcels", json={"to": address})
                order.parcel = answer.json()["id"]
                await session.commit()
            """
        ),
    )

    def check(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        if not module.in_request_path(node):
            return
        for held in held_calls(node, module):
            name = spelled(held.call.func)
            reaches = (
                f" reaches `{'.'.join(held.leaf.split('.')[-2:])}`" if held.path else " asks another service"
            )
            yield Match(
                held.call,
                f"`{name}`{reaches} while `{held.session}` keeps the connection it took on line {held.begun}: it is gone"
                " from the pool for as long as the other side takes.",
                # A pool runs dry under load; what an administrator does now and then takes one connection of it.
                confidence=Confidence.POSSIBLE
                if held.sometimes or is_seldom(node, module) or _is_given_back(node, held.session, module)
                else Confidence.LIKELY,
                call_path=held.call_path(module),
                related=(held.connection(module),),
                impact=estimates.connection_held(module.options),
            )
            return
        yield from self._of_dependency(node, module)

    def _of_dependency(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        """An endpoint that asks a language model while the connection lies idle that a dependency took to see who asks: FastAPI
        closes it after the response."""
        if module.role(node) is not Role.ENDPOINT or releases(node, module):
            return
        handler = module.graph_node(node)
        route = next((each for each in module.project.routing.endpoints if each.handler is handler), None)
        if handler is None or route is None:
            return
        held = next(pinning(route.dependencies, module.project), None)
        if held is None:
            return
        summaries = {each: module.project.summaries.of(each) for each in (handler, *route.dependencies)}
        asking = next(
            (each for each in route.dependencies if each is not held and summaries[each].queries), None
        )
        if asking is None or any(made.commits for made in summaries.values()):
            return
        for call, (leaf, path, sometimes) in outward_calls(node, module):
            known = libraries.external(leaf)
            if known is None or known.kind != "llm":
                continue
            name = spelled(call.func)
            yield Match(
                call,
                f"`{name}` asks a language model while `{held.symbol}` keeps the connection that `{asking.symbol}` took: it is"
                " closed only after the response.",
                confidence=Confidence.POSSIBLE,
                when_new=Confidence.POSSIBLE if sometimes or is_seldom(node, module) else Confidence.LIKELY,
                call_path=(Hop(module.path, call.lineno, name.rpartition(".")[2]), *path) if path else (),
                related=(
                    Hop(asking.path, asking.function.line, asking.symbol),
                    Hop(held.path, held.function.line, held.symbol),
                ),
                instead=f"Let `{asking.symbol}` open and close a session of its own, or end its transaction before the call:"
                " `await session.rollback()`.",
                impact=estimates.connection_held(module.options),
            )
            return


def _is_given_back(function: ast.FunctionDef | ast.AsyncFunctionDef, session: str, module: Module) -> bool:
    """Whether only background tasks run it, with the session of a request that FastAPI closed before they began."""
    version = module.version("fastapi")
    if version is None or not CLOSES_FIRST[0] <= version < CLOSES_FIRST[1] or module.is_waited_for(function):
        return False
    arguments = function.args
    return session in {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
