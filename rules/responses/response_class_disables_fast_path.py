from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.fixing.rewrites import without_keyword
from rules.engine.linking.values import Sort
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.responses import answer, records, returned

if TYPE_CHECKING:
    from rules.engine.linking.routing import Router
    from rules.engine.linking.values import Linked
    from rules.engine.module import Module

_CLASSES = {
    f"{package}.{name}": name
    for package in ("fastapi.responses", "starlette.responses")
    for name in ("JSONResponse", "ORJSONResponse", "UJSONResponse")
}
_OWNERS = frozenset(
    {"fastapi.FastAPI", "fastapi.applications.FastAPI", "fastapi.APIRouter", "fastapi.routing.APIRouter"}
)
_DEEPEST = 8
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
    said_from = Severity.HIGH
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
        if not node.keywords:
            return
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
                typed = _below(node, module)
                if not typed:
                    return
                yield Match(
                    keyword.value,
                    f"`default_response_class={name}` takes direct serialization away from"
                    f" {'the typed endpoint' if typed == 1 else f'{typed} typed endpoints'} below it.{old}",
                    # What declares no model is written by this class, and slower without it.
                    confidence=Confidence.POSSIBLE,
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


def _below(made: ast.Call, module: Module) -> int:
    """How many endpoints below an application or a router declare a model."""
    target = module.parent(made)
    while isinstance(target, ast.expr):
        target = module.parent(target)
    names = {ast.unparse(each) for each in _targets(target)}
    keys = {(module.path, name) for name in names}
    typed = 0
    for route in module.project.routing.routes:
        if route.named.keys() & {"response_class", "**"} or "WEBSOCKET" in route.methods:
            continue
        if not _is_under(route.router, keys):
            continue
        model = route.named.get("response_model")
        if model is not None and not model.argument.ref:
            continue
        ref, home = (
            (model.argument.ref, model.module)
            if model is not None
            else (route.handler.function.returns, route.handler.module)
        )
        typed += _is_model(ref, home, module)
    return typed


def _targets(statement: ast.AST | None) -> list[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AnnAssign) else []


def _is_under(router: Router, keys: set[tuple[str, str]], depth: int = 0) -> bool:
    return router.key in keys or (
        depth < _DEEPEST and any(_is_under(parent, keys, depth + 1) for parent, _, _ in router.included)
    )


def _is_model(ref: str, home: Linked, module: Module) -> bool:
    """Whether a reference, in an annotation or as `response_model`, is a class of the project or a list of them."""
    value = module.project.resolver.value(ref.partition(":")[0], home)
    return value is not None and value.sort == Sort.CLASS


def _is_list(model: ast.expr | None) -> bool:
    match model:
        case ast.Subscript(value=ast.Name(id="list" | "List" | "Sequence" | "Page")):
            return True
    return False


def _name(function: ast.AST) -> str:
    return getattr(function, "name", "")
