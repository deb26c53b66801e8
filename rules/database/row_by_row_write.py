from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.data.embedded import is_embedded
from rules.engine.data.growing_loops import grows
from rules.engine.data.per_item import sounds_few
from rules.engine.data.round_trips import (
    confidence_of,
    goes_out,
    is_isolated,
    lines_of,
    loop_of,
    nearest,
    one_table,
    said_together,
    way_to,
    writes_row,
)
from rules.engine.finding import Hop
from rules.engine.module import Role
from rules.engine.reading.loop_shapes import gone_over, spelled
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    from rules.engine.costs.summaries import Leaf
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_FAR = 4
_INSTEAD = {
    "sqlalchemy": "Collect the rows and write them with one `session.execute(insert(Model), rows)`, or change them with"
    " one `update(Model).where(Model.id.in_(ids))`.",
    "tortoise": "Collect the objects and write them with one `Model.bulk_create(objects)` or `Model.bulk_update(objects, fields)`.",
    "beanie": "Collect the documents and write them with one `insert_many`, or a `BulkWriter`.",
    "pymongo": "Collect the documents and write them with one `insert_many(documents)` or `bulk_write(operations)`.",
    "asyncpg": "Collect the rows and write them with one `executemany(sql, rows)` or `copy_records_to_table`.",
    "peewee": "Collect the rows and write them with one `Model.insert_many(rows).execute()`.",
    "django": "Collect the objects and write them with one `bulk_create(objects)`, or one `filter(...).update(...)`.",
}
_OF_STATEMENT = {
    "Insert": "Collect the rows and write them with one `session.execute(insert(Model), rows)`.",
    "Update": "Change all with one `update(Model).where(Model.id.in_(ids))`; where the values differ, with one"
    " `session.execute(update(Model), rows)`, the key in each row.",
    "Delete": "Delete all with one `delete(Model).where(Model.id.in_(ids))`.",
}
"""What to do instead of a statement of SQLAlchemy that is seen to be of this kind."""
_PLAIN = "Collect the rows and write them with one `executemany`."


class RowByRowWrite(Rule):
    """A writing statement per row pays a round trip per row, where one statement writes them all.

    A hundred inserts one after another wait a hundred times for the network and are parsed a hundred times. One insert of a
    hundred rows, or one update with `in_`, waits once.

    ## Instead
    Collect the rows and write them with one statement: `session.execute(insert(Model), rows)`, `executemany`,
    `insert_many` or `bulk_create`; a change that is the same for all is one
    `update(Model).where(Model.id.in_(ids))`. Adding objects to a session and flushing once is fine too:
    SQLAlchemy batches it.

    ## Trade-offs
    All rows succeed or fail together, and per-row results (generated keys, row counts) need `returning`. Thousands
    of rows go in batches.

    ## Monitor
    Statements per request, and the duration of the import against its number of rows.

    ## When to ignore it
    When the loop is short by design, or a row depends on the answer to the one before.
    """

    code = "FP213"
    per_request = True
    about_own_line = True
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "statements per request"

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import insert
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Product

            app = FastAPI()

            @app.post("/products/import")
            def import_products(names: list[str], session: Session = Depends(get_session)) -> None:
                for name in names:
                    session.execute(insert(Product).values(name=name))
                session.commit()
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import insert
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Product

            app = FastAPI()

            @app.post("/products/import")
            def import_products(names: list[str], session: Session = Depends(get_session)) -> None:
                session.execute(insert(Product), [{"name": name} for name in names])
                session.commit()
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.meaning.query is not None or callee.enters

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if not module.is_repeated(node):
            return
        path: tuple[Hop, ...] = ()
        leaf = None
        if module.query(node) is None:
            summary = module.summary(node)
            if summary is None or not summary.writes or goes_out(summary):
                return
            leaf = nearest(summary.writes)
            if leaf is None or len(leaf.path) > _FAR or nearest(summary.reads) or summary.commits:
                return
            path = way_to(node, leaf, module)
        elif not writes_row(node, module):
            return
        loop = loop_of(node, module)
        if loop is None or not one_table(node, loop, module):
            return
        confidence = (
            Confidence.POSSIBLE
            if is_isolated(node, loop, module)
            or _is_counted(node, loop, module)
            or is_seldom(node, module)
            or not grows(loop, module)
            else confidence_of(node, loop, leaf, module)
        )
        severity, costs = _severity(node, module), "one round trip to the database each"
        embedded = is_embedded(_written_by(node, leaf, module), module)
        if embedded:
            severity, confidence = Severity.LOW, Confidence.POSSIBLE
            costs = "one statement in the process each"
        also, swallowed = said_together(node, loop, confidence, module)
        yield Match(
            node,
            f"`{spelled(node.func)}` writes once per item of `{gone_over(loop, module.segment)}`:"
            f" {costs}, where one statement writes all rows{also}.",
            severity=severity,
            confidence=confidence,
            call_path=path,
            swallows=tuple(each for each in swallowed if each[0] == self.code),
            siblings=lines_of(swallowed),
            impact=None if embedded else estimates.rows_written(module.options, module.turns_around(node)),
            instead=_instead(node, module),
        )


def _written_by(call: ast.Call, leaf: Leaf | None, module: Module) -> str:
    query = module.query(call)
    if leaf is not None:
        return leaf.callable
    return query.name if query is not None else ""


def _is_counted(call: ast.Call, loop: ast.AST, module: Module) -> bool:
    """Whether each turn looks at how many rows its own statement changed: one statement for all would not tell."""
    statement = module.statement(call)
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return False
    name = statement.targets[0].id
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in ("rowcount", "matched_count", "modified_count", "deleted_count")
        and isinstance(node.value, ast.Name)
        and node.value.id == name
        for node in walk(loop)
    )


def _severity(node: ast.Call, module: Module) -> Severity:
    if is_seldom(node, module) or any(map(sounds_few, module.loops(node))):
        return Severity.LOW
    if module.in_request_path(node) or module.role(node) in (Role.TASK, Role.BACKGROUND):
        return Severity.MEDIUM
    return Severity.LOW


def _instead(node: ast.Call, module: Module) -> str:
    query = module.query(node)
    if query is None:
        return ""
    return _OF_STATEMENT.get(_kind_of_statement(node, module)) or _INSTEAD.get(query.driver, _PLAIN)


def _kind_of_statement(node: ast.Call, module: Module) -> str:
    """`Delete` of `session.execute(delete(Order))` and of `session.query(Order).delete()`; empty where nobody sees it."""
    called = module.qualified_name(node.func) or ""
    if called.startswith("sqlalchemy.orm.Query."):
        return called.rpartition(".")[2].capitalize()
    return (module.type_of(node.args[0]) or "").removeprefix("sqlalchemy.sql.") if node.args else ""
