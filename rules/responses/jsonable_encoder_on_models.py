from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.module import Role
from rules.engine.reading.bodies import content_of
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.creation import serves
from rules.engine.service.responses import is_model, item_of, records
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_RESPONSES = frozenset(
    f"{package}.{name}"
    for package in ("fastapi.responses", "starlette.responses")
    for name in ("JSONResponse", "ORJSONResponse", "UJSONResponse")
)


class JsonableEncoderOnModels(Rule):
    """`jsonable_encoder` walks models value by value in Python; pydantic does the same in Rust, twenty times faster.

    It looks at every value of every row to find out what it is: about 15 µs per row of five fields, on the event loop for an
    `async def`. `model_dump(mode="json")` gives the same JSON-safe dictionary for about 1 µs.

    ## Instead
    Return the models and declare the type, the fastest way; where a response object is needed,
    `JSONResponse(model.model_dump(mode="json"))`.

    ## Trade-offs
    `model_dump(mode="json")` writes field names, `jsonable_encoder` aliases: add `by_alias=True` where a model has some.

    ## Monitor
    Processor time per request, the serialization span of a trace.

    ## When to ignore it
    When the answer is one small object.
    """

    code = "FP504"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "processor time per request"

    invalid = (
        Invalid(
            """
            from fastapi.encoders import jsonable_encoder
            from fastapi.responses import JSONResponse
            from pydantic import BaseModel

            class Order(BaseModel):
                id: int

            def find(number: int) -> Order:
                return Order(id=number)

            @app.get("/orders/{number}")
            def order(number: int) -> JSONResponse:
                return JSONResponse(jsonable_encoder(find(number)))
            """,
            fixed="""
            from fastapi.responses import JSONResponse
            from pydantic import BaseModel

            class Order(BaseModel):
                id: int

            def find(number: int) -> Order:
                return Order(id=number)

            @app.get("/orders/{number}")
            def order(number: int) -> JSONResponse:
                return JSONResponse(find(number).model_dump(mode="json", by_alias=True))
            """,
        ),
    )
    valid = (
        Valid(
            """
            from fastapi.encoders import jsonable_encoder
            from fastapi.responses import JSONResponse

            @app.get("/orders")
            def broken() -> JSONResponse:
                return JSONResponse(jsonable_encoder({"detail": "not today"}), status_code=503)
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name == "fastapi.encoders.jsonable_encoder"

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if module.qualified_name(node.func) != "fastapi.encoders.jsonable_encoder":
            return
        parent = module.parent(node)
        if isinstance(parent, ast.keyword):
            parent = module.parent(parent)
        if not isinstance(parent, ast.Call) or module.qualified_name(parent.func) not in _RESPONSES:
            return
        version = module.version("pydantic")
        if version is not None and version < (2,):
            return  # nothing there writes JSON any faster
        encoded = content_of(node, "obj")
        if encoded is None or content_of(parent, "content") is not node or not serves(node, module):
            return
        if module.role(node) is Role.EXCEPTION_HANDLER:
            return  # what went wrong is a line or two
        several = records(encoded, module) is not None
        one = is_model(encoded, module)
        if not several and not one:
            return
        shown = module.segment(encoded)
        yield Match(
            node,
            f"`jsonable_encoder` walks {f'`{shown}`' if len(shown) < 50 else 'the answer'} value by value in Python, about"
            " 15 µs per row; pydantic takes 1 µs.",
            severity=Severity.MEDIUM if several else Severity.LOW,
            confidence=_sure(encoded, several, module),
            fix=Fix(_dumped, safety=Safety.UNSAFE)
            if one and len(node.args) == 1 and not node.keywords
            else None,
            impact=estimates.rows_serialized(module.options, "through jsonable_encoder"),
        )


def _sure(encoded: ast.expr, several: bool, module: Module) -> Confidence:
    """One object is a few microseconds, whichever way it is written."""
    if not several or is_seldom(encoded, module):
        return Confidence.POSSIBLE
    return Confidence.CERTAIN if item_of(encoded, module) is not None else Confidence.LIKELY


def _dumped(call: cst.Call) -> cst.BaseExpression:
    import libcst as cst

    value = call.args[0].value
    if not isinstance(value, cst.Name | cst.Attribute | cst.Call | cst.Subscript):
        return call
    tight = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    return cst.Call(
        cst.Attribute(value, cst.Name("model_dump")),
        [
            cst.Arg(cst.SimpleString('"json"'), keyword=cst.Name("mode"), equal=tight),
            cst.Arg(cst.Name("True"), keyword=cst.Name("by_alias"), equal=tight),
        ],
    )
