from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine import estimates
from rules.engine.responses import answer, records, returned
from rules.engine.rewrites import without_keyword
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.module import Module

_CLASSES = {
    f"{package}.{name}": name
    for package in ("fastapi.responses", "starlette.responses")
    for name in ("JSONResponse", "ORJSONResponse", "UJSONResponse")
}
_OWNERS = frozenset(
    {"fastapi.FastAPI", "fastapi.applications.FastAPI", "fastapi.APIRouter", "fastapi.routing.APIRouter"}
)
_DIRECT = (0, 130)
"""From here on FastAPI writes a declared type straight to bytes."""
_DEPRECATED = (0, 131)


class ResponseClassDisablesFastPath(Rule):
    """An explicit JSON response class switches off FastAPI's direct serialization: two to four times the work.

    Since FastAPI 0.130 an endpoint with a declared type and the default response class is serialized straight to bytes, in
    Rust. Any explicit class, even `JSONResponse`, goes back to Python objects first and encodes them afterwards.
    `ORJSONResponse` and `UJSONResponse` are deprecated for that reason.

    ## Instead
    Leave `response_class` and `default_response_class` out where the endpoint declares what it returns.

    ## Trade-offs
    Bodies stay the same but for `NaN`, which `JSONResponse` refuses and the direct way writes as `null`.

    ## Monitor
    Processor time per request on endpoints with large answers.

    ## When to ignore it
    When FastAPI is older than 0.130, or an endpoint without a declared type returns large plain data.
    """

    code = "FP502"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    watch = "processor time per request"

    invalid = (
        Invalid(
            """
            from fastapi.responses import ORJSONResponse

            @app.get("/orders", response_class=ORJSONResponse)
            def list_orders(orders: list[int]) -> list[int]:
                return orders
            """,
            fixed="""
            @app.get("/orders")
            def list_orders(orders: list[int]) -> list[int]:
                return orders
            """,
            documents={"requirements.txt": "fastapi>=0.131\n"},
        ),
    )
    valid = (
        Valid(
            """
            from fastapi.responses import ORJSONResponse

            @app.get("/orders", response_class=ORJSONResponse)
            def list_orders(orders: list[int]) -> list[int]:
                return orders
            """,
            documents={"requirements.txt": "fastapi==0.115.0\n"},
        ),
    )

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        given = [
            keyword
            for keyword in node.keywords
            if keyword.arg in ("response_class", "default_response_class")
        ]
        version = module.version("fastapi") if given else None
        if version is None or version < _DIRECT:
            return
        for keyword in given:
            name = _CLASSES.get(module.qualified_name(keyword.value) or "")
            if name:
                yield from self._said(node, keyword, name, version, module)

    def _said(
        self, node: ast.Call, keyword: ast.keyword, name: str, version: tuple[int, ...], module: Module
    ) -> Iterator[Match]:
        old = " It is deprecated." if name != "JSONResponse" and version >= _DEPRECATED else ""
        fix = Fix(without_keyword(keyword.arg or ""), safety=Safety.UNSAFE)
        impact = estimates.rows_serialized(module.options, "through a response class")
        if keyword.arg == "default_response_class":
            if module.qualified_name(node.func) in _OWNERS:
                yield Match(
                    keyword.value,
                    f"`default_response_class={name}` takes direct serialization away from every typed endpoint"
                    f" below it.{old}",
                    fix=Fix(without_keyword("default_response_class"), safety=Safety.UNSAFE, target=node),
                    impact=impact,
                )
            return
        function = module.parent(node)
        declared = answer(function, module) if function is not None else None
        if function is None or declared is None or declared.decorator is not node or not declared.is_typed:
            return
        several = any(records(value, module) is not None for value in returned(function, module)) or _is_list(
            declared.model
        )
        yield Match(
            keyword.value,
            f"`response_class={name}` takes direct serialization away from `{_name(function)}`, whose type is declared.{old}",
            severity=Severity.MEDIUM if several else Severity.LOW,
            confidence=Confidence.CERTAIN,
            fix=Fix(fix.rewrite, safety=fix.safety, target=node),
            impact=impact,
        )


def _is_list(model: ast.expr | None) -> bool:
    match model:
        case ast.Subscript(value=ast.Name(id="list" | "List" | "Sequence" | "Page")):
            return True
    return False


def _name(function: ast.AST) -> str:
    return getattr(function, "name", "")
