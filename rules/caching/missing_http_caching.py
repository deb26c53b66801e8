from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.module import Module

_SAID = (
    "cache-control",
    "cache_control",
    "etag",
    "last-modified",
    "expires",
    "fastapi_cache",
    "fileresponse",
    "cashews",
)
_TABLES = (
    "countries",
    "currencies",
    "languages",
    "locales",
    "timezones",
    "categories",
    "tags",
    "constants",
    "catalog",
)


class MissingHttpCaching(Rule):
    """A public list that hardly ever changes is sent without saying how long it may be kept.

    Browsers and a CDN in front could answer it themselves, or learn in a few bytes that nothing changed. Without
    `Cache-Control` and `ETag` each reading is a full request to the application.

    ## Instead
    Say how long the answer may be kept: `response.headers["Cache-Control"] = "public, max-age=3600"`; with an
    `ETag` answer `304` when `If-None-Match` agrees.

    ## Trade-offs
    Nobody can take back an answer that a browser keeps: choose the time by how long an old one does no harm.

    ## Monitor
    Share of requests that the CDN answers; share of 304.
    """

    code = "FP312"
    severity = Severity.INFO
    effort = Effort.MINUTES
    watch = "share of requests answered by the CDN, share of 304"

    invalid = (
        Invalid(
            """
            @app.get("/countries")
            async def countries() -> list[str]:
                return ["DE", "FR"]
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Response

            @app.get("/countries")
            async def countries(response: Response) -> list[str]:
                response.headers["Cache-Control"] = "public, max-age=3600"
                return ["DE", "FR"]
            """
        ),
    )

    def check(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        if str(module.role(node) or "") != "endpoint":
            return
        arguments = node.args
        if any((arguments.posonlyargs, arguments.args, arguments.kwonlyargs)):
            return
        endpoints = module.endpoints(node)
        if not endpoints or any(endpoint.method != "GET" for endpoint in endpoints):
            return
        if endpoints[0].path.rstrip("/").rpartition("/")[2] not in _TABLES:
            return
        text = module.source.text.lower()
        if any(word in text for word in _SAID) or any(
            "dependencies" in module.segment(each) for each in node.decorator_list
        ):
            return
        yield Match(
            node,
            f"`{endpoints[0]}` is the same for everyone and does not say how long it may be kept: each reading is a request.",
            confidence=Confidence.POSSIBLE,
        )
