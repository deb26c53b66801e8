from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.regexes import regex
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.module import Module

_GLOBAL = regex(r"global\b")
_LARGE = ("pandas.", "polars.", "numpy.")


class LargeGlobalRetention(Rule):
    """Something large that a request made stays reachable from the module until the next request replaces it.

    An exception keeps its traceback, and that keeps every frame with all local variables: request, rows, bodies. A table
    put on `app.state` stays in each worker, used or not.

    ## Instead
    Keep what is needed of it: `str(error)`, `traceback.format_exc()`, the figures. What other requests need belongs into a
    cache with a bound, or into a file.

    ## Monitor
    Resident memory per worker after a quiet hour.
    """

    code = "FP710"
    severity = Severity.LOW
    effort = Effort.MINUTES
    watch = "resident memory per worker"

    invalid = (
        Invalid(
            """
            last_error: Exception | None = None

            @app.get("/orders")
            def orders() -> list[str]:
                global last_error
                try:
                    return requests.get("https://shop.example/orders", timeout=5).json()
                except requests.RequestException as error:
                    last_error = error
                    return []
            """
        ),
    )
    valid = (
        Valid(
            """
            last_error = ""

            @app.get("/orders")
            def orders() -> list[str]:
                global last_error
                try:
                    return requests.get("https://shop.example/orders", timeout=5).json()
                except requests.RequestException as error:
                    last_error = str(error)
                    return []
            """
        ),
    )

    def check(self, node: ast.Assign, module: Module) -> Iterator[Match]:
        if len(node.targets) != 1:
            return
        target = node.targets[0]
        if not _outlives(target, module) or not module.in_request_path(node):
            return
        shown = module.segment(target)
        if isinstance(node.value, ast.Name) and _is_caught(node, node.value.id, module):
            yield Match(
                node,
                f"`{shown}` keeps `{node.value.id}`, its traceback and with it every local of the failed request.",
                confidence=Confidence.LIKELY,
            )
        elif (module.type_of(node.value) or "").startswith(_LARGE):
            yield Match(
                node,
                f"`{shown}` keeps a whole table in memory after the request, in each worker.",
                confidence=Confidence.POSSIBLE,
            )


def _outlives(target: ast.expr, module: Module) -> bool:
    """A `global`, or an attribute of the application's state."""
    match target:
        case ast.Name(id=name):
            return module.source.matches(_GLOBAL) and module.index.scope_at(target).outer.get(name, False)
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id="app"), attr="state")):
            return True
        case ast.Attribute(value=ast.Attribute(value=ast.Attribute(attr="app"), attr="state")):
            return True
    return False


def _is_caught(node: ast.AST, name: str, module: Module) -> bool:
    current = module.parent(node)
    while current is not None and not isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef):
        if isinstance(current, ast.ExceptHandler) and current.name == name:
            return True
        current = module.parent(current)
    return False
