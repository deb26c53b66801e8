from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.costs.waits import is_known
from rules.engine.data import index_advice
from rules.engine.data.document_lookups import LOOKING, unindexed_fields, unindexed_key
from rules.engine.data.embedded import is_embedded
from rules.engine.data.few_values import has_few_values, holds_state
from rules.engine.data.growing_tables import grows, grows_by_name
from rules.engine.data.lookups import Use, enumerations
from rules.engine.data.reference_tables import is_reference
from rules.engine.data.small_tables import is_small
from rules.engine.data.sql_tables import unindexed
from rules.engine.data.tables import Column, Table
from rules.engine.finding import Options
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.raw_text import TAKES
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.rule import Confidence, Effort, Hop, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_GROWS = frozenset(
    {
        "created_at",
        "created",
        "created_on",
        "timestamp",
        "date",
        "updated_at",
        "time",
        "started_at",
        "inserted_at",
    }
)
_NAMING = regex(
    r"(?:^|_)(?:slug|e?mail|token|api_key|username|login|domain|hostname|external_id|uuid|guid|sha\d*|hash|checksum|md5|barcode|phone"
    r"|sku|subdomain)$"
)
"""Names of columns whose values name one row."""
_TIME = regex(
    r"(?:_at|_on|_ts|_date|_time|_until|timestamp|^date|^time|^created|^updated|expir\w*"
    r"|^(?:started|ended|finished|completed|occurred|happened|received|recorded|sent|queued|submitted|seen)$"
    r"|^last_(?:active|activity|seen|login|used|accessed|heartbeat|ping|run|sync|synced|updated|checked))$"
)
"""Names of columns that hold a time."""
_STAMPS = frozenset(
    {
        "create_time",
        "created_time",
        "creation_time",
        "create_date",
        "created_date",
        "date_created",
        "create_at",
        "added_at",
        "submitted_at",
        "received_at",
        "sent_at",
        "occurred_at",
    }
)
"""What audits put on every table: it tells something only of one that use fills."""

_HAPPENS = frozenset({"occurred", "occurred_at", "happened_at", "recorded_at", "logged_at", "event_time"})
"""Columns that say of each row that it is something that happened, whatever the table is called: there is no end of them."""
_VECTORS = frozenset({"Vector", "VECTOR", "HALFVEC", "HalfVector"})
_VECTOR_INDEX = regex(r"\b(?:hnsw|ivfflat|diskann|vchordrq|scann)\b", re.IGNORECASE)
"""What makes an index for embeddings, also in an SQL text of the same file."""


class FilterOnUnindexedColumn(Rule):
    """A request that looks rows up by a column without an index reads the whole table.

    The database compares every row, so the time grows with the table: 100,000 rows are some 18 ms instead of 0.15 ms,
    and all concurrent requests pay it at once.

    ## Instead
    Give the column an index (`index=True`, or `unique=True` when its values are), and write the migration that
    makes it: on a live PostgreSQL table concurrently. Queries that always use two columns together are served
    better by one index on both. Fields of MongoDB's documents get `Indexed()`, a place among the `indexes` of their `Settings`
    (Beanie), or `create_index` where the service starts; tables that SQL makes get a `CREATE INDEX` beside it.

    ## Trade-offs
    Each insert and update of the column writes one more index entry, and the index takes space. For columns with a few
    values a partial index is smaller and faster.

    ## Monitor
    Sequential scans of the table (`pg_stat_user_tables.seq_scan`), rows read per row returned.

    ## When to ignore it
    When the table stays small, or an index exists that the models do not show.
    """

    code = "FP206"
    paid_by_misses = True
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "sequential scans of the table"
    guards = ("index", "unique", "Index", "UniqueConstraint", "create_index")
    impact = estimates.rows_scanned(Options())

    invalid = (
        Invalid(
            """
            from datetime import datetime
            from typing import Annotated

            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import Mapped, Session, mapped_column

            from shop.db import Base, get_session

            app = FastAPI()

            class Payment(Base):
                __tablename__ = "payments"
                id: Mapped[int] = mapped_column(primary_key=True)
                created_at: Mapped[datetime]
                reference: Mapped[str] = mapped_column()

            @app.get("/payments/{reference}")
            def payment(reference: str, session: Annotated[Session, Depends(get_session)]) -> int:
                return session.scalars(select(Payment).where(Payment.reference == reference)).one().id
            """,
            fixed="""
            from datetime import datetime
            from typing import Annotated

            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import Mapped, Session, mapped_column

            from shop.db import Base, get_session

            app = FastAPI()

            class Payment(Base):
                __tablename__ = "payments"
                id: Mapped[int] = mapped_column(primary_key=True)
                created_at: Mapped[datetime]
                reference: Mapped[str] = mapped_column(index=True)

            @app.get("/payments/{reference}")
            def payment(reference: str, session: Annotated[Session, Depends(get_session)]) -> int:
                return session.scalars(select(Payment).where(Payment.reference == reference)).one().id
            """,
        ),
    )
    valid = (
        Valid(
            """
            from datetime import datetime
            from typing import Annotated

            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import Mapped, Session, mapped_column

            from shop.db import Base, get_session

            app = FastAPI()

            class Payment(Base):
                __tablename__ = "payments"
                id: Mapped[int] = mapped_column(primary_key=True)
                created_at: Mapped[datetime]
                customer_id: Mapped[int] = mapped_column(index=True)
                reference: Mapped[str]

            @app.get("/payments/{reference}")
            def payment(customer: int, reference: str, session: Annotated[Session, Depends(get_session)]) -> int:
                mine = select(Payment).where(Payment.customer_id == customer, Payment.reference == reference)
                return session.scalars(mine).one().id
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return (
            callee.spelled == "Table"
            or callee.spelled in TAKES
            or (callee.is_method and callee.spelled in LOOKING)
        )

    def check(self, node: ast.ClassDef | ast.Call, module: Module) -> Iterator[Match]:
        if isinstance(node, ast.ClassDef):
            yield from _of_documents(node, module)
        elif last_name(node.func) != "Table":
            yield from _of_collection(node, module)
            yield from _of_text(node, module)
            return
        yield from _vectors(node, module)
        seen: set[tuple[str, int, str]] = set()
        for table, column in module.project.models.columns_at(
            module.path, index_advice.symbol_of(node, module)
        ):
            uses = [
                use
                for use in module.project.lookups.needed.get(column.place, [])
                if use.of in ("", table.symbol)
            ]
            is_key = (any(use.joined for use in uses) and column.name.endswith("_id")) or (
                any(use.reached for use in uses) and _NAMING.search(column.attribute) is not None
            )
            if column.place in seen or not _is_worth_an_index(table, column, module, is_key=is_key):
                continue
            if column.type in enumerations(module.project):
                continue
            statement = index_advice.column_node(node, column) if uses else None
            if statement is None:
                continue
            seen.add(column.place)
            # Who removes something, now and then, can wait for a scan; of a list that migrations keep it takes no time.
            # What somebody sets up is small, unless it refers to who has it.
            often = (
                any(
                    use.reached
                    and not (use.seldom or use.optional or use.joined or use.is_clean_up or use.listed)
                    for use in uses
                )
                and (grows(table) or column.attribute.endswith("_id"))
                and _shows_growth(table)
                and not is_reference(table, module.project)
            )
            uses.sort(key=lambda use: (not use.reached, use.seldom, use.optional, use.is_clean_up))
            name = table.symbol.rpartition(".")[2]
            yield Match(
                index_advice.place_of(statement),
                f"`{_named(uses)}` looks up `{name}` by `{column.attribute}`, which has no index: each call reads all of"
                f" `{table.name}`.",
                # Jobs and consoles look rows up too: a hint, where no request is seen to.
                severity=self.severity if often else Severity.LOW,
                confidence=Confidence.LIKELY if often else Confidence.POSSIBLE,
                fix=index_advice.add_index(statement),
                call_path=_way(uses, node, column.attribute, statement, module),
                related=_others(uses),
                instead=index_advice.advice(table, column),
                impact=estimates.rows_scanned(module.options),
            )
        yield from _in_state(node, module, seen)
        yield from _among(node, module, seen)
        yield from _sorted(node, module, seen)
        yield from _ranged(node, module, seen)


def _of_documents(node: ast.ClassDef, module: Module) -> Iterator[Match]:
    """Fields of Beanie's documents by which requests look them up."""
    for found in unindexed_fields(node, module):
        kind = last_name(found.statement.annotation)
        if has_few_values(found.name, kind) or kind in enumerations(module.project):
            continue
        uses = sorted(found.uses, key=lambda use: (not use.reached, use.seldom, use.is_clean_up))
        often = uses[0].reached and not uses[0].seldom and not uses[0].is_clean_up
        often = often and grows_by_name(node.name)
        yield Match(
            found.statement,
            f"`{_named(uses)}` looks up `{node.name}` by `{found.name}`, which has no index: each call reads all documents of the"
            " collection.",
            severity=FilterOnUnindexedColumn.severity if often else Severity.LOW,
            confidence=Confidence.LIKELY if often else Confidence.POSSIBLE,
            call_path=_way(uses, node, found.name, found.statement, module),
            related=_others(uses),
            instead=f"Declare it: `{found.name}: Annotated[{ast.unparse(found.statement.annotation)}, Indexed()]`, or"
            f' `indexes = ["{found.name}"]` in `Settings`; on a large collection build it in the background first.',
            impact=estimates.rows_scanned(module.options),
        )


def _of_collection(node: ast.Call, module: Module) -> Iterator[Match]:
    """`orders.find_one({"number": number})`, where the project makes indexes, and none for that field."""
    if not module.in_request_path(node):
        return
    asked = unindexed_key(node, module)
    if asked is None or has_few_values(asked.field, ""):
        return
    makes_indexes = bool(module.project.lookups.indexed)
    often = makes_indexes and grows_by_name(asked.collection) and not is_seldom(node, module)
    yield Match(
        node,
        f"`{spelled(node.func)}` looks documents up by `{asked.field}`, and no code makes an index for it: each call reads all"
        f" of `{asked.collection}`.",
        severity=FilterOnUnindexedColumn.severity if often else Severity.LOW,
        # Where no code makes any, somebody may do so by hand.
        confidence=Confidence.LIKELY if often else Confidence.POSSIBLE,
        instead=f'Make the index where the service starts: `await {asked.collection}.create_index("{asked.field}")`; it does'
        " nothing where the index is there already.",
        impact=estimates.rows_scanned(module.options),
    )


def _of_text(node: ast.Call, module: Module) -> Iterator[Match]:
    """`pool.fetchrow("SELECT * FROM jobs WHERE reference = $1")` of a table that SQL of the project makes."""
    if not module.in_request_path(node):
        return
    raw = module.project.raw.at(module.path, node.lineno, node.col_offset, last_name(node.func))
    columns = [
        each
        for each in (unindexed(raw, module.project.sql_tables) if raw is not None else ())
        if not has_few_values(each, "")
    ]
    if raw is None or not columns:
        return
    table = raw.statement.tables[0]
    query = module.query(node)
    embedded = query is not None and is_embedded(query.name, module)
    often = grows_by_name(table) and not embedded and not is_seldom(node, module)
    yield Match(
        node,
        f"`{spelled(node.func)}` looks rows of `{table}` up by `{columns[0]}`, which no index begins with: each call reads all"
        " of the table.",
        severity=FilterOnUnindexedColumn.severity if often else Severity.LOW,
        confidence=Confidence.LIKELY if often else Confidence.POSSIBLE,
        instead=f"Add it to the SQL that makes the table: `CREATE INDEX CONCURRENTLY IF NOT EXISTS {table.replace('.', '_')}_{columns[0]}"
        f" ON {table} ({columns[0]})`."
        if not embedded
        else f"Add it to the SQL that makes the table: `CREATE INDEX IF NOT EXISTS {table}_{columns[0]} ON {table} ({columns[0]})`.",
        impact=None if embedded else estimates.rows_scanned(module.options),
    )


def _among(node: ast.ClassDef | ast.Call, module: Module, seen: set[tuple[str, int, str]]) -> Iterator[Match]:
    """Columns that name a row among those of one customer, where only the customer has an index."""
    for table, column in module.project.models.columns_at(module.path, index_advice.symbol_of(node, module)):
        if column.place in seen or not _is_worth_an_index(table, column, module, is_key=True):
            continue
        uses = [
            use
            for use in module.project.lookups.among.get(column.place, [])
            if use.of == table.symbol and not (use.seldom or use.is_clean_up)
        ]
        yield from _hinted(
            node,
            table,
            column,
            uses,
            "`{who}` looks up `{name}` by `{column}`, which has no index: with the one on the rows' owner each call still reads, at"
            " best, all that are theirs in `{table}`.",
            module,
            seen,
        )


def _in_state(
    node: ast.ClassDef | ast.Call, module: Module, seen: set[tuple[str, int, str]]
) -> Iterator[Match]:
    """Columns that say how far a row has come, where a request asks for the rows of one state and nothing else narrows them."""
    for table, column in module.project.models.columns_at(module.path, index_advice.symbol_of(node, module)):
        if column.place in seen or not holds_state(column.attribute, column.type) or not grows(table):
            continue
        if column.foreign is not None or table.opaque or table.is_indexed(column) or is_small(table):
            continue
        uses = [
            use
            for use in module.project.lookups.alike.get(column.place, [])
            if use.of == table.symbol and use.reached and not (use.seldom or use.optional or use.is_clean_up)
        ]
        yield from _hinted(
            node,
            table,
            column,
            uses,
            "`{who}` asks for the `{name}` rows of one `{column}`, which has no index: each call reads all of `{table}`, however few it"
            " finds.",
            module,
            seen,
            more=" Where most rows share a value that nobody asks for (done, sent), a partial index on the others is smaller and faster.",
        )


def _sorted(
    node: ast.ClassDef | ast.Call, module: Module, seen: set[tuple[str, int, str]]
) -> Iterator[Match]:
    """Columns that decide which rows are on a page: without an index each page reads and sorts all of them."""
    for table, column in module.project.models.columns_at(module.path, index_advice.symbol_of(node, module)):
        if column.place in seen or not _is_worth_an_index(table, column, module) or not grows(table):
            continue
        uses = [
            use
            for use in module.project.lookups.sorted.get(column.place, [])
            if use.of == table.symbol and use.reached and not use.seldom
        ]
        yield from _hinted(
            node,
            table,
            column,
            uses,
            "`{who}` takes the first `{name}` rows by `{column}`, which has no index: each call reads and sorts all of `{table}`.",
            module,
            seen,
        )


def _ranged(
    node: ast.ClassDef | ast.Call, module: Module, seen: set[tuple[str, int, str]]
) -> Iterator[Match]:
    """Times of which a span is asked for, or those that are still empty: without an index that reads the whole table."""
    for table, column in module.project.models.columns_at(module.path, index_advice.symbol_of(node, module)):
        if column.place in seen or not _TIME.search(column.attribute):
            continue
        happens = column.attribute in _HAPPENS
        if not (happens or grows(table)) or not _is_worth_an_index(table, column, module, is_key=happens):
            continue
        uses = [
            use
            for use in module.project.lookups.ranged.get(column.place, [])
            # Rows that are thrown away by their age come as fast as they go.
            if use.of == table.symbol
            and (happens or not use.is_clean_up)
            and not use.seldom
            and (use.reached or not use.optional)
        ]
        yield from _hinted(
            node,
            table,
            column,
            uses,
            "`{who}` asks for the `{name}` rows of some `{column}`, which has no index: each call reads all of `{table}`.",
            module,
            seen,
        )


def _hinted(
    node: ast.ClassDef | ast.Call,
    table: Table,
    column: Column,
    uses: list[Use],
    told: str,
    module: Module,
    seen: set[tuple[str, int, str]],
    more: str = "",
) -> Iterator[Match]:
    """A hint at a column that these uses read without an index: how much of the table that is, is not in the code."""
    statement = index_advice.column_node(node, column) if uses else None
    if statement is None or is_reference(table, module.project):
        return
    seen.add(column.place)
    is_own = column.symbol == table.symbol
    name = table.symbol.rpartition(".")[2]
    yield Match(
        index_advice.place_of(statement),
        told.format(who=_named(uses), name=name, column=column.attribute, table=table.name),
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,
        fix=index_advice.add_index(statement) if is_own else None,
        call_path=_way(uses, node, column.attribute, statement, module, table),
        related=_others(uses),
        instead=index_advice.advice(table, column, in_class=is_own) + more,
        impact=estimates.rows_scanned(module.options),
    )


def _vectors(node: ast.ClassDef | ast.Call, module: Module) -> Iterator[Match]:
    """Columns of embeddings: they are there to be searched by distance, which no other index helps."""
    if not module.project.routing.endpoints:
        return
    seen: set[tuple[str, int, str]] = set()
    for table, column in module.project.models.columns_at(module.path, index_advice.symbol_of(node, module)):
        if column.type not in _VECTORS or column.place in seen or table.opaque or table.is_indexed(column):
            continue
        statement = index_advice.column_node(node, column)
        if statement is None or is_small(table) or module.source.matches(_VECTOR_INDEX):
            continue
        seen.add(column.place)
        yield Match(
            index_advice.place_of(statement),
            f"`{column.attribute}` has no vector index: each search for the nearest compares all rows of `{table.name}`.",
            severity=Severity.LOW,
            confidence=Confidence.POSSIBLE,
            instead=f'Give `{column.attribute}` one: `Index(…, "{column.name}", postgresql_using="hnsw", postgresql_ops={{"{column.name}": "vector_cosine_ops"}})`,'
            " with the operators that the searches use.",
        )


def _way(
    uses: list[Use],
    node: ast.ClassDef | ast.Call,
    attribute: str,
    statement: ast.stmt | ast.Call,
    module: Module,
    table: Table | None = None,
) -> tuple[Hop, ...]:
    asking = Hop(uses[0].path, uses[0].line, uses[0].symbol)
    return index_advice.way(asking, node, attribute, index_advice.place_of(statement).lineno, module, table)


def _others(uses: list[Use]) -> tuple[Hop, ...]:
    """Some of the queries beside the first."""
    return tuple(Hop(use.path, use.line, use.symbol) for use in uses[1:5])


def _named(uses: list[Use]) -> str:
    return uses[0].symbol


def _is_worth_an_index(table: Table, column: Column, module: Module, *, is_key: bool = False) -> bool:
    """Whether an index on the column would help; `is_key` when joins show that its rows belong to those of another table, or
    when it names one row."""
    if column.foreign is not None or table.opaque or table.is_indexed(column):
        return False
    if has_few_values(column.attribute, column.type):
        return False
    if is_small(table) and column.attribute not in _HAPPENS:
        return False
    return is_key or _shows_growth(table) or grows(table) or _has_unseen_columns(table, module)


def _shows_growth(table: Table) -> bool:
    """Whether the columns that the project declares say that the table is one of those that grow."""
    if _GROWS & table.columns.keys() or any(each.foreign for each in table.columns.values()):
        return True
    return bool(_STAMPS & table.columns.keys()) and grows(table)


def _has_unseen_columns(table: Table, module: Module) -> bool:
    """Whether a base of a package that nobody knows here declares columns too: the date may be among them."""
    resolver = module.project.resolver
    for ancestor in resolver.ancestry(table.value) if table.value is not None else ():
        if ancestor.module is None:
            if not is_known(ancestor.name):
                return True
            continue
        cls = ancestor.home.classes.get(ancestor.symbol)
        for base in cls.bases if cls is not None else ():
            if base[:1].isalpha() and not is_known(base) and resolver.value(base, ancestor.home) is None:
                return True
    return False
