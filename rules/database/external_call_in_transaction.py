from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.data.transactions import CLOSES_FIRST, held_calls
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


def _is_given_back(function: ast.FunctionDef | ast.AsyncFunctionDef, session: str, module: Module) -> bool:
    """Whether only background tasks run it, with the session of a request that FastAPI closed before they began."""
    version = module.version("fastapi")
    if version is None or not CLOSES_FIRST[0] <= version < CLOSES_FIRST[1] or module.is_waited_for(function):
        return False
    arguments = function.args
    return session in {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
