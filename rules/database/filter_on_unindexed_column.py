from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.costs.waits import is_known
from rules.engine.data import index_advice
from rules.engine.data.growing_tables import grows
from rules.engine.data.lookups import Use, enumerations
from rules.engine.data.reference_tables import is_reference
from rules.engine.data.small_tables import is_small
from rules.engine.data.tables import Column, Table
from rules.engine.finding import Options
from rules.engine.reading.regexes import regex
from rules.engine.rule import Confidence, Effort, Hop, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_FEW_VALUES = frozenset(
    {
        "Boolean",
        "bool",
        "Enum",
        "StrEnum",
        "JSON",
        "JSONB",
        "ARRAY",
        "Text",
        "LargeBinary",
        "PickleType",
        "dict",
        "list",
    }
)
"""Types of which an index is of little use, or of another kind."""
_FLAGS = frozenset(
    {
        "status",
        "state",
        "type",
        "kind",
        "role",
        "level",
        "category",
        "mode",
        "visibility",
        "source",
        "provider",
        "platform",
    }
    | {
        "deleted",
        "deleted_at",
        "active",
        "enabled",
        "archived",
        "is_deleted",
        "is_active",
        "priority",
        "version",
    }
    | {
        "gender",
        "language",
        "lang",
        "locale",
        "currency",
        "country",
        "scope",
        "action",
        "method",
        "protocol",
        "service",
    }
)
"""Names of columns that hold a few values, whatever their type says."""
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
    better by one index on both.

    ## Trade-offs
    Each insert and update of the column writes one more index entry, and the index takes space. For columns with a few
    values a partial index is smaller and faster.

    ## Monitor
    Sequential scans of the table (`pg_stat_user_tables.seq_scan`), rows read per row returned.

    ## When to ignore it
    When the table stays small, or an index exists that the models do not show.
    """

    code = "FP206"
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
        return callee.spelled == "Table"

    def check(self, node: ast.ClassDef | ast.Call, module: Module) -> Iterator[Match]:
        yield from _vectors(node, module)
        seen: set[tuple[str, int, str]] = set()
        for table, column in module.project.models.columns_at(
            module.path, index_advice.symbol_of(node, module)
        ):
            if column.place in seen or not _is_worth_an_index(table, column, module):
                continue
            if column.type in enumerations(module.project):
                continue
            uses = [
                use
                for use in module.project.lookups.needed.get(column.place, [])
                if use.of in ("", table.symbol)
            ]
            statement = index_advice.column_node(node, column) if uses else None
            if statement is None:
                continue
            seen.add(column.place)
            # Who removes something, now and then, can wait for a scan; of a list that migrations keep it takes no time.
            # What somebody sets up is small, unless it refers to who has it.
            often = (
                any(
                    use.reached and not (use.seldom or use.optional or use.joined or use.is_clean_up)
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
                related=tuple(Hop(use.path, use.line, use.symbol) for use in uses[:5]),
                instead=index_advice.advice(table, column),
                impact=estimates.rows_scanned(module.options),
            )
        yield from _sorted(node, module, seen)


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
        statement = index_advice.column_node(node, column) if uses else None
        if statement is None or is_reference(table, module.project):
            continue
        seen.add(column.place)
        is_own = column.symbol == table.symbol
        name = table.symbol.rpartition(".")[2]
        yield Match(
            index_advice.place_of(statement),
            f"`{_named(uses)}` takes the first `{name}` rows by `{column.attribute}`, which has no index: each call reads and"
            f" sorts all of `{table.name}`.",
            severity=Severity.LOW,
            confidence=Confidence.POSSIBLE,
            fix=index_advice.add_index(statement) if is_own else None,
            related=tuple(Hop(use.path, use.line, use.symbol) for use in uses[:5]),
            instead=index_advice.advice(table, column, in_class=is_own),
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


def _named(uses: list[Use]) -> str:
    return uses[0].symbol


def _is_worth_an_index(table: Table, column: Column, module: Module) -> bool:
    if column.foreign is not None or table.opaque or table.is_indexed(column):
        return False
    if column.type in _FEW_VALUES or column.type.endswith(("Enum", "Status", "State", "Type", "Kind")):
        return False
    if column.attribute in _FLAGS or column.attribute.startswith(("is_", "has_", "can_")):
        return False
    if column.attribute.endswith(("_status", "_type", "_state", "_kind")):
        return False
    if is_small(table):
        return False
    return _shows_growth(table) or _has_unseen_columns(table, module)


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
