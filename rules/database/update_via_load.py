from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeGuard

from rules.engine.costs import estimates
from rules.engine.data.growing_tables import grows_by_name
from rules.engine.data.per_item import is_doubtful, is_few
from rules.engine.data.round_trips import loop_of
from rules.engine.data.small_tables import is_small
from rules.engine.reading.loop_shapes import gone_over
from rules.engine.reading.rows import MANY, RESULT
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import serves
from rules.engine.service.traffic import is_seldom
from rules.libraries.sqlalchemy import SESSIONS

if TYPE_CHECKING:
    from rules.engine.data.statements import Loaded
    from rules.engine.module import Module


class UpdateViaLoad(Rule):
    """Loading rows to set the same value on each of them, or to delete them, moves every row over the network twice.

    Each row is sent, made an object, and written back with a statement of its own or in a batch of them. One `UPDATE`
    does it where the rows are.

    ## Instead
    Let one statement do it where the rows are: `session.execute(update(Model).where(…).values(…))`, or
    `session.execute(delete(Model).where(…))`.

    ## Trade-offs
    ORM events, validators and `onupdate` functions written in Python do not run for a bulk update, and objects that are loaded
    already keep their old values until they are refreshed.

    ## Monitor
    Rows fetched and statements per request.

    ## When to ignore it
    When the model's events must run for each row, or the rows are few.
    """

    code = "FP214"
    per_request = True
    severity = Severity.LOW
    effort = Effort.MINUTES
    watch = "rows fetched and statements per request"

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

            from shop.db import get_session

            app = FastAPI()

            class Base(DeclarativeBase):
                pass

            class Order(Base):
                __tablename__ = "orders"
                id: Mapped[int] = mapped_column(primary_key=True)
                open: Mapped[bool]

            @app.post("/orders/close")
            def close_orders(session: Session = Depends(get_session)) -> None:
                for order in session.scalars(select(Order).where(Order.open)):
                    order.open = False
                session.commit()
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import update
            from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

            from shop.db import get_session

            app = FastAPI()

            class Base(DeclarativeBase):
                pass

            class Order(Base):
                __tablename__ = "orders"
                id: Mapped[int] = mapped_column(primary_key=True)
                open: Mapped[bool]

            @app.post("/orders/close")
            def close_orders(session: Session = Depends(get_session)) -> None:
                session.execute(update(Order).where(Order.open).values(open=False))
                session.commit()
            """
        ),
    )

    def check(self, node: ast.For, module: Module) -> Iterator[Match]:
        if not isinstance(node.target, ast.Name) or node.orelse or not serves(node, module):
            return
        if _deletes_each(node, node.target.id):
            yield from _deleted(node, module)
            return
        yield from _deleted_one_by_one(node, module)
        names = _set_alike(node, node.target.id, module)
        if not names or _is_used_elsewhere(node, module):
            return
        found = module.rows(node.iter)
        if len(found) != 1 or found[0].stage not in (MANY, RESULT) or not found[0].many or found[0].reads:
            return
        table = found[0].table
        if any(table.column(name) is None for name in names) or _is_one(found[0]):
            return
        model = table.symbol.rpartition(".")[2]
        values = ", ".join(f"{name}=…" for name in names)
        yield Match(
            node,
            f"Every `{model}` is loaded only to set {' and '.join(f'`{name}`' for name in names)} to the same value:"
            " one `UPDATE` does it without moving a row.",
            confidence=Confidence.POSSIBLE
            if not module.in_request_path(node)
            or any(isinstance(part, ast.Call) and _is_clock(part) for part in walk(node))
            or is_small(table)
            or is_seldom(node, module)
            or is_doubtful(node, module)
            else Confidence.LIKELY,
            impact=estimates.rows_changed(module.options, module.turns(node.iter)),
            instead=f"Let one statement do it: `session.execute(update({model}).where(…).values({values}))`.",
        )


def _deleted(loop: ast.For, module: Module) -> Iterator[Match]:
    """Rows that are loaded only to be deleted, of a table whose rows own no others that the session would delete too."""
    found = module.rows(loop.iter)
    if len(found) != 1 or found[0].stage not in (MANY, RESULT) or not found[0].many or found[0].reads:
        return
    table = found[0].table
    if not (grows_by_name(table.name) or grows_by_name(table.symbol)):
        return  # who belongs to a group, say: some rows, and none of them wide
    owns = any(each.many or each.secondary for each in table.relationships.values())
    if owns or _is_one(found[0]) or _is_used_elsewhere(loop, module) or not module.in_request_path(loop):
        return
    model = table.symbol.rpartition(".")[2]
    yield Match(
        loop,
        f"Every `{model}` is loaded only to be deleted: one `DELETE` does it without moving a row.",
        confidence=Confidence.POSSIBLE,  # the model's events may have to run
        impact=estimates.rows_changed(module.options, module.turns(loop.iter)),
        instead=f"Let one statement do it: `session.execute(delete({model}).where(…))`.",
    )


def _deleted_one_by_one(loop: ast.For, module: Module) -> Iterator[Match]:
    """`session.delete(order)` beside other things that each turn does: a statement for each row, after one for each that it owns."""
    call = next((each for each in walk(loop) if _deletes_row(each, module)), None)
    if call is None or loop_of(call, module) is not loop or not module.in_request_path(loop):
        return
    row = call.args[0]
    table = module.table(row)
    found = module.rows(row) if table is None else ()
    table = found[0].table if len(found) == 1 and not found[0].reads else table
    if table is None or not (grows_by_name(table.name) or grows_by_name(table.symbol)):
        return
    if is_few(loop, module) or is_doubtful(loop, module) or is_seldom(loop, module):
        return
    model = table.symbol.rpartition(".")[2]
    yield Match(
        call,
        f"`{module.segment(call)}` deletes one `{model}` at a time: a `DELETE` for each item of"
        f" `{gone_over(loop, module.segment)}`.",
        confidence=Confidence.POSSIBLE,  # the driver may send them together, and the model's events may have to run
        impact=estimates.rows_changed(module.options, module.turns(loop.iter)),
        instead=f"Collect the keys and delete them with one statement: `session.execute(delete({model}).where({model}.id.in_(keys)))`.",
    )


def _deletes_row(node: ast.AST, module: Module) -> TypeGuard[ast.Call]:
    match node:
        case ast.Call(func=ast.Attribute(attr="delete", value=session), args=[ast.Name()], keywords=[]):
            return module.type_of(session) in SESSIONS
    return False


def _deletes_each(loop: ast.For, row: str) -> bool:
    """Whether the turns do nothing but `session.delete(order)`."""
    for statement in loop.body:
        match statement:
            case ast.Expr(
                value=ast.Call(func=ast.Attribute(attr="delete"), args=[ast.Name(id=deleted)])
                | ast.Await(value=ast.Call(func=ast.Attribute(attr="delete"), args=[ast.Name(id=deleted)]))
            ) if deleted == row:
                pass
            case _:
                return False
    return True


def _is_one(loaded: Loaded) -> bool:
    """Whether the query asks for a key of its own: one row, however it is gone through."""
    keys = [name for name, column in loaded.table.columns.items() if column.primary]
    for word in loaded.filters:
        column = loaded.table.column(word[1:]) if word.startswith(".") else None
        if column is not None and (column.unique or keys == [word[1:]]):
            return True
    return False


def _set_alike(loop: ast.For, row: str, module: Module) -> list[str]:
    """The attributes that each turn sets to what does not depend on the row; empty when it does anything else."""
    names = []
    for statement in loop.body:
        match statement:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=owner), attr=name)], value=value) if (
                owner == row
            ):
                if module.depends_on_loop(value, loop) or any(
                    isinstance(part, ast.Await) or (isinstance(part, ast.Call) and not _is_clock(part))
                    for part in walk(value)
                ):
                    return []
                names.append(name)
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="add"), args=[ast.Name(id=added)])) if (
                added == row
            ):
                pass
            case _:
                return []
    return names


def _is_clock(call: ast.Call) -> bool:
    """`datetime.now(UTC)`, `utc_now()`: one moment for all rows is as good."""
    return last_name(call.func).lower().endswith(("now", "today"))


def _is_used_elsewhere(loop: ast.For, module: Module) -> bool:
    """Whether the loaded rows serve something else too."""
    function = module.function_of(loop)
    if function is None or not isinstance(loop.iter, ast.Name):
        return function is None
    uses = [
        part
        for part in walk(function.node)
        if isinstance(part, ast.Name)
        and part.id == loop.iter.id
        and isinstance(part.ctx, ast.Load)
        and not _is_counted(part, module)
    ]
    return len(uses) != 1


def _is_counted(rows: ast.Name, module: Module) -> bool:
    """`len(orders)`: the statement's `rowcount` says as much."""
    call = module.parent(rows)
    return isinstance(call, ast.Call) and module.qualified_name(call.func) == "builtins.len"
