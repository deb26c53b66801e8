from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.models import Column, Table
from rules.engine.raw_text import RUNS, behind
from rules.engine.rule import Confidence, Effort, Hop, Impact, Invalid, Match, Rule, Severity, Valid
from rules.engine.spelling import last_name

if TYPE_CHECKING:
    from rules.engine.module import Module

_BIG = frozenset(
    {"Text", "UnicodeText", "LargeBinary", "BLOB", "BYTEA", "JSON", "JSONB", "JSONField", "TextField"}
    | {"BinaryField", "PickleType", "Vector", "HALFVEC", "TSVECTOR", "LONGTEXT", "MEDIUMTEXT", "bytes"}
)
"""Types of columns whose values may be kilobytes each."""
_NARROWING = frozenset(
    {"load_only", "defer", "undefer", "with_only_columns", "with_entities", "only", "values"}
)
_FEW = 4


class FatSelect(Rule):
    """A list that shows a few columns of rows it loads whole makes the database send what nobody reads.

    Texts, documents and vectors make up nearly all of such rows. They are read from disk, sent and made into objects for
    every row of the list, and then dropped.

    ## Instead
    Name the columns: `select(Order.id, Order.day)`, or `options(load_only(Order.id, Order.day))` where entities are
    needed; in an SQL text the columns instead of `*`.

    ## Trade-offs
    With `load_only` a column that is read later after all costs a query per row, and fails in an asynchronous session.

    ## Monitor
    Bytes that the database sends per request.

    ## When to ignore it
    When the columns left out are small, or the list has a few rows.
    """

    code = "FP216"
    severity = Severity.LOW
    effort = Effort.MINUTES
    watch = "bytes sent by the database per request"
    impact = Impact()

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import Text, select
            from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

            from shop.db import get_session

            app = FastAPI()

            class Base(DeclarativeBase):
                pass

            class Article(Base):
                __tablename__ = "articles"
                id: Mapped[int] = mapped_column(primary_key=True)
                title: Mapped[str]
                body: Mapped[str] = mapped_column(Text)

            @app.get("/articles")
            def list_articles(session: Session = Depends(get_session)) -> list[dict]:
                articles = session.scalars(select(Article).limit(50)).all()
                return [{"id": article.id, "title": article.title} for article in articles]
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import Text, select
            from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

            from shop.db import get_session

            app = FastAPI()

            class Base(DeclarativeBase):
                pass

            class Article(Base):
                __tablename__ = "articles"
                id: Mapped[int] = mapped_column(primary_key=True)
                title: Mapped[str]
                body: Mapped[str] = mapped_column(Text)

            @app.get("/articles")
            def list_articles(session: Session = Depends(get_session)) -> list[dict]:
                articles = session.execute(select(Article.id, Article.title).limit(50)).all()
                return [{"id": article.id, "title": article.title} for article in articles]
            """
        ),
    )

    def check(self, node: ast.ListComp, module: Module) -> Iterator[Match]:
        if len(node.generators) != 1 or not isinstance(node.generators[0].target, ast.Name):
            return
        generator = node.generators[0]
        iterated = generator.iter
        if not module.reached(node) or not _is_only_use(iterated, module):
            return
        used = _used(node, generator.target, module)
        if not used:
            return
        found = _entities(iterated, used, module) or _text(iterated, used, module)
        if found is not None:
            yield found


def _is_only_use(iterated: ast.expr, module: Module) -> bool:
    """Whether the rows serve this comprehension alone."""
    if not isinstance(iterated, ast.Name):
        return True
    function = module.function_of(iterated)
    if function is None:
        return False
    uses = [
        node
        for node in ast.walk(function.node)
        if isinstance(node, ast.Name) and node.id == iterated.id and isinstance(node.ctx, ast.Load)
    ]
    return len(uses) == 1


def _used(node: ast.ListComp, target: ast.expr, module: Module) -> set[str]:
    """The columns that the comprehension reads of each row; empty when it does anything else with one."""
    name = target.id if isinstance(target, ast.Name) else ""
    found: set[str] = set()
    parts = [node.elt, *node.generators[0].ifs]
    for part in parts:
        for inner in ast.walk(part):
            if not isinstance(inner, ast.Name) or inner.id != name:
                continue
            read = _column_read(module.parent(inner), inner, module)
            if not read:
                return set()
            found.add(read)
    return found


def _column_read(around: ast.AST | None, row: ast.Name, module: Module) -> str:
    match around:
        case ast.Attribute(value=value, attr=name) if value is row:
            outer = module.parent(around)
            if isinstance(outer, ast.Call) and outer.func is around:
                return ""  # a method
            return name
        case ast.Subscript(value=value, slice=ast.Constant(value=str() as name)) if value is row:
            return name
    return ""


def _entities(iterated: ast.expr, used: set[str], module: Module) -> Match | None:
    loaded = module.rows(iterated)
    function = module.function_of(iterated)
    if len(loaded) != 1 or function is None or loaded[0].reads or not loaded[0].many:
        return None
    query = loaded[0]
    if query.path != module.path or query.hops or _narrows(function.node):
        return None
    table = query.table
    if not used <= table.columns.keys():
        return None
    left = _big(table, used)
    if not left:
        return None
    name = table.symbol.rpartition(".")[2]
    return Match(
        iterated,
        f"This list reads {_named(sorted(used))} of each `{name}`, and loads {_named(column.attribute for column in left)}"
        " of every row as well.",
        confidence=Confidence.LIKELY,
        related=tuple(Hop(column.path, column.line, f"{name}.{column.attribute}") for column in left[:3]),
    )


def _text(iterated: ast.expr, used: set[str], module: Module) -> Match | None:
    """`SELECT *` in an SQL text."""
    scope = module.index.scope_at(iterated)
    calls = [call for call in behind(module.index, iterated, scope) if last_name(call.func) in RUNS]
    if len(calls) != 1 or len(used) > _FEW:
        return None
    call = calls[0]
    raw = module.project.raw.at(module.path, call.lineno, call.col_offset, last_name(call.func))
    if raw is None or raw.statement.columns != ("*",) or raw.statement.joined or raw.statement.unreadable:
        return None
    by_name = {column.name for column in raw.table.columns.values()} if raw.table is not None else set()
    left = _big(raw.table, used) if raw.table is not None and used <= by_name else []
    if raw.table is not None and not left:
        return None
    also = f", {_named(column.name for column in left)} too" if left else ""
    return Match(
        call,
        f"`SELECT *` loads every column of `{raw.statement.tables[0]}`{also}; the list reads {_named(sorted(used))}.",
        confidence=Confidence.LIKELY if left else Confidence.POSSIBLE,
        instead=f"`SELECT {', '.join(sorted(used))}`.",
    )


def _big(table: Table, used: set[str]) -> list[Column]:
    return [
        column
        for column in table.columns.values()
        if column.type in _BIG and not column.deferred and not {column.attribute, column.name} & used
    ]


def _narrows(function: ast.AST) -> bool:
    return any(isinstance(node, ast.Call) and last_name(node) in _NARROWING for node in ast.walk(function))


def _named(names: Iterator[str] | list[str]) -> str:
    quoted = [f"`{name}`" for name in names][:4]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
