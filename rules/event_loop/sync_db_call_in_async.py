from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.loops import remedies
from rules.engine.loops.loop_calls import direct, group_of
from rules.engine.loops.loop_effects import confidence, effect, expected, weighs_little
from rules.engine.loops.loop_fixes import also_on, leaves, siblings
from rules.engine.reading.loop_shapes import spelled
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.traffic import is_maintenance

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module


class SyncDbCallInAsync(Rule):
    """A synchronous database call in an async function stops every request of the worker until the database answers.

    All requests of a worker share one event loop. A synchronous `Session`, cursor or Redis client waits for its
    answer inside a C call or a socket, and while it waits the loop serves nobody. A slow query thus slows down
    endpoints that never touch the database.

    ## Instead
    Make the function a plain `def` when it awaits nothing: FastAPI runs it in a worker thread, and so are its
    synchronous dependencies. Otherwise move to the asynchronous sibling: `AsyncSession` with `create_async_engine`,
    `psycopg.AsyncConnection`, `redis.asyncio`, `pymongo.AsyncMongoClient`.

    ## Trade-offs
    A plain `def` occupies one of 40 threads while it runs. With `AsyncSession` lazy loading raises, so relationships have
    to be loaded with the query. For look-ups of about a millisecond neither brings throughput; they keep one slow
    query from delaying everybody else.

    ## Monitor
    Event-loop lag p99 against the database's statement time; p95 of endpoints that use no database.

    ## When to ignore it
    In tools and scripts that serve no requests, and for an in-memory SQLite in a prototype.
    """

    code = "FP102"
    stops_loop = True
    paid_by_misses = True
    severity = Severity.CRITICAL
    said_from = Severity.HIGH
    gates = True
    effort = Effort.HOURS
    watch = "event-loop lag p99 and pool checkout time"

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order
            from shop.payments import settle

            app = FastAPI()

            @app.post("/orders/{order_id}/settle")
            async def settle_order(order_id: int, session: Session = Depends(get_session)) -> None:
                order = session.get(Order, order_id)
                await settle(order)
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy.ext.asyncio import AsyncSession

            from shop.db import get_async_session
            from shop.models import Order
            from shop.payments import settle

            app = FastAPI()

            @app.post("/orders/{order_id}/settle")
            async def settle_order(order_id: int, session: AsyncSession = Depends(get_async_session)) -> None:
                order = await session.get(Order, order_id)
                await settle(order)
            """
        ),
        Valid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order

            app = FastAPI()

            @app.get("/orders/{order_id}")
            def read_order(order_id: int, session: Session = Depends(get_session)) -> str:  # runs in a thread
                return session.get(Order, order_id).number
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.meaning.blocking is not None

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        stop = direct(node, module)
        if stop is None or stop.code != self.code:
            return
        stops = group_of(stop, module)
        if stops[0].call is not node:
            return
        function = module.function_of(node)
        where = f" in `{function.name}`" if function else ""
        match = Match(
            node,
            f"`{spelled(node.func)}`{where} is a synchronous `{stop.callable}` on the event loop: {effect(stop, module)}."
            + also_on(stops),
            severity=stop.severity,
            siblings=siblings(stops),
            leaves=leaves(stops),
            instead=remedies.of_call(stop, module),
            confidence=Confidence.POSSIBLE if is_maintenance(node, module) else confidence(stop, module),
            impact=expected(stop, module),
        )
        yield match.doubted() if weighs_little(stop, module) else match
