from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rules.engine.data.columns_read import columns_read
from rules.engine.data.eager import query_node
from rules.engine.reading.raw_text import RUNS, behind
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Hop, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.data.lazy_loading import Filled
    from rules.engine.data.tables import Column, Table
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_BIG = frozenset(
    {"Text", "TEXT", "UnicodeText", "MEDIUMTEXT", "LONGTEXT", "CLOB", "NCLOB"}
    | {"LargeBinary", "BLOB", "MEDIUMBLOB", "LONGBLOB", "BYTEA", "PickleType", "bytes"}
    | {"JSON", "JSONB", "Vector", "VECTOR", "HALFVEC", "SPARSEVEC", "TSVECTOR"}
)
_CHOOSING = frozenset(
    {"load_only", "defer", "undefer", "with_only_columns", "undefer_group", "with_entities"}
)
_FEW = 4


class FatSelect(Rule):
    """A list query loads a big column of each row that the response never shows.

    Texts, documents, binary data and embeddings travel from the database, are decoded and are thrown away, once per row. In
    PostgreSQL values beyond two kilobytes lie outside the row, and each costs look-ups of its own.

    ## Instead
    Name what the response shows, `.options(load_only(Model.id, Model.name))`, or leave the big column out,
    `.options(defer(Model.large))`. In an SQL text write the columns instead of `*`.

    ## Trade-offs
    Reading a column that was left out is a query per row, and an error under an `AsyncSession`: look who else reads these rows.

    ## Monitor
    Bytes received from the database per request.

    ## When to ignore it
    When the column is small in practice, or pages have a few rows.
    """

    code = "FP216"
    paid_by_misses = True
    severity = Severity.LOW
    effort = Effort.MINUTES
    watch = "bytes received from the database per request"
    guards = ("load_only", "defer", "deferred")

    invalid = (
        Invalid(
            """
            from typing import Annotated

            from fastapi import Depends, FastAPI
            from pydantic import BaseModel
            from sqlalchemy import Text, select
            from sqlalchemy.orm import Mapped, Session, mapped_column

            from shop.db import Base, get_session

            app = FastAPI()

            class Article(Base):
                __tablename__ = "articles"
                id: Mapped[int] = mapped_column(primary_key=True)
                title: Mapped[str]
                body: Mapped[str] = mapped_column(Text)

            class ArticleOut(BaseModel):
                id: int
                title: str

            @app.get("/articles", response_model=list[ArticleOut])
            def list_articles(session: Annotated[Session, Depends(get_session)]):
                return session.scalars(select(Article).limit(100)).all()
            """
        ),
    )
    valid = (
        Valid(
            """
            from typing import Annotated

            from fastapi import Depends, FastAPI
            from pydantic import BaseModel
            from sqlalchemy import Text, select
            from sqlalchemy.orm import Mapped, Session, defer, mapped_column

            from shop.db import Base, get_session

            app = FastAPI()

            class Article(Base):
                __tablename__ = "articles"
                id: Mapped[int] = mapped_column(primary_key=True)
                title: Mapped[str]
                body: Mapped[str] = mapped_column(Text)

            class ArticleOut(BaseModel):
                id: int
                title: str

            @app.get("/articles", response_model=list[ArticleOut])
            def list_articles(session: Annotated[Session, Depends(get_session)]):
                return session.scalars(select(Article).options(defer(Article.body)).limit(100)).all()
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.is_linked

    def check(self, node: ast.Call | ast.ListComp, module: Module) -> Iterator[Match]:
        if isinstance(node, ast.ListComp):
            found = _of_comprehension(node, module)
            if found is not None:
                yield found
            return
        filled = module.project.lazy_loading.filled.get((module.path, node.lineno, node.col_offset))
        if not filled or query_node(module, filled[0].loaded) is not node:
            return
        served = [each for each in filled if each.loaded.many and _serves(each, module)]
        if len(served) != len(filled) or _is_chosen(node, module):
            return
        table = filled[0].loaded.table
        unread = _unread(table, filled, node, module)
        if not unread:
            return
        columns = " and ".join(f"`{table.symbol.rpartition('.')[2]}.{each.attribute}`" for each in unread[:3])
        schema = filled[0].schema.symbol.rpartition(".")[2]
        yield Match(
            node,
            f"{columns} {'is' if len(unread) == 1 else 'are'} loaded with each row, and `{schema}` does not show"
            f" {'it' if len(unread) == 1 else 'them'}.",
            confidence=Confidence.POSSIBLE,
            related=(
                *(Hop(each.place.path, each.place.line, each.place.symbol) for each in filled[:3]),
                *(Hop(each.path, each.line, f"{each.symbol}.{each.attribute}") for each in unread[:3]),
            ),
            instead=_left_out(table.symbol.rpartition(".")[2], unread),
        )


def _left_out(name: str, columns: Sequence[Column]) -> str:
    deferred = ", ".join(f"defer({name}.{each.attribute})" for each in columns)
    what = "it" if len(columns) == 1 else "them"
    return f"Leave {what} out of the query: `.options({deferred})`. Reading {what} later is a query per row."


def _serves(filled: Filled, module: Module) -> bool:
    node = module.project.node(filled.place.path, filled.place.symbol)
    return node is not None and bool(module.project.endpoint_refs(node))


def _unread(table: Table, filled: list[Filled], query: ast.Call, module: Module) -> list[Column]:
    """The big columns that none of the schemas reads, nor the function of the query."""
    unread = [
        column
        for column in table.columns.values()
        if column.type in _BIG and not column.deferred and not column.primary
    ]
    for each in filled if unread else ():
        read = module.project.lazy_loading.columns_read(each.schema, table)
        if read is None:
            return []
        unread = [column for column in unread if column.attribute not in read]
    names = {column.attribute for column in unread}
    function = module.function_of(query)
    used = {
        node.attr
        for node in walk(function.node if function is not None else module.tree)
        if isinstance(node, ast.Attribute) and node.attr in names and isinstance(node.ctx, ast.Load)
    }
    return [column for column in unread if column.attribute not in used]


def _is_chosen(node: ast.expr, module: Module) -> bool:
    """Whether the function says which columns it loads."""
    function = module.function_of(node)
    around = function.node if function is not None else module.tree
    return any(
        getattr(each, "id", getattr(each, "attr", "")) in _CHOOSING
        for each in walk(around)
        if isinstance(each, ast.Name | ast.Attribute)
    )


# Lists that a function makes itself


def _of_comprehension(node: ast.ListComp, module: Module) -> Match | None:
    if not module.reached(node):
        return None
    used = columns_read(node, module)
    if not used:
        return None
    iterated = node.generators[0].iter
    return _entities(iterated, used, module) or _text(iterated, used, module)


def _entities(iterated: ast.expr, used: set[str], module: Module) -> Match | None:
    loaded = module.rows(iterated)
    if len(loaded) != 1 or loaded[0].reads or not loaded[0].many:
        return None
    query = loaded[0]
    if query.path != module.path or query.hops or _is_chosen(iterated, module):
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
        confidence=Confidence.POSSIBLE,
        related=tuple(Hop(column.path, column.line, f"{name}.{column.attribute}") for column in left[:3]),
        instead=_left_out(name, left),
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
        confidence=Confidence.POSSIBLE,
        instead=f"Select only what is read: `SELECT {', '.join(sorted(used))}`.",
    )


def _big(table: Table, used: set[str]) -> list[Column]:
    return [
        column
        for column in table.columns.values()
        if column.type in _BIG
        and not column.deferred
        and not column.primary
        and not {column.attribute, column.name} & used
    ]


def _named(names: Iterator[str] | list[str]) -> str:
    quoted = [f"`{name}`" for name in names][:4]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
