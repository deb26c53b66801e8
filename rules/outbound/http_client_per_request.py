from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.costs import estimates
from rules.engine.finding import Hop
from rules.engine.kept_answers import once_for_node
from rules.engine.linking.context import IN_REQUEST
from rules.engine.linking.graph import CALL
from rules.engine.reading.loop_shapes import is_search, is_short, shortened, spelled
from rules.engine.reading.origins import origins
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import (
    Place,
    depends_on_request,
    entered_per_request,
    goes_away,
    is_fallback,
    lives_for_one_call,
    made_again,
    made_for_each_call,
    made_with_owner,
    owner_per_request,
)
from rules.engine.service.first_time import is_first_time
from rules.engine.service.remembering import is_remembered
from rules.engine.service.traffic import is_after_failure, is_probe, is_seldom, moves_whole

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module
    from rules.libraries import Client

_OFTEN = {
    Place.REQUEST: "for each request",
    Place.LOOP: "in each turn of the loop",
    Place.CALL: "for this one call",
    Place.EACH: "for each call of the function around it",
    Place.OWNER: "with an object that each request makes",
}
_OF_CALLER = regex(r"(?i)bearer|access_token|jwt|user|session_token|id_token|tenant|password")
_KEEP_EACH = (
    "Keep one for each set of credentials: `@lru_cache(maxsize=64)` on a function of them that makes it."
)
# Clients of one's own application, in tests and tools.
_LOCAL_TRANSPORTS = frozenset({"app", "uds"})
_LOCAL_CLASSES = ("ASGITransport", "WSGITransport", "MockTransport")
# What belongs to the client and cannot be given with a call; where it changes from call to call, so does the client.
_NEIGHBOUR = regex(r"http://[\w-]+(?:[:/]|$)")
_PLACES = regex(
    r"self|settings|config|conf|cfg|(?:\w+_)?(?:region|profile|endpoint|host|port|url|service|model|timeout|retries)(?:_\w+)?"
)
"""What says where a service is and how it is asked, not who asks."""
_SECRET = regex(r"key|token|secret|cred|password|auth|\*\*", re.IGNORECASE)
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "request"})
_SESSIONLESS = frozenset(f"requests.{verb}" for verb in _VERBS)
_SEVERAL = 3
"""As many calls make a module one that asks other services."""
_OWN = frozenset(
    {
        "auth",
        "cert",
        "connector",
        "cookie_jar",
        "cookies",
        "event_hooks",
        "mounts",
        "proxies",
        "proxy",
        "verify",
    }
)


class HttpClientPerRequest(Rule):
    """A client made for each request connects anew each time, and some cost tens of milliseconds before they connect.

    A client is a pool of open connections. Made per request it opens one, uses it once and throws it away: DNS, TCP and
    TLS are paid for every call. `httpx` and the SDKs built on it also load a TLS context each time, 20 to 80 ms of
    processor time that hold the event loop.

    ## Instead
    Make one client at start-up and share it: create it in the lifespan, keep it on `app.state`, hand it to endpoints with
    a dependency, and close it at shutdown.

    ## Trade-offs
    A shared client shares its cookies and its connection limits (100 for httpx and aiohttp): pass per-user headers with
    the call, and size the pool for the load.

    ## Monitor
    TLS handshakes per second, outbound latency, open sockets in TIME_WAIT.

    ## When to ignore it
    When each tenant has its own certificate or proxy, and the calls are rare.
    """

    code = "FP603"
    per_request = True
    severity = Severity.HIGH
    said_from = Severity.CRITICAL
    effort = Effort.HOURS
    watch = "TLS handshakes per second and outbound latency"

    invalid = (
        Invalid(
            """
            import httpx
            from fastapi import FastAPI

            app = FastAPI()

            @app.get("/rates")
            async def rates() -> dict[str, float]:
                async with httpx.AsyncClient() as client:
                    return (await client.get("https://rates.example/latest")).json()
            """
        ),
    )
    valid = (
        Valid(
            """
            from collections.abc import AsyncIterator
            from contextlib import asynccontextmanager

            import httpx
            from fastapi import FastAPI, Request

            @asynccontextmanager
            async def lifespan(app: FastAPI) -> AsyncIterator[None]:
                async with httpx.AsyncClient() as client:
                    app.state.client = client
                    yield

            app = FastAPI(lifespan=lifespan)

            @app.get("/rates")
            async def rates(request: Request) -> dict[str, float]:
                return (await request.app.state.client.get("https://rates.example/latest")).json()
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.meaning.client is not None or callee.name in _SESSIONLESS

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        name = module.qualified_name(node.func)
        if name in _SESSIONLESS:
            yield from self._without_session(node, module)
            return
        client = libraries.client(name) if name is not None else None
        if client is None or client.family != "client" or _shares(node, module):
            return
        place = made_again(node, module)
        if place is None and client.kind == "http" and lives_for_one_call(node, module):
            place = Place.CALL
        maker = None
        if place is None:
            maker = owner_per_request(node, module) or entered_per_request(node, module)
        if maker is not None or (place is None and made_with_owner(node, module)):
            place = Place.OWNER
        if place is None and _is_worth_keeping(client) and made_for_each_call(node, module):
            place = Place.EACH
        if place is None:
            return
        if client.kind == "http-call" and module.runs_on_event_loop(node):
            return  # said as a call that blocks
        is_told = client.kind == "sdk" and depends_on_request(node, module)
        of_tenant = client.kind == "sdk" and is_told and _has_credentials(node, module)
        if client.kind == "sdk" and _is_of_tenant(node):
            return
        if of_tenant and (
            place is Place.OWNER
            or str(module.role(node) or "") == "endpoint"
            or _OF_CALLER.search(module.segment(node) + module.symbol_at(node))
        ):
            return  # the request brings the credentials
        if is_first_time(node, module):
            return  # kept by whoever asked for it
        doubtful = (
            is_told
            or of_tenant
            or place is Place.EACH
            or _is_doubtful(node, module, made_with=maker)
            or (client.is_async and module.has_own_loop(node))
        )
        if (
            place not in (Place.CALL, Place.EACH)
            and not module.is_waited_for(node)
            and (_is_quickly_made(client) or not module.runs_on_event_loop(node))
        ):
            doubtful = True  # nobody waits for it: neither the caller nor the requests beside it
        if is_probe(node, module) or (place is Place.OWNER and (maker is None or _is_default(node, module))):
            doubtful = True
        if _is_quickly_made(client) and (
            _lasts_as_stream(node, module) or _is_polled(node, module) or _stays_inside(node, module)
        ):
            doubtful = True  # one connection per stream or import, whoever makes the client
        if _only_deletes(node, module):
            doubtful = True
        dropped = maker or (_asked_from(node, module) if place is Place.REQUEST else None)
        severity = _severity(client)
        if place in (Place.CALL, Place.EACH) or not module.runs_on_event_loop(node):
            severity = min(severity, Severity.MEDIUM, key=lambda each: each.rank)
        yield Match(
            node,
            _message(_made(node, client, module), client, place, _owner(maker, node, module)),
            severity=Severity.LOW if doubtful else severity,
            cause=f"FP603 {module.path}" if place in (Place.CALL, Place.EACH) else "",
            confidence=Confidence.POSSIBLE
            if doubtful
            else Confidence.CERTAIN
            if maker is None
            else Confidence.LIKELY,
            call_path=(dropped, Hop(module.path, node.lineno, spelled(node.func)))
            if dropped is not None
            else (),
            impact=estimates.client_per_request(module.options, client.cpu_ms),
            instead=_KEEP_EACH if of_tenant else _instead(client, _made(node, client, module)),
        )

    def _without_session(self, node: ast.Call, module: Module) -> Iterator[Match]:
        """`requests.get(url)` of a module that asks other services again and again, or in a loop: each call connects anew."""
        if not module.reached(node) or not module.is_waited_for(node):
            return
        again = any(
            not module.is_short(loop) and not is_short(loop, module.qualified_name) and not is_search(loop)
            for loop in module.loops(node)
        )
        if not again and (len(_sessionless(module.tree, module)) < _SEVERAL or is_seldom(node, module)):
            return
        if is_probe(node, module) or is_after_failure(node, module):
            return
        yield Match(
            node,
            f"`{spelled(node.func)}` connects anew {'in each turn of the loop' if again else 'for each call'}, which costs DNS, TCP"
            " and TLS.",
            severity=Severity.LOW,
            confidence=Confidence.POSSIBLE,  # nobody sees whether it is the same host again
            cause=f"FP603 {module.path} requests",
            instead="Make one `requests.Session()` for the module and call its methods: it keeps its connections open.",
        )


@once_for_node
def _sessionless(tree: ast.Module, module: Module) -> list[ast.Call]:
    """The calls of `requests.get` and its like that requests get to."""
    return [
        call
        for scope in module.index.scopes
        if not scope.called.isdisjoint(_VERBS)
        for call in scope.calls
        if (module.qualified_name(call.func) or "") in _SESSIONLESS and module.reached(call)
    ]


def _asked_from(call: ast.Call, module: Module) -> Hop | None:
    """Where a request asks for the client of a function that returns it: there it is used once and dropped, and there it can be kept."""
    made = module.graph_node(call)
    if made is None or made.roles or not goes_away(call, module):
        return None
    places = [
        (caller.path, edge.call.line, caller.symbol)
        for caller, edge in made.callers
        if edge.kind == CALL and caller.contexts & IN_REQUEST
    ]
    return Hop(*min(places)) if places else None


def _is_worth_keeping(client: Client) -> bool:
    """Whether one costs more than what a function that makes a `requests.Session` for its calls spares with it."""
    return client.kind != "http-call" and not client.name.startswith("requests.")


def _only_deletes(call: ast.Call, module: Module) -> bool:
    """Whether all endpoints that get there delete something: few ask, and nobody waits for the next one."""
    endpoints = module.endpoints(call)
    return bool(endpoints) and all(each.method == "DELETE" for each in endpoints)


def _shares(call: ast.Call, module: Module) -> bool:
    """Whether the client talks to the application itself, or takes its connections from somewhere that is kept."""
    for keyword in call.keywords:
        if keyword.arg in _LOCAL_TRANSPORTS or keyword.arg == "connector_owner":
            return True
        if keyword.arg == "transport" and not _is_made_along(keyword.value, module):
            return True
        if keyword.arg == "connector" and isinstance(keyword.value, ast.Attribute):
            return True
    return False


def _is_made_along(transport: ast.expr, module: Module) -> bool:
    """Whether the function makes the transport too, for connections of its own to another service."""
    made = [
        part
        for value in origins(transport, module)
        for part in ((value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,))
    ]
    return all(
        (isinstance(part, ast.Constant) and part.value is None)
        or (isinstance(part, ast.Call) and _is_outbound(part))
        for part in made
    )


def _is_outbound(transport: ast.Call) -> bool:
    """`httpx.AsyncHTTPTransport(retries=3)`, `AsyncProxyTransport.from_url(proxy)`, not one that stays in the process."""
    words = spelled(transport.func).split(".")
    return any("Transport" in word for word in words) and not any(
        word.endswith(_LOCAL_CLASSES) for word in words
    )


def _is_doubtful(call: ast.Call, module: Module, made_with: Hop | None) -> bool:
    """Whether a shared client may not be worth it or not be possible: seldom called, only
    after a failure or for a step of seconds, kept by whoever gets it, made where the caller brought none, or set up with what each call brings (a proxy, a certificate, credentials)."""
    if (
        is_seldom(call, module)
        or moves_whole(call, module)
        or is_after_failure(call, module)
        or goes_away(call, module)
        or is_fallback(call, module)
    ):
        return True
    if any(_varies(keyword) for keyword in call.keywords if keyword.arg is None or keyword.arg in _OWN):
        return True
    if made_with is not None:
        return False  # the object remembers it, and goes with the request
    return is_remembered(call, module) or _is_shared_by_items(call, module)


def _is_shared_by_items(call: ast.Call, module: Module) -> bool:
    """Whether all items of a request, or all questions after a long job, use the one client: its cost is spread over them."""
    block = module.statement(call)
    if not isinstance(block, ast.With | ast.AsyncWith):
        return False
    names = {
        item.optional_vars.id
        for item in block.items
        if item.context_expr is call and isinstance(item.optional_vars, ast.Name)
    }
    if any(_is_closed_over(statement, names) for statement in block.body):
        return True
    return any(
        (
            (
                isinstance(loop, ast.For | ast.AsyncFor | ast.ListComp | ast.GeneratorExp)
                and not module.is_short(loop)
                and not is_short(loop, module.qualified_name)
                and not is_search(loop)
            )
            or (isinstance(loop, ast.While) and (_waits_each_turn(loop.body) or _turns_pages(loop, names)))
        )
        and any(isinstance(node, ast.Name) and node.id in names for node in walk(loop))
        for statement in block.body
        for loop in walk(statement)
    )


def _is_closed_over(statement: ast.stmt, names: set[str]) -> bool:
    """`async def fetch_one(url)` inside the block, which is there to be called for many."""
    return isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and any(
        isinstance(node, ast.Name) and node.id in names for node in walk(statement)
    )


def _lasts_as_stream(call: ast.Call, module: Module) -> bool:
    """Whether a generator hands on, inside the client's block, what comes in as long as the other side sends: a camera."""
    block = module.statement(call)
    if not isinstance(block, ast.With | ast.AsyncWith):
        return False
    return any(
        isinstance(loop, ast.AsyncFor) and any(isinstance(node, ast.Yield) for node in walk(loop))
        for statement in block.body
        for loop in walk(statement)
    )


def _turns_pages(loop: ast.While, names: set[str]) -> bool:
    """Whether the loop asks for one page after the other: what a question is made of changes with each turn."""
    asked = {
        node.id
        for call in walk(loop)
        if isinstance(call, ast.Call)
        and any(isinstance(part, ast.Name) and part.id in names for part in (*walk(call.func), *call.args))
        for value in (*call.args, *(keyword.value for keyword in call.keywords))
        for node in walk(value)
        if isinstance(node, ast.Name)
    }
    for node in walk(loop):
        match node:
            case ast.AugAssign(target=ast.Name(id=name)) if name in asked:
                return True
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in asked:
                if not isinstance(value, ast.Await | ast.Constant):
                    return True
    return False


def _is_polled(call: ast.Call, module: Module) -> bool:
    """Whether the loop around sleeps in each turn, which takes longer than a connection."""
    current = module.parent(call)
    while current is not None and not isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef):
        if isinstance(current, ast.For | ast.While) and _waits_each_turn(current.body):
            return True
        current = module.parent(current)
    return False


def _stays_inside(call: ast.Call, module: Module) -> bool:
    """`http://metrics:9000/`: a neighbour in the same network, where connecting takes well under a millisecond."""
    block = module.statement(call)
    if not isinstance(block, ast.With | ast.AsyncWith):
        return False
    texts = [
        node.value
        for statement in block.body
        for node in walk(statement)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "://" in node.value
    ]
    return bool(texts) and all(_NEIGHBOUR.match(text) for text in texts)


def _is_of_tenant(call: ast.Call) -> bool:
    """`WebClient(token=self.bot_token)`: of the workspace that this object speaks for."""
    return any(
        keyword.arg == "token"
        and isinstance(keyword.value, ast.Attribute)
        and isinstance(keyword.value.value, ast.Name)
        and keyword.value.value.id == "self"
        for keyword in call.keywords
    )


def _has_credentials(call: ast.Call, module: Module) -> bool:
    """Whether what a client is made of may be the secrets of one tenant: anything but a place, a profile or a limit."""
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    if isinstance(call.func, ast.Attribute):
        values += origins(call.func.value, module)
    names = {
        name
        for value in values
        for part in walk(value)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)
        for made in origins(part, module)
        for name in (each.id for each in walk(made) if isinstance(each, ast.Name))
    }
    keywords = {keyword.arg or "**" for keyword in call.keywords}
    own = {
        name for name in names if _PLACES.fullmatch(name) is None and name not in module.index.module.bindings
    }
    return bool(own) or any(_SECRET.search(each) for each in keywords)


def _waits_each_turn(body: list[ast.stmt]) -> bool:
    """Whether a loop sleeps whatever it found: it asks again and again how far a job is, which takes longer than the client."""
    for statement in body:
        match statement:
            case ast.Expr(value=ast.Await(value=ast.Call() as call) | (ast.Call() as call)) if (
                last_name(call.func) == "sleep"
            ):
                return True
            case ast.With(body=inner) | ast.AsyncWith(body=inner) | ast.Try(body=inner):
                if _waits_each_turn(inner):
                    return True
    return False


def _varies(keyword: ast.keyword) -> bool:
    """Whether an argument is no constant: it may differ from call to call."""
    return not isinstance(keyword.value, ast.Constant)


def _severity(client: Client) -> Severity:
    """High where making the client itself holds the processor; else only connections are lost."""
    return Severity.MEDIUM if client.kind == "http-call" or _is_quickly_made(client) else Severity.HIGH


def _is_quickly_made(client: Client) -> bool:
    """Whether only its connections cost something."""
    return client.cpu_ms is not None and client.cpu_ms < 1


def _is_default(call: ast.Call, module: Module) -> bool:
    """`self.client = client or httpx.AsyncClient()`: whoever makes the owner may bring one along."""
    return isinstance(module.parent(call), (ast.BoolOp, ast.IfExp))


def _owner(maker: Hop | None, call: ast.Call, module: Module) -> str:
    """How often, where it is known who makes the owner."""
    if maker is None:
        return ""
    owner = module.symbol_at(call).rpartition(".")[0]
    return f"with each `{owner}`, and `{maker.symbol}` makes one for each request"


def _made(call: ast.Call, client: Client, module: Module) -> str:
    """What is made, as the code says it: a class by its name, what a function makes with what it is given."""
    name = spelled(call.func)
    is_class = name.rpartition(".")[2][:1].isupper()
    return name if is_class or client.kind == "http-call" else shortened(module.segment(call), 60)


def _message(name: str, client: Client, place: Place, owner: str) -> str:
    if client.kind == "http-call":
        return f"`{name}` makes and closes a client for this one call, which costs {client.cost}."
    often = owner or _OFTEN[place]
    return f"`{name}` is made {often}, which costs {client.cost}."


def _instead(client: Client, name: str) -> str:
    if client.kind == "http-call":
        return "Share one client: make it in the lifespan, keep it on `app.state`, and close it at shutdown."
    if not client.close:
        return f"Make one `{name}` in the lifespan and keep it on `app.state`."
    return f"Make one `{name}` in the lifespan, keep it on `app.state` and close it with `{client.close}()` at shutdown."
