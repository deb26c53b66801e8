from __future__ import annotations

import ast
from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING

from rules.engine import estimates
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.module import Module


class UnboundedQuery(Rule):
    """An endpoint that returns every row of a table gets slower and bigger with every row that is added.

    Nothing in the query bounds it, so the time, the memory of the worker and the size of the response follow the table.
    It is fast while the table is small, and one request can exhaust a worker when it is not.

    ## Instead
    Return pages: `limit: Annotated[int, Query(ge=1, le=100)] = 50` and `.limit(limit)`, with an offset or better a
    key to continue after (`.where(Order.id > after).order_by(Order.id)`). Exports stream: `yield_per`.

    ## Trade-offs
    Callers have to ask for the next page: it changes the API. A stable order is needed for pages not to overlap.

    ## Monitor
    Rows per request and response size, p99; worker memory.

    ## When to ignore it
    When the table stays small for ever: countries, roles, settings.
    """

    code = "FP211"
    aliases = MappingProxyType({"FP509": "missing-pagination-contract"})
    severity = Severity.MEDIUM
    effort = Effort.HOURS
    watch = "p99 of rows per request and of response size"
    guards = ("limit", "LIMIT", "fetch", "slice", "paginate", "top")

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

            from shop.db import get_session
            from shop.schemas import OrderOut

            app = FastAPI()

            class Base(DeclarativeBase):
                pass

            class Order(Base):
                __tablename__ = "orders"
                id: Mapped[int] = mapped_column(primary_key=True)

            @app.get("/orders")
            def list_orders(session: Session = Depends(get_session)) -> list[OrderOut]:
                return session.scalars(select(Order).order_by(Order.id)).all()
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Depends, FastAPI, Query
            from sqlalchemy import select
            from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

            from shop.db import get_session
            from shop.schemas import OrderOut

            app = FastAPI()

            class Base(DeclarativeBase):
                pass

            class Order(Base):
                __tablename__ = "orders"
                id: Mapped[int] = mapped_column(primary_key=True)

            @app.get("/orders")
            def list_orders(
                limit: Annotated[int, Query(ge=1, le=100)] = 50, session: Session = Depends(get_session)
            ) -> list[OrderOut]:
                return session.scalars(select(Order).order_by(Order.id).limit(limit)).all()
            """
        ),
    )

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        found = module.project.unbounded.at(module.path, node.lineno, node.col_offset)
        if found is None or any(isinstance(part, ast.Call) for part in ast.walk(node.func)):
            return
        table = found.loaded.table
        name = table.symbol.rpartition(".")[2]
        place = found.places[0]
        what = f"all `{name}` rows that match" if found.loaded.filters else f"every `{name}`"
        elsewhere = [
            hop for hop in found.places if (hop.path, hop.symbol) != (module.path, module.symbol_at(node))
        ]
        yield Match(
            node,
            f"`{place.symbol.rpartition('.')[2]}` returns {what} in one response: nothing limits this query, so it"
            " grows with the table.",
            severity=Severity.LOW if found.loaded.filters else self.severity,
            confidence=Confidence.LIKELY,
            related=tuple(elsewhere[:3]),
            impact=estimates.rows_returned(module.options),
        )
