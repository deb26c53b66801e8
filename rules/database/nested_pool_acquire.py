from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import pool_estimates
from rules.engine.data.transactions import Held, nested_acquires
from rules.engine.finding import Options
from rules.engine.reading.loop_shapes import spelled
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    from rules.engine.module import Module


class NestedPoolAcquire(Rule):
    """A second session opened while the first keeps its connection takes two places of the pool for one request.

    Half as many requests fit. Worse: when as many requests as the pool has places hold one each and all wait for their
    second, none can go on; all of them fail after the pool's 30 seconds.

    ## Instead
    Pass the session that is open to the helper. Where a transaction of its own is wanted, end the first one before, or use
    `session.begin_nested()`.

    ## Trade-offs
    One transaction then: the helper's writes are rolled back with the rest.

    ## Monitor
    Connections checked out against requests in progress; pool time-outs.

    ## When to ignore it
    When the second session belongs to another database, or must survive a rollback of the first (an audit log).
    """

    code = "FP221"
    per_request = True
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "connections checked out per request in progress, and pool time-outs"
    impact = pool_estimates.taken_twice(Options())

    invalid = (
        Invalid(
            """
            from fastapi import FastAPI
            from sqlalchemy.orm import sessionmaker

            from shop.models import Order, Visit

            app = FastAPI()
            SessionLocal = sessionmaker()

            def count_visit(number: int) -> None:
                with SessionLocal() as session:
                    session.add(Visit(order=number))
                    session.commit()

            @app.get("/orders/{number}")
            def show(number: int) -> str:
                with SessionLocal() as session:
                    order = session.get(Order, number)
                    count_visit(number)
                    return order.address
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import FastAPI
            from sqlalchemy.orm import Session, sessionmaker

            from shop.models import Order, Visit

            app = FastAPI()
            SessionLocal = sessionmaker()

            def count_visit(session: Session, number: int) -> None:
                session.add(Visit(order=number))

            @app.get("/orders/{number}")
            def show(number: int) -> str:
                with SessionLocal() as session:
                    order = session.get(Order, number)
                    count_visit(session, number)
                    session.commit()
                    return order.address
            """
        ),
    )

    def check(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        if not module.in_request_path(node):
            return
        for held in nested_acquires(node, module):
            name = spelled(held.call.func)
            yield Match(
                held.call,
                f"`{name}` takes a second connection while `{held.session}` keeps the one it took on line {held.begun}:"
                " two places of the pool for one request.",
                confidence=Confidence.POSSIBLE
                if _is_guarded(held.call, node, module)
                or _shares_its_object(held)
                or is_seldom(held.call, module)
                else Confidence.LIKELY,
                call_path=held.call_path(module),
                related=(held.connection(module),),
                impact=pool_estimates.taken_twice(module.options),
            )
            return


def _is_guarded(call: ast.AST, function: ast.AST, module: Module) -> bool:
    """Under a branch of the function: many a request passes without it."""
    child, parent = call, module.parent(call)
    while parent is not None and parent is not function:
        if isinstance(parent, ast.If | ast.IfExp) and child is not parent.test:
            return True
        child, parent = parent, module.parent(parent)
    return False


def _shares_its_object(held: Held) -> bool:
    """Whether session and helper are of the same object: the helper may well go on with the session it finds there."""
    func = held.call.func
    return (
        bool(held.path)
        and held.session.startswith("self.")
        and isinstance(func, ast.Attribute)
        and isinstance(func.value, ast.Name)
        and func.value.id == "self"
    )
