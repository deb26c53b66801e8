from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.data import expired
from rules.engine.finding import Impact
from rules.engine.reading.blocks import blocks_of
from rules.engine.reading.scopes import FUNCTIONS
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Hop, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import serves

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_PRIMARY = "id"


class RefreshAfterCommit(Rule):
    """Refreshing an object after the commit, when at most its key is read then, is a query that brings nothing new.

    The insert returned the key, so `flush` (which `commit` does first) sets it. `refresh` selects the whole row again: one
    more round trip per request. Without a refresh the session does the same when an object is read that the commit expired: of a
    list of them one query per item, also for their keys.

    ## Instead
    Call `session.flush()`, read the key, then commit; or drop the refresh where nothing of the object is read afterwards. Sessions
    that are made with `expire_on_commit=False` keep what their objects hold.

    ## Trade-offs
    Without a refresh the object does not show what triggers and server defaults wrote.

    ## Monitor
    Statements per request.

    ## When to ignore it
    When the refresh is there to see what the database changed on its own.
    """

    code = "FP224"
    per_request = True
    severity = Severity.LOW
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "statements per request"

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order

            app = FastAPI()

            @app.post("/orders")
            def create(session: Session = Depends(get_session)) -> int:
                order = Order()
                session.add(order)
                session.commit()
                session.refresh(order)
                return order.id
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order

            app = FastAPI()

            @app.post("/orders")
            def create(session: Session = Depends(get_session)) -> int:
                order = Order()
                session.add(order)
                session.flush()
                number = order.id
                session.commit()
                return number
            """
        ),
        Valid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order

            app = FastAPI()

            @app.post("/orders")
            def create(session: Session = Depends(get_session)) -> Order:
                order = Order()
                session.add(order)
                session.commit()
                session.refresh(order)
                return order
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.meaning.query is not None

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        query = module.query(node)
        if query is not None and query.kind == "commit" and not query.is_async:
            yield from _read_one_by_one(node, module)
            return
        if query is None or query.kind != "refresh" or len(node.args) != 1 or node.keywords:
            return
        refreshed = node.args[0]
        function = module.function_of(node)
        if (
            not isinstance(refreshed, ast.Name)
            or function is None
            or module.is_repeated(node)
            or not serves(node, module)
        ):
            return
        bindings = module.index.scope_at(node).bindings.get(refreshed.id, [])
        if any(binding.kind == "parameter" for binding in bindings):
            return  # the caller has it too, and may read anything
        statement = module.statement(node)
        if statement is None or not _after_commit(statement, module):
            return
        if _updates_by_statement(function.node, module):
            return  # the object does not know what the statement wrote
        later = [
            each
            for each in walk(function.node)
            if isinstance(each, ast.Name)
            and each.id == refreshed.id
            and (each.lineno, each.col_offset) > (node.end_lineno or 0, node.end_col_offset or 0)
        ]
        if any(not _is_key(each, module) for each in later):
            return
        what = f"only `{refreshed.id}.{_PRIMARY}` is read" if later else f"nothing reads `{refreshed.id}`"
        yield Match(
            node,
            f"`{module.segment(node)}` selects the whole row again, and {what} afterwards: one more round trip.",
            # After a failure one row more is nothing.
            confidence=Confidence.POSSIBLE if _is_after_failure(node, module) else Confidence.LIKELY,
            when_new=Confidence.LIKELY,
            instead=""
            if later
            else f"Drop `{module.segment(node)}`: nothing of `{refreshed.id}` is read afterwards.",
            sketch="" if later else f"-{module.source.lines[statement.lineno - 1]}\n",
        )


def _read_one_by_one(commit: ast.Call, module: Module) -> Iterator[Match]:
    """`session.commit()`, then `[order.id for order in orders]`: the session loads each of them again."""
    if module.is_repeated(commit) or not serves(commit, module) or module.project.keeps_on_commit:
        return
    found = expired.each_after(commit, module)
    if found is None:
        return
    entity = found.table.symbol.rpartition(".")[2]
    yield Match(
        found.node,
        f"`{module.segment(commit)}` expired each `{entity}` of `{found.name}`: `{module.segment(found.node)}` selects its row again, one"
        " query per item.",
        severity=Severity.MEDIUM,
        confidence=Confidence.POSSIBLE,  # how the session was made, another package may decide
        when_new=Confidence.LIKELY,
        related=(Hop(module.path, commit.lineno, module.symbol_at(commit)),),
        impact=Impact("one query per object → none", "n·(RTT + q) → 0"),
        instead="Read what is needed before the commit (`session.flush()` sets the keys), or make the sessions with"
        " `expire_on_commit=False`.",
    )


def _is_after_failure(node: ast.Call, module: Module) -> bool:
    """Whether it happens in an `except`, or on the way to a `raise`."""
    current = module.parent(node)
    while current is not None and not isinstance(current, FUNCTIONS):
        if isinstance(current, ast.ExceptHandler):
            return True
        if isinstance(current, ast.If):
            arm = current.body if node.lineno <= (current.body[-1].end_lineno or 0) else current.orelse
            if arm and isinstance(arm[-1], ast.Raise):
                return True
        current = module.parent(current)
    return False


def _updates_by_statement(function: ast.AST, module: Module) -> bool:
    return any(
        isinstance(each, ast.Call) and module.qualified_name(each.func) == "sqlalchemy.update"
        for each in walk(function)
    )


def _after_commit(statement: ast.stmt, module: Module) -> bool:
    """The statement before it commits."""
    around = module.parent(statement)
    for body in blocks_of(around):
        if statement in body:
            position = body.index(statement)
            before = body[position - 1] if position else None
            if before is None:
                return False
            return any(
                isinstance(each, ast.Call)
                and (query := module.query(each)) is not None
                and query.kind == "commit"
                for each in walk(before)
            )
    return False


def _is_key(name: ast.Name, module: Module) -> bool:
    parent = module.parent(name)
    return isinstance(parent, ast.Attribute) and parent.attr == _PRIMARY and isinstance(parent.ctx, ast.Load)
