from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.costs import estimates
from rules.engine.linking.instances import Lifetime, lifetime
from rules.engine.loops.adapters import nobody_passes
from rules.engine.loops.bounded import is_bounded
from rules.engine.reading import switches
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.regexes import regex
from rules.engine.reading.whole_numbers import arguments
from rules.engine.rule import Confidence, Effort, Fix, Impact, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.creation import serves

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.linking.callees import Callee
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module

_HTTPX = frozenset({"httpx.Timeout", "httpx2.Timeout"})
_AIOHTTP = frozenset({"aiohttp.ClientTimeout", "aiohttp.client.ClientTimeout"})
_KINDS = frozenset({"http", "sdk", "http-call", "channel"})
# aiohttp takes None for "as the session says".
_DEFAULTING = ("aiohttp.",)
_STREAMING = regex(
    r"\.(?:a?stream|a?iter_\w+|ws_connect|aiter_\w+)\(|stream=True|event-stream|EventSource|websocket",
    re.IGNORECASE,
)
_ASYNC = Impact(
    summary="each peer that accepts and never answers keeps a connection of the client for ever; after 100 of them no call goes"
    " out any more",
    formula="hung calls ≥ connections ⇒ no call goes out",
    assumptions={"connections": 100},
)


class TimeoutDisabled(Rule):
    """A timeout that is switched off waits for ever for a peer that has stopped answering, and what waits serves nobody.

    `httpx` waits five seconds by itself; `timeout=None` takes that away. Twenty hung calls filled a pool of twenty
    connections in a measurement: no other call came through again, and the process could not shut down.

    ## Instead
    Set a timeout a little above the slowest good answer: `timeout=30`, or `httpx.Timeout(5, read=60)` for slow
    answers with a quick connect.

    ## Trade-offs
    The call may now raise a timeout error: decide what the endpoint answers then.

    ## Monitor
    p99.9 of outbound calls, connections in use of the client's pool.

    ## When to ignore it
    When the answer is a stream that may pause for ever and somebody else ends it.
    """

    code = "FP602"
    severity = Severity.HIGH
    gates = True
    effort = Effort.MINUTES
    watch = "p99.9 of outbound calls and connections in use"

    invalid = (
        Invalid(
            """
            client = httpx.AsyncClient(timeout=None)

            @app.get("/rates")
            async def rates() -> dict[str, float]:
                return (await client.get("https://rates.example/latest")).json()
            """,
            fixed="""
            client = httpx.AsyncClient(timeout=10)

            @app.get("/rates")
            async def rates() -> dict[str, float]:
                return (await client.get("https://rates.example/latest")).json()
            """,
        ),
    )
    valid = (
        Valid(
            """
            client = httpx.AsyncClient(timeout=httpx.Timeout(5, read=60))

            @app.get("/rates")
            async def rates() -> dict[str, float]:
                return (await client.get("https://rates.example/latest")).json()
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return (
            callee.name in _HTTPX
            or callee.name in _AIOHTTP
            or callee.meaning.external is not None
            or callee.meaning.client is not None
            or libraries.timeout(callee.name) is not None
        )

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        name = module.qualified_name(node.func)
        if name is None or name.startswith(("starlette.", "fastapi.")):
            return
        keyword = _switched_off(node, name, module)
        if (
            keyword is None
            or not serves(node, module)
            or is_bounded(node, module)
            or _has_own_transport(node, module)
            or _is_streamed(node, module)
        ):
            return
        on_request = module.in_request_path(node)
        shown = f"`{spelled(node.func)}` with `{keyword.arg}={ast.unparse(keyword.value)}`"
        what = shown if keyword.arg else f"`{module.segment(node)}`"
        yield Match(
            node,
            f"{what} never gives up: it waits for ever for a peer that stops answering.",
            severity=Severity.HIGH if on_request or module.function_of(node) is None else Severity.MEDIUM,
            # Written for one call in so many words, in code that no request is seen to reach: somebody may mean it.
            confidence=Confidence.POSSIBLE
            if "stream=True" in module.source.text  # a stream may pause for as long as it likes
            else Confidence.CERTAIN
            if on_request
            or ((name in _HTTPX or name in _AIOHTTP or _is_made(name)) and _is_of_server(node, module))
            else Confidence.POSSIBLE,
            fix=Fix(_bounded(keyword.arg), safety=Safety.UNSAFE)
            if keyword.arg and not isinstance(keyword.value, ast.Name)
            else None,
            impact=_ASYNC if _is_async(name) else estimates.hangs(module.options, on_loop=False),
        )


def _switched_off(call: ast.Call, name: str, module: Module) -> ast.keyword | None:
    """The argument that switches the timeout off."""
    given = {keyword.arg: keyword for keyword in call.keywords}
    if None in given and not ("timeout" in given and isinstance(given["timeout"].value, ast.Name)):
        return None
    if name in _HTTPX:
        if len(call.args) == 1 and _is_none(call.args[0]) and not given:
            return ast.keyword(arg=None, value=call.args[0])
        timeout = given.get("timeout")
        return timeout if timeout is not None and _is_none(timeout.value) and len(given) == 1 else None
    if name in _AIOHTTP:
        total = given.get("total")
        if call.args or total is None or {"sock_read", "sock_connect", "connect"} & given.keys():
            return None
        return total if _is_none(total.value) or _is_zero(total.value) else None
    if name.startswith(_DEFAULTING):
        return None
    default = libraries.timeout(name)
    client = libraries.client(name)
    known = default is not None or libraries.external(name) is not None
    if not known and (client is None or client.kind not in _KINDS):
        return None
    for keyword in call.keywords:
        if keyword.arg in ("timeout", default.keyword if default is not None else "timeout") and (
            _is_none(keyword.value)
            or _is_named_none(keyword.value, module)
            or _is_left_none(keyword.value, module)
        ):
            return None if default is not None and default.fixed_in else keyword
    return None


def _is_of_server(call: ast.Call, module: Module) -> bool:
    """Whether the service itself is seen to use what waits. A class that nothing here makes is for those who use the
    package, and how long they wait is theirs to say."""
    current = module.parent(call)
    while current is not None and not isinstance(current, ast.ClassDef):
        current = module.parent(current)
    return current is None or lifetime(current, module) is not Lifetime.UNKNOWN


def _is_made(name: str) -> bool:
    """Whether it makes a client, all of whose calls then wait."""
    return libraries.client(name) is not None


def _is_async(name: str) -> bool:
    client, external = libraries.client(name), libraries.external(name)
    return bool((client and client.is_async) or (external and external.is_async)) or name in _HTTPX | _AIOHTTP


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_named_none(value: ast.expr, module: Module) -> bool:
    """`TIMEOUT = None` of the module, and nothing else is ever put there."""
    bindings = module.index.module.bindings.get(value.id, ()) if isinstance(value, ast.Name) else ()
    if len(bindings) != 1 or not isinstance(value, ast.Name):
        return False
    scope = module.index.scope_at(value)
    given = bindings[0].value
    return value.id not in scope.bindings and isinstance(given, ast.Constant) and given.value is None


def _is_left_none(value: ast.expr, module: Module) -> bool:
    """A parameter that is `None` by default, and that no caller gives: `def fetch(url, timeout=None): get(url, timeout=timeout)`."""
    function = module.function_of(value)
    found = module.graph_node(value)
    if (
        not isinstance(value, ast.Name)
        or function is None
        or isinstance(function.node, ast.Lambda)
        or found is None
        or found.roles
    ):
        return False
    bindings = module.index.scope_at(value).bindings.get(value.id, ())
    if len(bindings) != 1 or bindings[0].kind != "parameter":
        return False
    default = next((each for argument, each in arguments(function.node) if argument.arg == value.id), None)
    if default is None or not _is_none(default):
        return False
    order = [argument.arg for argument in (*function.node.args.posonlyargs, *function.node.args.args)]
    return nobody_passes(found, {value.id}, module) and not _reaches(found, order, value.id)


def _reaches(node: Node, order: Sequence[str], name: str) -> bool:
    """Whether a caller gives so many arguments by position that `name` is among them."""
    if name not in order:
        return False
    at = order.index(name) - (order[0] in ("self", "cls"))
    return any(switches.passes(edge.call, name, at) for _, edge in node.callers)


def _is_zero(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0 and not isinstance(node.value, bool)


def _has_own_transport(call: ast.Call, module: Module) -> bool:
    """`AsyncClient(transport=…, timeout=None)`: what a transport of one's own waits for is its own affair."""
    made: ast.AST | None = call
    while isinstance(made, ast.expr | ast.keyword):
        if isinstance(made, ast.Call):
            for each in made.keywords:
                if each.arg in ("transport", "app") and not _is_network(each.value, module):
                    return True
        made = module.parent(made)
    return False


def _is_network(transport: ast.expr, module: Module) -> bool:
    """`httpx.HTTPTransport(retries=3)`: httpx's own."""
    made = transport.func if isinstance(transport, ast.Call) else transport
    return module.qualified_name(made) in ("httpx.HTTPTransport", "httpx.AsyncHTTPTransport")


def _is_streamed(call: ast.Call, module: Module) -> bool:
    """Whether the function reads a stream, which may pause for as long as it likes."""
    if isinstance(call.func, ast.Attribute) and call.func.attr in ("stream", "astream", "ws_connect"):
        return True
    kept = _kept_as(call, module)
    if kept:
        return re.search(rf"{kept}\.(?:a?stream|ws_connect)\(", module.source.text) is not None
    function = module.function_of(call)
    text = module.segment(function.node) if function is not None else module.source.text
    return _STREAMING.search(text) is not None


def _kept_as(call: ast.Call, module: Module) -> str:
    """A pattern for the module-level name or the attribute that keeps a client: `client`, `self.client`."""
    statement = module.statement(call)
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return ""
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    if isinstance(target, ast.Attribute):
        return rf"\.{target.attr}"
    if isinstance(target, ast.Name) and module.function_of(call) is None:
        return rf"(?<![.\w]){target.id}"
    return ""


def _bounded(name: str | None) -> Callable[[cst.Call], cst.Call]:
    def rewrite(call: cst.Call) -> cst.Call:
        import libcst as cst

        value = cst.Integer("10")
        args = [
            arg.with_changes(value=value) if arg.keyword is not None and arg.keyword.value == name else arg
            for arg in call.args
        ]
        return call.with_changes(args=args)

    return rewrite
