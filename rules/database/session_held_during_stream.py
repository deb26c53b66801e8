from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import pool_estimates
from rules.engine.data.transactions import CLOSES_FIRST, holds, is_a, opens_own, pinning, releases
from rules.engine.finding import Hop, Options
from rules.engine.fixing.rewrites import with_keyword
from rules.engine.linking.values import Sort
from rules.engine.module import Role
from rules.engine.reading import facts
from rules.engine.reading.origins import origin
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import names_in, own_nodes, walk
from rules.engine.reading.whole_numbers import arguments
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.one_at_a_time import lambda_entry
from rules.engine.service.staff import is_for_staff
from rules.engine.service.traffic import is_for_admins
from rules.libraries import Kind
from rules.libraries.sqlalchemy import SESSIONS

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module

_STREAM = "the whole stream"
_STREAMS = {
    "starlette.responses.StreamingResponse": _STREAM,
    "fastapi.responses.StreamingResponse": _STREAM,
    "starlette.responses.FileResponse": "the whole download",
    "fastapi.responses.FileResponse": "the whole download",
    "sse_starlette.EventSourceResponse": _STREAM,
    "sse_starlette.sse.EventSourceResponse": _STREAM,
}
_RECEIVING = frozenset(
    {"receive_text", "receive_json", "receive_bytes", "receive", "iter_text", "iter_json", "iter_bytes"}
)
_IN_MEMORY = frozenset(
    {"io.BytesIO", "io.StringIO", "builtins.iter", "builtins.list", "builtins.bytes", "builtins.str"}
)
_SCOPES = (0, 121)
_FEW = 2
_LASTING = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.For, ast.While, ast.YieldFrom)
"""What a generator does that takes a while, or takes its turn for each of many."""


class SessionHeldDuringStream(Rule):
    """A session from a dependency stays open until the last byte of a stream is sent, and its connection with it.

    FastAPI closes `yield` dependencies after the response. A stream that lasts a minute keeps one of the pool's 15
    connections for a minute, though it does not use it: fifteen readers, and every other request waits for a connection.

    ## Instead
    Close the session before the stream starts: `Depends(get_session, scope="function")`, or load what is needed in a
    `with SessionLocal() as session:` block of the handler. A generator that needs the database opens its own session.

    ## Trade-offs
    Objects of a closed session cannot load anything more: read what the stream needs into plain values first.

    ## Monitor
    Connections checked out of the pool, and the wait for one, against the number of open streams.

    ## When to ignore it
    When the stream is short, and its readers are fast.
    """

    code = "FP219"
    severity = Severity.HIGH
    comments_when_new = True
    said_from = Severity.CRITICAL
    gates = True
    effort = Effort.MINUTES
    watch = "pool connections checked out, and the wait for one"
    impact = pool_estimates.held_by_streams(Options())

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from fastapi.responses import FileResponse
            from sqlalchemy.orm import Session, sessionmaker

            from shop.models import Invoice

            app = FastAPI()
            SessionLocal = sessionmaker()

            def get_session() -> Iterator[Session]:
                with SessionLocal() as session:
                    yield session

            @app.get("/invoices/{number}/pdf")
            def download(number: int, session: Session = Depends(get_session)) -> FileResponse:
                invoice = session.get(Invoice, number)
                return FileResponse(invoice.path)
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Depends, FastAPI
            from fastapi.responses import FileResponse
            from sqlalchemy.orm import Session, sessionmaker

            from shop.models import Invoice

            app = FastAPI()
            SessionLocal = sessionmaker()

            def get_session() -> Iterator[Session]:
                with SessionLocal() as session:
                    yield session

            @app.get("/invoices/{number}/pdf")
            def download(
                number: int, session: Session = Depends(get_session, scope="function")
            ) -> FileResponse:
                invoice = session.get(Invoice, number)
                return FileResponse(invoice.path)
            """
        ),
    )

    def check(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        if module.role(node) is Role.WEBSOCKET:
            yield from self._of_websocket(node, module)
            return
        if module.role(node) is not Role.ENDPOINT:
            return
        streams = list(_streams(node, module))
        version = module.version("fastapi")
        if not streams or (version is not None and CLOSES_FIRST[0] <= version < CLOSES_FIRST[1]):
            return
        handler = module.graph_node(node)
        route = next((each for each in module.project.routing.endpoints if each.handler is handler), None)
        if handler is None or route is None or releases(node, module):
            return
        held = list(pinning(route.dependencies, module.project))
        if not held or not _queried(handler, route.dependencies, held, module):
            return
        own = [
            (argument, default)
            for argument, default in arguments(node)
            if holds(module.value(_use(node, argument)), module.project)
        ]
        names = {argument.arg for argument, _ in own}
        for call, lasting in streams:
            if lasting == _STREAM and _uses(call, names, node, module):
                continue  # the stream reads from the database
            given = lasting == _STREAM and _is_given_rows(call, module)
            match = Match(
                call,
                f"`{held[0].symbol}` keeps its database connection for {lasting},"
                f" {'of rows that are loaded' if given else 'though the stream does not use it'}:"
                " it is closed only after the last byte.",
                severity=self.severity if lasting == _STREAM and not given else Severity.MEDIUM,
                confidence=Confidence.POSSIBLE
                if (lasting != _STREAM and _is_one_file(call)) or lambda_entry(module.path, module.project)
                else Confidence.CERTAIN
                if version is not None and not given
                else Confidence.LIKELY,
                related=(Hop(held[0].path, held[0].function.line, held[0].symbol),),
                fix=None if given else _fix(own, version),
                impact=pool_estimates.held_by_streams(module.options),
            )
            # Those who run the system are few: they leave the pool to others.
            yield match.doubted() if is_for_admins(call, module) or is_for_staff(call, module) else match

    def _of_websocket(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        """A connection that lasts as long as somebody is there, for what was asked when he came."""
        waits = _awaited_message(node)
        handler = module.graph_node(node)
        route = next((each for each in module.project.routing.endpoints if each.handler is handler), None)
        if waits is None or handler is None or route is None or releases(node, module):
            return
        held = list(pinning(route.dependencies, module.project))
        if not held or not _queried(handler, route.dependencies, held, module):
            return
        summaries = [
            module.project.summaries.of(each) for each in (handler, *route.dependencies) if each not in held
        ]
        if any(made.commits for made in summaries) or any(
            isinstance(part, ast.Call) and last_name(part.func) == "begin" for part in walk(node)
        ):
            return
        yield Match(
            waits,
            f"`{held[0].symbol}` keeps its database connection as long as the websocket lasts: it is closed only when the client"
            " is gone.",
            confidence=Confidence.LIKELY,
            related=(Hop(held[0].path, held[0].function.line, held[0].symbol),),
            instead="Open a session for each piece of work: `async with SessionLocal() as session:` where it asks the database.",
            impact=pool_estimates.held_by_streams(module.options),
        )


def _awaited_message(node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.Call | None:
    """The first call in a loop that waits for what the client says next."""
    loops = [each for each in own_nodes(node) if isinstance(each, ast.While | ast.AsyncFor)]
    calls = [
        part
        for loop in loops
        for part in walk(loop)
        if isinstance(part, ast.Call) and last_name(part.func) in _RECEIVING
    ]
    return min(calls, key=lambda call: (call.lineno, call.col_offset), default=None)


def _streams(node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[tuple[ast.Call, str]]:
    """The streaming responses that the handler returns, with what lasts."""
    for statement in own_nodes(node):
        if not isinstance(statement, ast.Return) or statement.value is None:
            continue
        call = origin(statement.value, module)
        if not isinstance(call, ast.Call):
            continue
        lasting = _STREAMS.get(module.qualified_name(call.func) or "")
        if lasting is None or _is_in_memory(call, module):
            continue
        if lasting != _STREAM or not _is_over_at_once(call, node, module):
            yield call, lasting


def _is_in_memory(call: ast.Call, module: Module) -> bool:
    """The content is there already: it is sent as fast as the reader takes it."""
    content = _content(call)
    if content is None:
        return True
    made = origin(content, module)
    if isinstance(made, ast.Call) and module.qualified_name(made.func) in _IN_MEMORY:
        return True
    return module.type_of(content) in (
        "io.BytesIO",
        "io.StringIO",
        "builtins.list",
        "builtins.str",
        "builtins.bytes",
    )


def _is_over_at_once(call: ast.Call, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> bool:
    """Whether what streams is a generator of this file that says one thing or two, and waits for nothing in between: a refusal to a
    client that reads a stream of events."""
    content = _content(call)
    made = origin(content, module) if content is not None else None
    if not isinstance(made, ast.Call) or not isinstance(made.func, ast.Name):
        return False
    name = made.func.id
    for statement in (*walk(node), *module.tree.body):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and statement.name == name:
            inside = list(own_nodes(statement))
            return 0 < sum(isinstance(each, ast.Yield) for each in inside) <= _FEW and not any(
                isinstance(each, _LASTING) or (isinstance(each, ast.Call) and _waits(each, module))
                for each in inside
            )
    return False


def _waits(call: ast.Call, module: Module) -> bool:
    entry, made = module.blocking(call), module.summary(call)
    if made is not None and (made.blocking or made.external):
        return True
    return entry is not None and entry.kind is not Kind.CPU


def _is_one_file(call: ast.Call) -> bool:
    """Whether the file is one that the code names, whoever asks: a certificate, a page, of a size that nothing adds to."""
    content = _content(call)
    return isinstance(content, ast.Constant) or (
        isinstance(content, ast.Name | ast.Attribute) and last_name(content).isupper()
    )


def _content(call: ast.Call) -> ast.expr | None:
    named = (keyword.value for keyword in call.keywords if keyword.arg in ("content", "path"))
    return call.args[0] if call.args else next(named, None)


def _queried(handler: Node, dependencies: tuple[Node, ...], held: list[Node], module: Module) -> bool:
    """Whether something asks the database before the response: without a query there is no connection."""
    return any(
        module.project.summaries.of(node).queries for node in (handler, *dependencies) if node not in held
    )


def _use(node: ast.FunctionDef | ast.AsyncFunctionDef, argument: ast.arg) -> ast.AST:
    """Somewhere in the body where the parameter is read; the parameter itself when nowhere."""
    for part in walk(node):
        if isinstance(part, ast.Name) and part.id == argument.arg and isinstance(part.ctx, ast.Load):
            return part
    return argument


def _uses(
    call: ast.Call, names: set[str], node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module
) -> bool:
    """Whether what streams gets hold of a session: as an argument, from around it, or through an object that has one."""
    content = _content(call)
    made = origin(content, module) if content is not None else None
    if made is None:
        return True
    mentioned = names_in(made)
    for inner in walk(node):
        if (
            isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)
            and inner is not node
            and inner.name in mentioned
        ):
            mentioned |= names_in(inner)
            if any(isinstance(part, ast.Call) and module.query(part) is not None for part in walk(inner)):
                return True
    if mentioned & names or _is_kept_for(mentioned, names, node, module):
        return True
    target = module.callee(made)
    if target is not None and module.project.summaries.of(target).queries:
        return not _opens_own(target, module)
    if not isinstance(made, ast.Call) or not isinstance(made.func, ast.Attribute):
        return False
    return (
        module.callee(made) is None
        and isinstance(made.func.value, ast.Name)
        and made.func.value.id in {argument.arg for argument, _ in arguments(node)}
    )


def _is_kept_for(
    mentioned: set[str], names: set[str], node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module
) -> bool:
    """Whether a variable that streams holds what asks a session later: `parts = [rows(session, each) for each in sheets]`."""
    return any(
        names & names_in(inner)
        and (
            isinstance(inner, ast.Lambda)
            or ((made := module.callee(inner)) is not None and bool(made.function.flags & facts.GENERATOR))
        )
        for part in walk(node)
        if isinstance(part, ast.Assign)
        and any(isinstance(each, ast.Name) and each.id in mentioned for each in part.targets)
        for inner in ast.walk(part.value)
        if isinstance(inner, ast.Call | ast.Lambda)
    )


def _opens_own(target: Node, module: Module) -> bool:
    """Whether what streams makes a session itself, and asks with that."""
    resolver = module.project.resolver
    made = (resolver.value(call.ref, target.module) for call in target.function.calls)
    return opens_own(target, module.project) or any(
        value is not None and value.sort in (Sort.CLASS, Sort.EXTERNAL) and is_a(value.name, SESSIONS)
        for value in made
    )


def _is_given_rows(call: ast.Call, module: Module) -> bool:
    """Whether what streams is handed rows of a model, which may read what belongs to them through their session."""
    content = _content(call)
    made = origin(content, module) if content is not None else None
    if not isinstance(made, ast.Call):
        return False
    given = [*made.args, *(keyword.value for keyword in made.keywords)]
    return any(module.rows(each) for each in given)


def _fix(own: list[tuple[ast.arg, ast.expr | None]], version: tuple[int, ...] | None) -> Fix | None:
    """`scope="function"`, where FastAPI knows it and the handler itself asks for the session."""
    if version is None or version < _SCOPES or len(own) != 1:
        return None
    argument, default = own[0]
    roots = [root for root in (default, argument.annotation) if root is not None]
    for part in (part for root in roots for part in walk(root)):
        match part:
            case ast.Call(func=ast.Name(id="Depends") | ast.Attribute(attr="Depends")):
                return Fix(with_keyword("scope", '"function"'), safety=Safety.UNSAFE, target=part)
    return None
