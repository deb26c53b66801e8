from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.data.raw_queries import is_unlimited
from rules.engine.data.small_tables import is_set_up, is_small
from rules.engine.rule import Confidence, Effort, Fix, Hop, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.responses import answer, is_response, item_of, records, returned
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    from collections.abc import Callable

    import libcst as cst

    from rules.engine.module import Module


_WIDE = 5
"""Columns of a row whose walk takes longer than the query that brings it."""


class UntypedJsonResponse(Rule):
    """A list without a declared type is walked item by item in Python before it becomes JSON: ten times the work.

    With a return type or `response_model` pydantic serializes in Rust, since FastAPI 0.130 straight to bytes. Without
    one, `jsonable_encoder` visits every value of every row in Python first: about 15 µs per row of five fields, on the
    event loop for an `async def`.

    ## Instead
    Declare what the endpoint gives, `-> list[…]` of its response model, and return the objects; even `->
    list[dict[str, Any]]` is enough for the fast way.

    ## Trade-offs
    A declared model also filters: fields it does not name are left out. Rows that do not fit become an error 500.

    ## Monitor
    Processor time per request, the serialization span of a trace.

    ## When to ignore it
    When the list never has more than a few rows.
    """

    code = "FP501"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "processor time per request"

    invalid = (
        Invalid(
            """
            from pydantic import BaseModel

            class OrderOut(BaseModel):
                id: int
                total: int

            def recent() -> list[OrderOut]:
                return [OrderOut(id=number, total=0) for number in range(1000)]

            @app.get("/orders")
            def list_orders():
                return recent()
            """,
            fixed="""
            from pydantic import BaseModel

            class OrderOut(BaseModel):
                id: int
                total: int

            def recent() -> list[OrderOut]:
                return [OrderOut(id=number, total=0) for number in range(1000)]

            @app.get("/orders")
            def list_orders() -> list[OrderOut]:
                return recent()
            """,
        ),
    )
    valid = (
        Valid(
            """
            @app.get("/health")
            def health():
                return {"status": "ok"}  # small: nothing to gain
            """
        ),
    )

    def check(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        declared = answer(node, module)
        if (
            declared is None
            or declared.model is not None
            or declared.is_raw
            or declared.response_class is not None
        ):
            return
        values = list(returned(node, module))
        if any(is_response(value, module) for value in values):
            return
        for value in values:
            found = records(value, module)
            if found is None:
                continue
            model = _model(value, module) if len(values) == 1 else ""
            long = _is_long(node, module)
            yield Match(
                node,
                f"`{node.name}` returns {_what(found, module)} without a declared type: FastAPI walks every row in Python"
                " before it becomes JSON.",
                severity=self.severity if long else Severity.LOW,
                confidence=Confidence.LIKELY if long else Confidence.POSSIBLE,
                related=(Hop(module.path, value.lineno, node.name),),
                fix=Fix(_returning(model), imports=(model,) if "." in model else (), safety=Safety.UNSAFE)
                if model
                else None,
                impact=estimates.rows_serialized(module.options, "untyped"),
                instead=f"Declare what `{node.name}` returns: `-> list[{model.rpartition('.')[2]}]`."
                if model
                else "",
            )
            return


def _is_long(node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> bool:
    """Whether all rows of a wide table that can grow go into the answer: what else it holds is mostly a handful."""
    if is_seldom(node, module):
        return False
    found = module.graph_node(node)
    if found is None:
        return False
    here = (found.path, found.symbol)
    tables = [
        unlimited.loaded.table
        for unlimited in module.project.unbounded.queries.values()
        if unlimited.whole
        and not unlimited.loaded.filters
        and any((hop.path, hop.symbol) == here for hop in unlimited.places)
    ]
    tables += [
        raw.table
        for raw in module.project.raw.queries.values()
        if raw.table is not None
        and not raw.statement.conditions
        and is_unlimited(raw)
        and any((hop.path, hop.symbol) == here for hop in raw.places)
    ]
    return any(
        len(table.columns) >= _WIDE and not is_small(table) and not is_set_up(table) for table in tables
    )


def _what(found: ast.expr, module: Module) -> str:
    text = module.segment(found)
    if isinstance(found, ast.Name):
        return f"the list `{text}`"
    if "\n" in text or len(text) > 50:
        return "a list"
    return f"`{text}`"


def _model(value: ast.expr, module: Module) -> str:
    """The pydantic model that the returned list holds, by its full name; empty when it holds anything else."""
    item = item_of(value, module)
    if item is None or item.module is None:
        return ""
    ancestry = module.project.resolver.ancestry(item)
    if not any(ancestor.name == "pydantic.BaseModel" for ancestor in ancestry):
        return ""
    return item.symbol if item.module.path == module.path else item.name


def _returning(model: str) -> Callable[[cst.FunctionDef], cst.FunctionDef]:
    def rewrite(function: cst.FunctionDef) -> cst.FunctionDef:
        import libcst as cst

        if function.returns is not None:
            return function
        return function.with_changes(returns=cst.Annotation(cst.parse_expression(f"list[{model}]")))

    return rewrite
