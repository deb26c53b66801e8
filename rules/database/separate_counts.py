from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from rules.engine.data.growing_tables import grows, grows_by_name
from rules.engine.data.loads import QUERY
from rules.engine.data.small_tables import is_small
from rules.engine.finding import Impact
from rules.engine.reading.origins import origins
from rules.engine.reading.raw_sql import READ
from rules.engine.reading.raw_text import TAKES
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import own_calls, walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import serves
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    from rules.engine.data.tables import Table
    from rules.engine.module import Module

_SEVERAL = 3
"""Two are a page's number and what it shows beside."""
_COUNTING = regex(r"(?i)count\(")
_FIGURES = frozenset({"count", "sum", "avg", "max", "min"})
_GROUPED = frozenset({"group_by", "distinct", "limit", "having"})


class SeparateCounts(Rule):
    """Several counts of one table, one after another, read it once each and cost a round trip each.

    A page of figures asks for all orders, the open ones, those of today: each count is a statement of its own, and the
    database goes through the table, or an index, for each of them while the request waits.

    ## Instead
    Ask for all figures with one statement, in which each count has its own `filter(…)`. PostgreSQL and SQLite take that; elsewhere
    a sum over `case(…)` says the same. Where one column decides, count by group (`group_by`).

    ## Trade-offs
    One statement that reads the whole table may be slower than several counts that an index answers each: compare their
    plans where the conditions leave few rows.

    ## Monitor
    Statements per request, and the endpoint's p95 against the size of the table.

    ## When to ignore it
    When each count is answered from an index of its own, or the table is small.
    """

    code = "FP230"
    per_request = True
    paid_by_misses = True
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "statements per request"

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import func, select
            from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

            from shop.db import get_session

            app = FastAPI()

            class Base(DeclarativeBase):
                pass

            class Order(Base):
                __tablename__ = "orders"
                id: Mapped[int] = mapped_column(primary_key=True)
                open: Mapped[bool]
                late: Mapped[bool]

            @app.get("/figures")
            def figures(session: Session = Depends(get_session)) -> dict[str, int]:
                total = session.scalar(select(func.count()).select_from(Order))
                open_orders = session.scalar(select(func.count()).select_from(Order).where(Order.open))
                late_orders = session.scalar(select(func.count()).select_from(Order).where(Order.late))
                return {"total": total, "open": open_orders, "late": late_orders}
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import func, select
            from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

            from shop.db import get_session

            app = FastAPI()

            class Base(DeclarativeBase):
                pass

            class Order(Base):
                __tablename__ = "orders"
                id: Mapped[int] = mapped_column(primary_key=True)
                open: Mapped[bool]
                late: Mapped[bool]

            @app.get("/figures")
            def figures(session: Session = Depends(get_session)) -> dict[str, int]:
                total, open_orders, late_orders = session.execute(
                    select(func.count(), func.count().filter(Order.open), func.count().filter(Order.late)).select_from(Order)
                ).one()
                return {"total": total, "open": open_orders, "late": late_orders}
            """
        ),
    )

    def check(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        scope = module.index.scope_of.get(node)
        if (
            (scope is not None and scope.called.isdisjoint(_FIGURES | TAKES))
            or not module.source.matches(_COUNTING)
            or not serves(node, module)
        ):
            return
        figures: dict[tuple[str, tuple[int, int]], tuple[_Counted, list[ast.Call]]] = {}
        for call in own_calls(node):
            found = _of_text(call, module)
            if (
                found is None
                and module.project.models.tables
                and (table := _counted(call, module)) is not None
            ):
                name = table.symbol.rpartition(".")[2]
                found = _Counted(table.symbol or table.name, name, is_small(table), grows(table))
            if found is not None and not module.loops(call):
                key = found.key, _branch(call, node, module)
                figures.setdefault(key, (found, []))[1].append(call)
        for counted, calls in figures.values():
            if len(calls) < _SEVERAL or counted.is_small:
                continue
            first, *others = calls
            name = counted.name
            often = counted.grows and module.in_request_path(first) and not is_seldom(first, module)
            yield Match(
                first,
                f"`{node.name}` asks {len(calls)} times for figures of `{name}`, one after another: each is a round trip and reads"
                " the table anew.",
                severity=Severity.MEDIUM if often else Severity.LOW,
                confidence=Confidence.POSSIBLE,  # an index may answer each of them
                when_new=Confidence.LIKELY if often else None,
                siblings=tuple(sorted({each.lineno for each in others} - {first.lineno})),
                impact=Impact(
                    summary=f"{len(calls)} statements per request → 1",
                    formula="statements · (round trip + time to read the table)",
                    assumptions={"statements": len(calls)},
                ),
                instead=f"Ask for all figures of `{name}` with one statement: a `func.count().filter(…)` for each, or one count by"
                " group.",
            )


class _Counted(NamedTuple):
    """What is counted."""

    key: str
    name: str
    is_small: bool
    grows: bool


def _of_text(call: ast.Call, module: Module) -> _Counted | None:
    """What `cursor.execute("SELECT count(*) FROM orders WHERE open")` counts."""
    name = last_name(call.func)
    if name not in TAKES:
        return None
    raw = module.project.raw.at(module.path, call.lineno, call.col_offset, name)
    if (
        raw is None
        or raw.statement.kind != READ
        or not raw.statement.aggregate
        or len(raw.statement.tables) != 1
    ):
        return None
    if raw.statement.grouped or raw.statement.joined or raw.statement.unreadable:
        return None
    table = raw.statement.tables[0]
    return _Counted(
        f"{table} in SQL", table, raw.table is not None and is_small(raw.table), grows_by_name(table)
    )


def _branch(call: ast.Call, function: ast.AST, module: Module) -> tuple[int, int]:
    """The place of the branch that `call` stands in: what stands in different ones does not run for one request."""
    child: ast.AST = call
    parent = module.parent(call)
    while parent is not None and parent is not function:
        if isinstance(parent, ast.If | ast.IfExp | ast.ExceptHandler | ast.match_case):
            other = getattr(parent, "orelse", None)
            place = parent.pattern if isinstance(parent, ast.match_case) else parent
            return place.lineno, int(child is other or (isinstance(other, list) and child in other))
        child, parent = parent, module.parent(parent)
    return 0, 0


def _counted(call: ast.Call, module: Module) -> Table | None:
    """The table of which `call` asks the database for one number, or several in one row."""
    query = module.query(call)
    if query is None or query.kind != "select" or not isinstance(call.func, ast.Attribute):
        return None
    parts = list(walk(call))
    if call.func.attr == "count":
        if module.type_of(call.func.value) != QUERY:
            return None
        parts = list(_with_origins(call.func.value, module))
    else:
        if call.args:
            parts += _with_origins(call.args[0], module)
        else:
            parts += _with_origins(call.func.value, module)
        if not any(_is_figure(part, module) for part in parts):
            return None
    if any(isinstance(part, ast.Attribute) and part.attr in _GROUPED for part in parts):
        return None
    tables = {
        (table.path, table.symbol): table
        for part in parts
        if isinstance(part, ast.Name | ast.Attribute) and last_name(part)[:1].isupper()
        if (table := module.table(part)) is not None
    }
    return tables.popitem()[1] if len(tables) == 1 else None


def _with_origins(source: ast.expr, module: Module) -> Iterator[ast.AST]:
    """The parts of a statement, and of what a name in it was made of."""
    for part in walk(source):
        yield part
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            for made in origins(part, module):
                if made is not part:
                    yield from walk(made)


def _is_figure(part: ast.AST, module: Module) -> bool:
    """`func.count(…)`."""
    return (
        isinstance(part, ast.Call)
        and isinstance(part.func, ast.Attribute)
        and part.func.attr in _FIGURES
        and (module.qualified_name(part.func) or "").startswith("sqlalchemy.")
    )
