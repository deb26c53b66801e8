from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine import estimates
from rules.engine.creation import serves
from rules.engine.loop_shapes import is_batched, is_search, is_short, iterables, shortened, spelled
from rules.engine.rule import Effort, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.module import Module

# Key-value stores have their own answer (a pipeline, one command for many keys).
_OTHER_STORES = frozenset({"redis", "memcached"})
_WRITING_WORDS = frozenset({"INSERT", "UPDATE", "DELETE", "CREATE", "ALTER "})
_WRITING_STATEMENTS = frozenset({"sqlalchemy.sql.Insert", "sqlalchemy.sql.Update", "sqlalchemy.sql.Delete"})


class QueryInLoop(Rule):
    """A query per item of a loop makes the endpoint slower with every item.

    Each turn pays a round trip to the database, the parsing and planning of a statement and its result: a hundred
    items are a hundred round trips, one after another. The time grows with the data, so it shows in production first.

    ## Instead
    Ask once for all: `select(Product).where(Product.id.in_(ids))`, then pick from a dictionary. For related rows load
    them with their parents: `selectinload(Order.items)`.

    ## Trade-offs
    All rows are in memory at once; a list of thousands of keys goes in batches of some hundreds. Rows that are
    missing no longer show up one by one.

    ## Monitor
    Statements per request, and the endpoint's p95 against the length of its list.

    ## When to ignore it
    When the loop is short by design and the database is in the same process.
    """

    code = "FP201"
    severity = Severity.HIGH
    gates = True
    effort = Effort.MINUTES
    watch = "statements per request"

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Product

            app = FastAPI()

            @app.post("/basket")
            def basket(ids: list[int], session: Session = Depends(get_session)) -> list[str]:
                names = []
                for product_id in ids:
                    names.append(session.get(Product, product_id).name)
                return names
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
            from shop.models import Product

            app = FastAPI()

            @app.post("/basket")
            def basket(ids: list[int], session: Session = Depends(get_session)) -> list[str]:
                products = session.scalars(select(Product).where(Product.id.in_(ids)))
                return [product.name for product in products]
            """
        ),
    )

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        query = module.query(node)
        if (
            query is None
            or not serves(node, module)
            or query.kind != "select"
            or query.driver in _OTHER_STORES
        ):
            return
        loops = [loop for loop in module.loops(node) if not isinstance(loop, ast.While)]
        loop = next((loop for loop in reversed(loops) if module.depends_on_loop(node, loop)), None)
        if loop is None or _writes(node, module) or _takes_many(node):
            return
        if any(
            module.is_short(each)
            or is_short(each, module.qualified_name)
            or is_batched(each)
            or is_search(each)
            for each in loops
        ):
            return
        source = shortened(module.segment(iterables(loop)[0]))
        yield Match(
            node,
            f"`{spelled(node.func)}` runs once per item of `{source}`: one round trip to the database each,"
            " one after another.",
            severity=self.severity if module.in_request_path(node) else Severity.MEDIUM,
            impact=estimates.queries_in_loop(module.options),
            instead=_instead(node, query.primary_key, module),
        )


def _instead(call: ast.Call, primary_key: bool, module: Module) -> str:
    if primary_key and call.args:
        model = module.segment(call.args[0])
        if model.isidentifier():
            return f"Fetch all rows before the loop with one `select({model}).where({model}.id.in_(...))` and pick them from a dictionary."
    return "Fetch all rows before the loop with one `in_(...)` query and pick them from a dictionary."


def _takes_many(call: ast.Call) -> bool:
    """The statement asks for many rows at once already."""
    return any(isinstance(node, ast.Attribute) and node.attr in ("in_", "any_") for node in ast.walk(call))


def _writes(call: ast.Call, module: Module) -> bool:
    """`execute(insert(...))`: rows written one by one are another matter."""
    if not call.args:
        return False
    statement = call.args[0]
    if module.type_of(statement) in _WRITING_STATEMENTS or _built_by_table(statement):
        return True
    for part in ast.walk(statement):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            return part.value.lstrip()[:6].upper() in _WRITING_WORDS
    return False


def _built_by_table(statement: ast.expr) -> bool:
    """`table.insert().values(...)`: a writing statement of SQLAlchemy Core."""
    while isinstance(statement, ast.Call) and isinstance(statement.func, ast.Attribute):
        if statement.func.attr in ("insert", "update", "delete"):
            return True
        statement = statement.func.value
    return False
