from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs.waits import session_of
from rules.engine.linking import gathers
from rules.engine.reading.walking import names_stored
from rules.engine.rule import Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.traffic import is_for_admins

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module


_GUARDS = (".Lock", ".Semaphore", ".BoundedSemaphore")


class SharedSessionInGather(Rule):
    """One database session used by several tasks at once raises, or mixes up their results: the request answers 500.

    An `AsyncSession`, and a connection under it, serves one statement at a time. `gather` starts a second one while the first is
    under way; SQLAlchemy and asyncpg refuse that, and what gets through sees half of the other's transaction. It often passes
    in tests, where the database answers too fast to be caught.

    ## Instead
    Await the queries one after another, or open a session for each task: `async with async_session() as session:` inside the
    coroutine. Often one statement can ask for both.

    ## Trade-offs
    A session per task takes a connection per task from the pool, and each has a transaction of its own.

    ## Monitor
    Rate of 5xx responses; "concurrent operations are not permitted" and "another operation is in progress" in the log.

    ## When to ignore it
    When the object is a pool that hands out a connection per call.
    """

    code = "FP114"
    severity = Severity.HIGH
    said_from = Severity.CRITICAL
    gates = True
    effort = Effort.HOURS
    watch = "rate of 5xx responses"

    invalid = (
        Invalid(
            """
            import asyncio

            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.ext.asyncio import AsyncSession

            from shop.db import get_session
            from shop.models import Customer, Order

            app = FastAPI()

            @app.get("/dashboard")
            async def dashboard(session: AsyncSession = Depends(get_session)) -> int:
                orders, customers = await asyncio.gather(
                    session.scalars(select(Order)),
                    session.scalars(select(Customer)),
                )
                return len(orders.all()) + len(customers.all())
            """
        ),
    )
    valid = (
        Valid(
            """
            import asyncio

            from fastapi import FastAPI
            from sqlalchemy import func, select
            from sqlalchemy.ext.asyncio import async_sessionmaker

            from shop.models import Customer, Order

            app = FastAPI()
            sessions = async_sessionmaker()

            async def count(model: type) -> int:
                async with sessions() as session:  # one session per task
                    return await session.scalar(select(func.count()).select_from(model)) or 0

            @app.get("/dashboard")
            async def dashboard() -> int:
                return sum(await asyncio.gather(count(Order), count(Customer)))
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name in gathers.GATHER

    def check(self, node: ast.Call | ast.AsyncWith, module: Module) -> Iterator[Match]:
        users: dict[str, list[ast.Call]] = {}
        together = (
            gathers.members(node, module) if isinstance(node, ast.Call) else gathers.spawned(node, module)
        )
        for member in together:
            for session in _sessions(member, module):
                users.setdefault(session, []).append(member)
        for session, calls in users.items():
            if len(calls) > 1 or _repeats(calls[0], node, session, module):
                group = node.func if isinstance(node, ast.Call) else node.items[0].context_expr
                match = Match(
                    node if isinstance(node, ast.Call) else calls[-1],
                    f"`{session}` is used by several tasks of `{module.segment(group)}` at once: a session serves one"
                    " statement at a time, so it raises or mixes up their results.",
                )
                # Elsewhere it has worked for years: drivers let one wait for the other, and few come by.
                met = module.in_request_path(node) and not is_for_admins(node, module)
                yield match if met else match.doubted()
                return


def _sessions(call: ast.Call, module: Module) -> set[str]:
    """The sessions that a coroutine works with: it is one's own method, or gets one and asks the database."""
    found: set[str] = set()
    if isinstance(call.func, ast.Attribute) and (session := session_of(call.func.value, module)) is not None:
        found.add(session)
    for value in (*call.args, *(keyword.value for keyword in call.keywords)):
        if (session := session_of(value, module)) is not None:
            found.add(session)
    if not found or _brings_guard(call, module):
        return set()
    if module.query(call) is not None:
        return found
    summary = module.summary(call)
    return (
        found if summary is not None and summary.is_async and (summary.queries or summary.commits) else set()
    )


def _brings_guard(call: ast.Call, module: Module) -> bool:
    """Whether a coroutine gets a lock with the session, or an object that holds one beside it: then they take turns, or
    only those that have no connection of their own do."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if isinstance(call.func, ast.Attribute):
        given.append(call.func.value)
    return any(_is_guard(module.type_of(value) or "") or _holds_guard(value, module) for value in given)


def _holds_guard(value: ast.expr, module: Module) -> bool:
    found = module.value(value)
    if found is None or found.module is None:
        return False
    for owner in module.project.resolver.ancestry(found):
        cls = owner.home.classes.get(owner.symbol) if owner.module is not None else None
        if cls is not None and any(_is_guard(reference) for reference in cls.attributes.values()):
            return True
    return False


def _is_guard(reference: str) -> bool:
    return reference.rstrip(":()").endswith(_GUARDS)


def _repeats(call: ast.Call, gather: ast.AST, session: str, module: Module) -> bool:
    """Whether the call is made once per item with a session from outside of the loop."""
    around = [loop for loop in module.loops(call) if loop not in module.loops(gather)]
    if not around or module.is_short(around[-1]):
        return False
    inside = {name for loop in around for name in names_stored(loop)}
    return session.partition(".")[0] not in inside
