from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.data.growing_tables import grows
from rules.engine.data.raw_queries import Raw
from rules.engine.data.reference_tables import is_reference
from rules.engine.data.small_tables import is_small
from rules.engine.data.tables import Column, Table
from rules.engine.reading.origins import origins
from rules.engine.reading.raw_text import TAKES
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Hop, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_WHERE = frozenset({"where", "filter"})
_FUNCTIONS = frozenset(
    {"lower", "upper", "trim", "date", "date_trunc", "coalesce", "cast", "extract", "substr", "length"}
)

_MAKING = regex(r"_*(?:create|add|register|invite|new|sign_?up)(?:_|$)")

_DEEPEST = 3
"""Names behind each other that a pattern may have."""


class IndexDefeatingPredicate(Rule):
    """A function around an indexed column, or a pattern that starts with `%`, makes the database read the whole table.

    An index is sorted by its column: it cannot answer `lower(column) = …` or `column LIKE '%…'`. The index is there, is
    kept up to date by every write, and is not used.

    ## Instead
    Compare the column itself: store what is compared (lower case, a day), use a range instead of `date(...)`,
    or make an index on the expression. For text search take a trigram index (`pg_trgm`, `gin_trgm_ops`) or
    full-text search.

    ## Trade-offs
    An index on an expression serves exactly this expression. Trigram indexes are large and slow writes down.

    ## Monitor
    Slow query log, sequential scans of the table.

    ## When to ignore it
    When the table stays small, or an index on the expression exists that the models do not show.
    """

    code = "FP208"
    about_own_line = True
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.HOURS
    watch = "slow query log"

    invalid = (
        Invalid(
            """
            from typing import Annotated

            from fastapi import Depends, FastAPI
            from sqlalchemy import func, select
            from sqlalchemy.orm import Mapped, Session, mapped_column

            from shop.db import Base, get_session

            app = FastAPI()

            class Customer(Base):
                __tablename__ = "customers"
                id: Mapped[int] = mapped_column(primary_key=True)
                email: Mapped[str] = mapped_column(unique=True)

            @app.get("/customers/{email}")
            def find(email: str, session: Annotated[Session, Depends(get_session)]) -> int:
                return session.scalars(select(Customer).where(func.lower(Customer.email) == email.lower())).one().id
            """
        ),
    )
    valid = (
        Valid(
            """
            from typing import Annotated

            from fastapi import Depends, FastAPI
            from sqlalchemy import Index, func, select
            from sqlalchemy.orm import Mapped, Session, mapped_column

            from shop.db import Base, get_session

            app = FastAPI()

            class Customer(Base):
                __tablename__ = "customers"
                id: Mapped[int] = mapped_column(primary_key=True)
                email: Mapped[str] = mapped_column(unique=True)

            Index("ix_customers_email", func.lower(Customer.email))

            @app.get("/customers/{email}")
            def find(email: str, session: Annotated[Session, Depends(get_session)]) -> int:
                return session.scalars(select(Customer).where(func.lower(Customer.email) == email.lower())).one().id
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        if callee.spelled in TAKES:
            return True
        return callee.is_method and (callee.spelled in _WHERE or callee.spelled == "order_by")

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if (name := last_name(node.func)) in TAKES:
            raw = module.project.raw.at(module.path, node.lineno, node.col_offset, name)
            if raw is not None:
                yield from _in_text(node, raw)
        if not isinstance(node.func, ast.Attribute) or not module.reached(node):
            return
        if node.func.attr == "order_by":
            yield from _at_random(node, module)
            return
        if node.func.attr not in _WHERE:
            return
        if len(node.args) != 1 or not _is_alone(node):
            return
        found = _wrapped(node.args[0], module) or _leading(node.args[0], module)
        if found is None:
            return
        expression, table, column, severity = found
        if not table.is_indexed(column):
            yield from _without_index(expression, table, column, module)
            return
        if any("" in columns for columns in table.indexes) or table.opaque:
            return
        entity = table.symbol.rpartition(".")[2]
        yield Match(
            expression,
            f"`{module.segment(expression)}` cannot use the index on `{entity}.{column.attribute}`: each call reads all of"
            f" `{table.name}`.",
            severity=severity,
            # A search within words is mostly wanted, and small tables do not mind.
            confidence=Confidence.POSSIBLE
            if severity is Severity.LOW
            or is_small(table)
            or not grows(table)
            or is_reference(table, module.project)
            or _comes_before_new(node, entity, module)
            else Confidence.LIKELY,
            call_path=_way(expression, table, column, module),
        )


def _way(expression: ast.expr, table: Table, column: Column, module: Module) -> tuple[Hop, ...]:
    """From the query to the column, which is where an index that helps is declared."""
    name = f"{table.symbol.rpartition('.')[2]}.{column.attribute}"
    return (
        Hop(module.path, expression.lineno, module.symbol_at(expression).rpartition(".")[2]),
        Hop(column.path, column.line, name),
    )


def _without_index(expression: ast.expr, table: Table, column: Column, module: Module) -> Iterator[Match]:
    """A search that no index of the plain column would answer either, in a table that use fills."""
    if not grows(table) or is_small(table) or is_reference(table, module.project) or table.opaque:
        return
    if any("" in columns for columns in table.indexes):
        return
    is_search = isinstance(expression, ast.Call)
    yield Match(
        expression,
        f"`{module.segment(expression)}` reads all of `{table.name}` with each call, and an index on `{column.attribute}` alone would"
        " not help.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,
        call_path=_way(expression, table, column, module),
        instead=f"Search within words needs an index of its own: in PostgreSQL `pg_trgm` with a GIN index on `{column.name}`, or a"
        " full-text column."
        if is_search
        else f"Compare `{column.attribute}` itself with a range, or with the value as it is stored, and give it an index.",
    )


def _at_random(node: ast.Call, module: Module) -> Iterator[Match]:
    """`order_by(func.random())`: all rows get a number and are sorted, for the few that are kept."""
    match node.args:
        case [ast.Call(func=ast.Attribute(attr="random" | "rand") as function, args=[])]:
            pass
        case _:
            return
    found = module.rows(node)
    if not (module.qualified_name(function) or "").startswith("sqlalchemy.") or len(found) != 1:
        return
    table = found[0].table
    if is_small(table):
        return
    yield Match(
        node.args[0],
        f"`{module.segment(node.args[0])}` gives each row of `{table.name}` that matches a number and sorts them all, for the few that"
        " are kept.",
        severity=Severity.LOW if found[0].filters or not grows(table) else Severity.MEDIUM,
        confidence=Confidence.POSSIBLE,  # how many rows match is not in the code
        instead="Pick a random key and take the rows after it, or a random offset below the count; PostgreSQL also has"
        " `TABLESAMPLE`.",
    )


def _comes_before_new(node: ast.Call, entity: str, module: Module) -> bool:
    """Whether it is asked only when a row is made: `create_user` looks for the address and makes the `User`."""
    function = module.function_of(node)
    if function is None or not _MAKING.match(function.name):
        return False
    return any(isinstance(each, ast.Call) and last_name(each.func) == entity for each in walk(function.node))


def _in_text(node: ast.Call, raw: Raw) -> Iterator[Match]:
    """The same in an SQL text; an index on the expression shows in the models, if they know the table."""
    statement = raw.statement
    if statement.joined or statement.unreadable or not statement.tables[0]:
        return
    wanted = [each for each in statement.conditions if each.operator in ("%like", "f()=")]
    if not wanted or any(each.operator in ("=", "in", "<", "like") for each in statement.conditions):
        return
    condition, table, column = wanted[0], raw.table, raw.column(wanted[0].column)
    if table is not None:
        if column is None or table.opaque or column.primary or not table.is_indexed(column):
            return
        if any("" in columns for columns in table.indexes):
            return
    is_function = condition.operator == "f()="
    yield Match(
        node,
        f"`{condition.text}` cannot use an index on `{condition.column}`: each call reads all of"
        f" `{statement.tables[0]}`.",
        severity=Severity.MEDIUM if is_function and table is not None else Severity.LOW,
        confidence=Confidence.LIKELY if is_function and table is not None else Confidence.POSSIBLE,
    )


def _is_alone(call: ast.Call) -> bool:
    """No other condition narrows the query first."""
    current: ast.AST = call.func
    while isinstance(current, ast.Attribute) and isinstance(current.value, ast.Call):
        current = current.value.func
        if last_name(current) in ("where", "filter", "filter_by", "join", "outerjoin"):
            return False
    return True


def _wrapped(condition: ast.expr, module: Module) -> tuple[ast.expr, Table, Column, Severity] | None:
    """`func.lower(Customer.email) == email`."""
    match condition:
        case ast.Compare(
            left=ast.Call(args=[ast.Attribute() as attribute, *_]) as call,
            ops=[ast.Eq() | ast.Gt() | ast.GtE() | ast.Lt() | ast.LtE()],
        ) if last_name(call) in _FUNCTIONS:
            name = module.qualified_name(call.func) or ""
            if not name.startswith(("sqlalchemy.", "sqlmodel.")):
                return None
            found = _column(attribute, module)
            if found is not None:
                return condition, *found, Severity.MEDIUM
        case ast.Compare(
            left=ast.Call(args=[ast.Constant(), ast.Attribute() as attribute]) as call, ops=[ast.Eq()]
        ) if last_name(call) in ("extract", "date_trunc"):
            found = _column(attribute, module)
            if found is not None and (module.qualified_name(call.func) or "").startswith("sqlalchemy."):
                return condition, *found, Severity.MEDIUM
    return None


def _leading(condition: ast.expr, module: Module) -> tuple[ast.expr, Table, Column, Severity] | None:
    """`Customer.name.ilike(f"%{text}%")`, where the column has an index that does not help."""
    match condition:
        case ast.Call(args=[first, *_]) if last_name(condition) == "or_":
            return _leading(first, module)
        case ast.BinOp(left=first, op=ast.BitOr()):
            return _leading(first, module)
        case ast.Call(
            func=ast.Attribute(
                value=ast.Attribute() as attribute, attr="like" | "ilike" | "contains" | "endswith" as how
            ),
            args=[pattern],
        ):
            if how in ("like", "ilike") and not _starts_anywhere(pattern, module):
                return None
            found = _column(attribute, module)
            if found is None or found[1].type not in ("String", "str", "Text", "Unicode", "VARCHAR"):
                return None
            if not found[1].primary:
                return condition, *found, Severity.LOW
    return None


def _starts_anywhere(pattern: ast.expr, module: Module, depth: int = 0) -> bool:
    while isinstance(pattern, ast.BinOp):
        pattern = pattern.left
    if isinstance(pattern, ast.Name):
        made = origins(pattern, module)
        return len(made) == 1 and depth < _DEEPEST and _starts_anywhere(made[0], module, depth + 1)
    if isinstance(pattern, ast.JoinedStr) and pattern.values:
        pattern = pattern.values[0]
    return isinstance(pattern, ast.Constant) and isinstance(pattern.value, str) and pattern.value[:1] == "%"


def _column(attribute: ast.Attribute, module: Module) -> tuple[Table, Column] | None:
    table = module.table(attribute.value)
    column = table.columns.get(attribute.attr) if table is not None else None
    return (table, column) if table is not None and column is not None else None
