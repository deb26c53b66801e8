from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.data.asked_counts import COUNTS, asks_whether
from rules.engine.data.cut_pages import whole_list
from rules.engine.data.loads import LISTS, Load, is_limited, loaded, narrows
from rules.engine.reading.loop_shapes import asks_for_any, shortened, spelled
from rules.engine.reading.origins import origins
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import uses_of, walk
from rules.engine.rule import Confidence, Effort, Hop, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import serves

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_LISTING = regex(r"^_?(?:get|list|find|search|fetch|load|read|select|query|all|filter)(?:_|$)")
"""Names of functions that give a list."""
_ASKING = regex(r"(?:^|_)(?:has|is|are|can|may|exists?|any|check|count|should|verify|validate|ensure)(?:_|$)")
"""Names of functions that say yes or no, or a number."""


class ExistsByLoading(Rule):
    """Loading all rows to see whether there is one costs time and memory for each of them.

    Every row is sent and made an object, and the answer is known after the first. A count that is only compared with 0
    sends nothing, but has the database go through all that match.

    ## Instead
    Ask for one row: `session.scalar(select(Model.id).where(…).limit(1)) is not None`, or
    `select(exists().where(…))`. The database stops at the first.

    ## Trade-offs
    None, but that the rows are not in the session afterwards.

    ## Monitor
    Rows fetched per request.

    ## When to ignore it
    When there are never more than a few rows.
    """

    code = "FP210"
    per_request = True
    paid_by_misses = True
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "rows fetched per request"

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order

            app = FastAPI()

            @app.delete("/customers/{number}")
            def delete(number: int, session: Session = Depends(get_session)) -> str:
                if session.scalars(select(Order).where(Order.customer_id == number)).all():
                    return "has orders"
                return "deleted"
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order

            app = FastAPI()

            @app.delete("/customers/{number}")
            def delete(number: int, session: Session = Depends(get_session)) -> str:
                if session.scalar(select(Order.id).where(Order.customer_id == number).limit(1)) is not None:
                    return "has orders"
                return "deleted"
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.enters or (callee.is_method and (callee.spelled in LISTS or callee.spelled in COUNTS))

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        value: ast.AST = node
        parent = module.parent(node)
        if isinstance(parent, ast.Await):
            value, parent = parent, module.parent(parent)
        load = loaded(node, module)
        if load is None:
            if asks_whether(node, module):
                yield from _counted(node, module)
            else:
                yield from _through_helper(node, value, parent, module)
            return
        if not (_asks(parent, value, module) or _only_asked(parent, node, module)):
            return
        if not serves(node, module) or is_limited(load, module):
            return
        yield Match(
            node,
            f"`{shortened(module.segment(node), 70)}` loads every row, and only whether there is one is asked.",
            severity=Severity.LOW
            if narrows(load, module) or not module.in_request_path(node)
            else self.severity,
            confidence=Confidence.POSSIBLE
            if narrows(load, module) or _is_made_elsewhere(load, module)
            else Confidence.LIKELY,
            impact=estimates.rows_counted(module.options),
        )


def _counted(node: ast.Call, module: Module) -> Iterator[Match]:
    """`query.count() > 0`: the database goes through all that match, where the first would tell."""
    if not module.in_request_path(node):
        return
    yield Match(
        node,
        f"`{shortened(module.segment(node), 70)}` counts every row that matches, and only whether there is one is asked.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # how many match is not in the code
        instead="Let the database stop at the first: `session.scalar(select(exists().where(…)))`, `SELECT EXISTS(SELECT 1 FROM …"
        ' WHERE …)`, or `find_one(…, {"_id": 1}) is not None` in MongoDB.',
    )


def _is_made_elsewhere(load: Load, module: Module) -> bool:
    """Whether a function of the project makes the statement: how much it asks for is not seen here."""
    parts = [
        each
        for part in walk(load.source)
        if isinstance(part, ast.Name)
        for made in origins(part, module)
        if made is not part
        for each in walk(made)
    ]
    return any(
        isinstance(each, ast.Call) and module.callee(each) is not None
        for each in (*walk(load.source), *parts)
    )


def _through_helper(
    node: ast.Call, value: ast.AST, parent: ast.AST | None, module: Module
) -> Iterator[Match]:
    """`if await orders.open_of(customer):`: a function of the project loads the rows."""
    if not (_asks(parent, value, module) or _only_asked(parent, node, module)):
        return
    if module.callee(node) is None or not serves(node, module):
        return
    rows = whole_list(node, node, module)
    if rows is None or _ASKING.search(last_name(node.func)):
        return
    if rows.leaf is not None and not _LISTING.search(last_name(node.func)):
        return
    name = spelled(node.func)
    read = rows.loaded
    yield Match(
        node,
        f"`{name}` loads every row, and only whether there is one is asked.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # what it loads mostly belongs to one
        call_path=(
            Hop(module.path, node.lineno, name.rpartition(".")[2]),
            *(rows.leaf.path if rows.leaf is not None else ()),
            *((Hop(read.path, read.line, read.symbol),) if read is not None else ()),
        ),
        impact=estimates.rows_counted(module.options),
        instead=f"Ask for one row in a sibling of `{name.rpartition('.')[2]}`: `select(exists().where(…))` with the same conditions.",
    )


def _asks(parent: ast.AST | None, value: ast.AST, module: Module) -> bool:
    """Whether `value` counts only as true or false."""
    match parent:
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) | ast.Assert(test=test):
            return test is value
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Call(func=ast.Name(id="bool" | "any"), args=[argument]):
            return argument is value
        case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq()], comparators=[ast.List(elts=[])]):
            return left is value
        case ast.BoolOp():
            return _asks(module.parent(parent), parent, module)
    return False


def _is_counted(parent: ast.AST | None, value: ast.AST, module: Module) -> bool:
    """`len(rows) > 0`, beside another question of the same rows."""
    match parent:
        case ast.Call(func=ast.Name(id="len"), args=[argument]) if argument is value:
            compared = module.parent(parent)
            return isinstance(compared, ast.Compare) and compared.left is parent and asks_for_any(compared)
    return False


def _only_asked(parent: ast.AST | None, call: ast.Call, module: Module) -> bool:
    """`rows = query.all()`, where `rows` is then asked only whether it is empty."""
    match parent:
        case ast.Assign(targets=[ast.Name(id=name)]):
            pass
        case _:
            return False
    function = module.function_of(call)
    if function is None or isinstance(function.node, ast.Lambda):
        return False
    uses = uses_of(name, function.node)
    bound = islice((use for use in uses if not isinstance(use.ctx, ast.Load)), 2)
    if len(tuple(bound)) != 1:
        return False
    loads = [use for use in uses if isinstance(use.ctx, ast.Load)]
    return any(_asks(module.parent(use), use, module) for use in loads) and all(
        _asks(module.parent(use), use, module) or _is_counted(module.parent(use), use, module)
        for use in loads
    )
