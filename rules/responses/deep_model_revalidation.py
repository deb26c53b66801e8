from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from rules.engine.data.per_item import goes_over_rows, is_doubtful, is_few
from rules.engine.linking.values import Sort
from rules.engine.reading.loop_shapes import shortened
from rules.engine.rule import Confidence, Effort, Impact, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.responses import is_model
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module


class DeepModelRevalidation(Rule):
    """A model is dumped, row by row, only to be validated into another model: two walks where one would do.

    `OrderOut(**order.model_dump())` turns every nested model into dictionaries and validates all of them again, about 3 µs a
    row and more for nested ones.

    ## Instead
    Validate the object itself: `Target.model_validate(source, from_attributes=True)` reads the attributes
    directly; FastAPI does it by itself when the endpoint declares the response model and returns the objects.

    ## Trade-offs
    `from_attributes` reads attributes, so names must match.

    ## Monitor
    Processor time per request.

    ## When to ignore it
    When the loop has a few turns.
    """

    code = "FP514"
    severity = Severity.LOW
    said_from = Severity.MEDIUM
    effort = Effort.MINUTES
    watch = "processor time per request"

    invalid = (
        Invalid(
            """
            from pydantic import BaseModel

            class Order(BaseModel):
                id: int

            class OrderOut(BaseModel):
                id: int

            def recent() -> list[Order]:
                return []

            @app.get("/orders")
            def list_orders() -> list[OrderOut]:
                return [OrderOut(**order.model_dump()) for order in recent()]
            """
        ),
    )
    valid = (
        Valid(
            """
            from pydantic import BaseModel

            class Order(BaseModel):
                id: int

            class OrderOut(BaseModel):
                id: int

            def recent() -> list[Order]:
                return []

            @app.get("/orders", response_model=list[OrderOut])
            def list_orders() -> list[Order]:
                return recent()
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.spelled == "model_validate" or callee.sort in (Sort.CLASS, Sort.OBJECT)

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        source = _dumped(node, module)
        if source is None or not module.reached(node):
            return
        loops = module.loops(node)
        if not loops or all(module.is_short(loop) for loop in loops):
            return
        target = (
            node.func.value if isinstance(node.func, ast.Attribute) and node.keywords == [] else node.func
        )
        name = ast.unparse(target)
        yield Match(
            node,
            f"`{ast.unparse(source)}` is dumped and validated into `{name}` in each turn: `{name}.model_validate(…,"
            " from_attributes=True)` reads it directly.",
            confidence=Confidence.CERTAIN
            if any(map(partial(_is_long, module=module), loops))
            else Confidence.POSSIBLE,
            instead=f"Let `{name}` read the attributes: `{name}.model_validate({shortened(ast.unparse(source), 60)}, from_attributes=True)`.",
            impact=Impact(
                summary="3–4.6 → 2–3.9 µs of processor time per row of 5 fields, more for nested ones",
                formula="u · rows (u: processor time per row)",
                assumptions={"fields": 5},
                measured=True,
            ),
        )


def _is_long(loop: ast.AST, module: Module) -> bool:
    """Whether the loop goes over rows of a database: a catalogue that the code holds, or providers, are a handful."""
    return (
        goes_over_rows(loop, module)
        and not is_few(loop, module)
        and not is_doubtful(loop, module)
        and not is_seldom(loop, module)
    )


def _dumped(call: ast.Call, module: Module) -> ast.expr | None:
    """The model whose plain dump another model is made of."""
    match call:
        case ast.Call(func=function, args=[], keywords=[ast.keyword(arg=None, value=ast.Call() as dump)]):
            if not is_model(function, module):
                return None
        case ast.Call(
            func=ast.Attribute(attr="model_validate", value=owner), args=[ast.Call() as dump], keywords=[]
        ):
            if not is_model(owner, module):
                return None
        case _:
            return None
    if not isinstance(dump.func, ast.Attribute) or dump.func.attr not in ("model_dump", "dict"):
        return None
    if module.is_subclass(call.func, "sqlmodel.SQLModel") or module.is_subclass(
        call.func, "sqlmodel.main.SQLModel"
    ):
        return None  # a table class does not validate
    if dump.args or dump.keywords or not is_model(dump.func.value, module):
        return None
    return dump.func.value
