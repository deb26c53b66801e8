"""The decorators of functions and classes, as facts."""

from __future__ import annotations

import ast

from rules.engine.reading.arguments import arguments, receiver
from rules.engine.reading.calls import WIRING, on_parameter
from rules.engine.reading.facts import Decorator
from rules.engine.reading.index import Index
from rules.engine.reading.scopes import Scope
from rules.engine.reading.spelling import last_name

ROUTES = frozenset(
    {"get", "post", "put", "patch", "delete", "head", "options", "trace", "route", "api_route", "websocket"}
    | {"websocket_route", "middleware", "exception_handler", "on_event"}
)


def decorator_of(index: Index, node: ast.expr, scope: Scope) -> Decorator:
    if isinstance(node, ast.Call):
        name = last_name(node)
        wires = name in ROUTES or name in WIRING or any(_takes_route(value) for value in node.args)
        given = arguments(index, node, scope) if wires else ()
        return Decorator(
            index.ref(node.func, scope) or on_parameter(node.func, ROUTES),
            node.lineno,
            True,
            given,
            receiver(index, node.func, scope),
        )
    return Decorator(index.ref(node, scope), node.lineno, False, (), receiver(index, node, scope))


def _takes_route(node: ast.expr) -> bool:
    """Whether an argument may be a router's method: `protected(router.get, "/orders")`."""
    return isinstance(node, ast.Attribute) and node.attr in ROUTES
