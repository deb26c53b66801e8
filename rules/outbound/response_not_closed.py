from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Impact, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import serves

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_WHOLE = frozenset({"json", "text", "content", "read", "aread", "raise_for_status_and_read"})
_CLOSING = frozenset({"close", "aclose", "release", "__exit__", "__aexit__"})
_PIECES = frozenset(
    {"iter_content", "iter_lines", "iter_bytes", "iter_text", "iter_raw", "aiter_bytes", "aiter_raw"}
)


class ResponseNotClosed(Rule):
    """A streamed response that nobody closes keeps its connection: the pool runs dry, and later calls wait for ever.

    With `stream=True` the connection goes back to the pool only when the body was read to its end or the response was closed.
    An early return or an exception leaves it open until the collector comes by.

    ## Instead
    Read the response in a block that closes it: `with session.get(url, stream=True, timeout=10) as response:`,
    and `async with client.stream("GET", url) as response:` for httpx.

    ## Trade-offs
    The body must be used inside the block.

    ## Monitor
    Open sockets, connections in use of the client's pool.

    ## When to ignore it
    When whoever gets the response closes it.
    """

    code = "FP610"
    severity = Severity.MEDIUM
    said_from = Severity.MEDIUM
    effort = Effort.MINUTES
    watch = "open sockets and connections in use"

    invalid = (
        Invalid(
            """
            session = requests.Session()

            @app.get("/exists")
            def exists(url: str) -> bool:
                response = session.get(url, stream=True, timeout=10)
                return response.status_code == 200
            """
        ),
    )
    valid = (
        Valid(
            """
            session = requests.Session()

            @app.get("/exists")
            def exists(url: str) -> bool:
                with session.get(url, stream=True, timeout=10) as response:
                    return response.status_code == 200
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.meaning.external is not None

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        name = module.qualified_name(node.func)
        if (
            name is None
            or libraries.external(name) is None
            or not _is_streamed(node)
            or not serves(node, module)
        ):
            return
        if not name.startswith(("requests.", "httpx.", "httpx2.", "niquests.")):
            return
        kept = _kept_as(node, module)
        if not kept:
            return
        function = module.function_of(node)
        if function is None or isinstance(function.node, ast.Lambda):
            return
        use = _use(kept, function.node, node)
        if use == "closed" or not _is_of_shared(node, name, module):
            return
        yield Match(
            node,
            f"`{spelled(node.func)}` with `stream=True` is never closed"
            f"{' when reading stops early' if use == 'pieces' else ''}: its connection does not go back to the pool.",
            severity=Severity.LOW if use == "pieces" else Severity.MEDIUM,
            # What is read piece by piece is read to the end most of the time, which gives the connection back.
            confidence=Confidence.POSSIBLE if use == "pieces" else Confidence.LIKELY,
            impact=Impact(
                summary="each such call may take one connection out of the pool for good",
                formula="calls · share that is not read to the end",
            ),
        )


def _is_of_shared(call: ast.Call, name: str, module: Module) -> bool:
    """Whether the connection comes from a pool that others draw from: `requests.get` opens one for itself, and so does
    a session that the function makes, which go with the response."""
    if name.count(".") < 2:
        return False
    function = module.function_of(call)
    client = call.func.value if isinstance(call.func, ast.Attribute) else None
    if function is None or not isinstance(client, ast.Name):
        return True
    scope = module.index.scope_of.get(function.node)
    made = scope.bindings.get(client.id, []) if scope is not None else []
    return not any(isinstance(each.value, ast.Call | ast.withitem) for each in made)


def _is_streamed(call: ast.Call) -> bool:
    return any(
        keyword.arg == "stream" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
        for keyword in call.keywords
    )


def _kept_as(call: ast.Call, module: Module) -> str:
    """The local name that holds the response."""
    parent = module.parent(call)
    if isinstance(parent, ast.Await):
        parent = module.parent(parent)
    if (
        isinstance(parent, ast.Assign)
        and len(parent.targets) == 1
        and isinstance(parent.targets[0], ast.Name)
    ):
        return parent.targets[0].id
    return ""


def _use(name: str, function: ast.AST, call: ast.Call) -> str:
    """`closed` when somebody closes the response, reads it whole or gets it; `pieces` when it is read in pieces."""
    pieces = False
    for node in walk(function):
        match node:
            case ast.withitem(context_expr=context) if _mentions(context, name):
                return "closed"
            case ast.For() | ast.AsyncFor() if _reads_all(node, name):
                return "closed"
            case ast.Attribute(value=ast.Name(id=found), attr=attribute) if found == name:
                if attribute in _CLOSING or attribute in _WHOLE:
                    return "closed"
                pieces = pieces or attribute in _PIECES or attribute == "raw"
            case ast.Return(value=value) | ast.Yield(value=value) if _is_name(value, name):
                return "closed"
            case ast.Call(args=arguments, keywords=keywords) if node is not call:
                if any(_is_name(argument, name) for argument in arguments):
                    return "closed"
                if any(_is_name(keyword.value, name) for keyword in keywords):
                    return "closed"
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()], value=ast.Name(id=found)) if (
                found == name
            ):
                return "closed"
            case ast.Tuple(elts=elements) | ast.List(elts=elements) if any(
                _is_name(each, name) for each in elements
            ):
                return "closed"
    return "pieces" if pieces else ""


def _reads_all(loop: ast.For | ast.AsyncFor, name: str) -> bool:
    """`for chunk in response.iter_content(8192):`, and nothing inside leaves it: at the end of the body the connection
    goes back by itself."""
    match loop.iter:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=found), attr=attribute)):
            return (
                found == name
                and attribute in _PIECES
                and not any(
                    isinstance(node, ast.Break | ast.Return | ast.Raise | ast.Yield | ast.YieldFrom)
                    for statement in loop.body
                    for node in walk(statement)
                )
            )
    return False


def _is_name(node: ast.AST | None, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _mentions(node: ast.AST, name: str) -> bool:
    return any(_is_name(inner, name) for inner in walk(node))
