from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.reading import facts
from rules.engine.reading.loop_shapes import shortened
from rules.engine.reading.spelling import names_bound
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Fix, Impact, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.first_time import runs_first_time
from rules.engine.service.responses import is_model
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_LOADS = frozenset({"json.loads", "orjson.loads", "ujson.loads", "simplejson.loads", "rapidjson.loads"})


class DoubleJson(Rule):
    """JSON is parsed into dictionaries only to be validated, or written only to be parsed again: one of the two is enough.

    pydantic reads JSON itself, without the dictionaries in between, and writes JSON-safe dictionaries itself, without the text
    in between.

    ## Instead
    Let pydantic read and write the JSON: `Model.model_validate_json(body)` for
    `Model.model_validate(json.loads(body))`, and `model.model_dump(mode="json")` for
    `json.loads(model.model_dump_json())`.

    ## Trade-offs
    Broken JSON raises `ValidationError` instead of `JSONDecodeError`; both are a `ValueError`. A strict model takes dates as
    text from JSON, which it refuses of a dictionary. The text has `null` for a float that is no number, the dictionary `nan`.

    ## Monitor
    Processor time per request.

    ## When to ignore it
    When the documents are small and few.
    """

    code = "FP512"
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

            @app.post("/orders")
            async def create(request: Request) -> Order:
                return Order.model_validate(json.loads(await request.body()))
            """,
            fixed="""
            from pydantic import BaseModel

            class Order(BaseModel):
                id: int

            @app.post("/orders")
            async def create(request: Request) -> Order:
                return Order.model_validate_json(await request.body())
            """,
        ),
    )
    valid = (
        Valid(
            """
            from pydantic import BaseModel

            class Order(BaseModel):
                id: int

            @app.post("/orders")
            async def create(request: Request) -> Order:
                return Order.model_validate_json(await request.body())
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.is_method and (callee.spelled == "model_validate" or callee.name in _LOADS)

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if not module.reached(node) or len(node.args) != 1 or node.keywords:
            return
        inner = node.args[0]
        if not isinstance(inner, ast.Call) or not isinstance(node.func, ast.Attribute):
            return
        if node.func.attr == "model_validate" and is_model(node.func.value, module):
            if module.qualified_name(inner.func) in _LOADS and len(inner.args) == 1 and not inner.keywords:
                name = ast.unparse(node.func.value)
                yield Match(
                    node,
                    f"`{name}.model_validate` of parsed JSON: `model_validate_json` reads the text itself, without the"
                    " dictionaries in between.",
                    confidence=_sure(node, module),
                    cause=f"FP512 {module.path}",
                    fix=None if _catches(node, module) else Fix(_from_json, safety=Safety.UNSAFE),
                    instead=f"Validate the text itself: `{name}.model_validate_json({shortened(module.segment(inner.args[0]), 60)})`.",
                    impact=estimates.parsed_twice(module.options),
                )
        elif module.qualified_name(node.func) in _LOADS:
            written = inner.func
            if not isinstance(written, ast.Attribute) or written.attr not in ("model_dump_json", "json"):
                return
            version = module.version("pydantic")
            if written.attr == "json" and version is not None and version < (2,):
                return  # nothing there makes dictionaries that are safe for JSON
            if is_model(written.value, module) and not inner.args:
                yield Match(
                    node,
                    f'`{ast.unparse(written.value)}` is written as JSON and parsed again: `model_dump(mode="json")` gives the'
                    " same dictionary.",
                    # Where no version is named `.json()` may be that of Pydantic 1, which has no other way.
                    confidence=Confidence.POSSIBLE
                    if _goes_to_file(node, module) or (written.attr == "json" and version is None)
                    else _sure(node, module),
                    cause=f"FP512 {module.path}",
                    fix=Fix(_as_dictionary, safety=Safety.UNSAFE)
                    if written.attr == "model_dump_json"
                    else None,
                    instead=f'Ask for the dictionary itself: `{shortened(module.segment(written.value), 60)}.model_dump(mode="json")`.',
                    impact=Impact(
                        summary="about 17 → 1 ms of processor time per MB of JSON", assumptions={"body_mb": 1}
                    ),
                )


def _sure(node: ast.AST, module: Module) -> Confidence:
    """What is read once and kept, or now and then, is not read so often that it matters how."""
    found = module.graph_node(node)
    kept = found is not None and bool(found.function.flags & (facts.CACHED | facts.SINGLE))
    return (
        Confidence.POSSIBLE
        if kept or is_seldom(node, module) or runs_first_time(node, module)
        else Confidence.CERTAIN
    )


def _goes_to_file(node: ast.AST, module: Module) -> bool:
    """Whether the dictionaries are written to a file, `json.dump(rows, file)`: opening it takes longer than they do."""
    function, statement = module.function_of(node), module.statement(node)
    if function is None or not isinstance(statement, ast.Assign):
        return False
    names = names_bound(statement)
    return any(
        isinstance(call, ast.Call)
        and len(call.args) > 1
        and isinstance(call.args[0], ast.Name)
        and call.args[0].id in names
        and module.qualified_name(call.func) == "json.dump"
        for call in walk(function.node)
    )


def _catches(node: ast.AST, module: Module) -> bool:
    """Whether an error of the parser is caught around."""
    current = module.parent(node)
    while current is not None:
        if isinstance(current, ast.Try) and any(
            "JSONDecodeError" in ast.unparse(handler.type)
            for handler in current.handlers
            if handler.type is not None
        ):
            return True
        current = module.parent(current)
    return False


def _from_json(call: cst.Call) -> cst.BaseExpression:
    import libcst as cst

    inner = call.args[0].value
    if not isinstance(call.func, cst.Attribute) or not isinstance(inner, cst.Call):
        return call
    return call.with_changes(
        func=call.func.with_changes(attr=cst.Name("model_validate_json")), args=inner.args
    )


def _as_dictionary(call: cst.Call) -> cst.BaseExpression:
    import libcst as cst

    inner = call.args[0].value
    if not isinstance(inner, cst.Call) or not isinstance(inner.func, cst.Attribute):
        return call
    mode = cst.Arg(
        cst.SimpleString('"json"'),
        keyword=cst.Name("mode"),
        equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
        comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        if inner.args
        else cst.MaybeSentinel.DEFAULT,
    )
    return inner.with_changes(
        func=inner.func.with_changes(attr=cst.Name("model_dump")), args=[mode, *inner.args]
    )
