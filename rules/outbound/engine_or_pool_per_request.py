from __future__ import annotations

import ast
from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.costs import estimates
from rules.engine.finding import Hop
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.walking import names_in, walk
from rules.engine.rule import Confidence, Effort, Impact, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import (
    Place,
    closes_itself,
    goes_away,
    made_again,
    made_with_owner,
    owner_per_request,
    serves,
)
from rules.engine.service.remembering import is_remembered
from rules.engine.service.stand_ins import seldom_needed
from rules.engine.service.traffic import is_probe, is_seldom

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module
    from rules.libraries import Client

_SHARED = frozenset({"connection_pool", "pool"})

# Parameters that say what the application itself is set up with.
_OWN = frozenset({"self", "cls", "settings", "config", "request", "app"})


class EngineOrPoolPerRequest(Rule):
    """An engine, connection or pool of threads made for each request is set up anew and thrown away each time.

    An engine is a pool of connections that are open already. Made per request it opens a connection (TCP, TLS, log-in: five
    to ten round trips), uses it once and drops it; the old pools linger until they are collected, and the
    database runs out of connections under load. Executors likewise make and join their threads or processes.

    ## Instead
    Make it once: at module level, in the lifespan, or in a function under `lru_cache`. Per request take a session or a
    connection from it.

    ## Trade-offs
    A shared pool has a size: give it the concurrency of the worker, and dispose of it at shutdown. After a fork each
    process needs its own.

    ## Monitor
    New database connections per second, connections in use, pool time-outs.

    ## When to ignore it
    When each tenant has its own database and the engines are kept elsewhere.
    """

    code = "FP604"
    severity = Severity.HIGH
    said_from = Severity.CRITICAL
    gates = True
    effort = Effort.MINUTES
    watch = "new database connections per second"
    aliases = MappingProxyType({"FP703": "executor-per-request"})

    invalid = (
        Invalid(
            """
            from collections.abc import Iterator

            from fastapi import Depends, FastAPI
            from sqlalchemy import create_engine
            from sqlalchemy.orm import Session

            app = FastAPI()

            def get_session() -> Iterator[Session]:
                engine = create_engine("postgresql+psycopg://shop")
                with Session(engine) as session:
                    yield session

            @app.get("/orders/count")
            def count_orders(session: Session = Depends(get_session)) -> int:
                return session.scalar("select count(*) from orders")
            """
        ),
    )
    valid = (
        Valid(
            """
            from collections.abc import Iterator

            from fastapi import Depends, FastAPI
            from sqlalchemy import create_engine
            from sqlalchemy.orm import Session

            app = FastAPI()
            engine = create_engine("postgresql+psycopg://shop")

            def get_session() -> Iterator[Session]:
                with Session(engine) as session:
                    yield session

            @app.get("/orders/count")
            def count_orders(session: Session = Depends(get_session)) -> int:
                return session.scalar("select count(*) from orders")
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.meaning.client is not None

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        name = module.qualified_name(node.func)
        client = libraries.client(name) if name is not None else None
        if client is None or client.family != "pool":
            return
        if any(keyword.arg in _SHARED for keyword in node.keywords) or _inside_another(node, module):
            return
        place = made_again(node, module)
        maker = owner_per_request(node, module) if place is None else None
        if maker is not None or (place is None and made_with_owner(node, module)):
            place = Place.OWNER
        if place is None and client.kind == "connection" and client.is_async and _is_asked(node, module):
            place = Place.CALL
        if place is None:
            return
        # Threads cost a tenth of a millisecond each, and work that waits for the network is worth them.
        doubtful = (
            place in (Place.OWNER, Place.CALL)
            or _makes_threads(client)
            or goes_away(node, module)
            or is_seldom(node, module)
            or is_probe(node, module)  # whether connecting works is what it asks
            or is_remembered(node, module)
            or seldom_needed(node, module)
            or (client.is_async and module.has_own_loop(node))
            or not module.is_waited_for(node)  # beside the work that goes on in the background it is little
            or _is_of_others(node, module)
        )
        function = module.function_of(node)
        often = (
            f"for each call of `{function.name}`"
            if place is Place.CALL and function is not None
            else "in each turn of the loop"
            if place is Place.LOOP
            else "for each request"
        )
        yield Match(
            node,
            f"`{spelled(node.func)}` is called {often}, which costs {client.cost}.",
            severity=Severity.LOW if doubtful else _severity(client, str(module.role(node) or "")),
            confidence=Confidence.POSSIBLE if doubtful else Confidence.CERTAIN,
            call_path=(maker, Hop(module.path, node.lineno, spelled(node.func))) if maker is not None else (),
            impact=_impact(client, module),
            instead=_instead(client),
        )


def _is_asked(call: ast.Call, module: Module) -> bool:
    """Whether a service opens a connection for each of its questions, even where no endpoint is seen to ask them."""
    return bool(module.project.routing.endpoints) and serves(call, module) and closes_itself(call, module)


def _is_of_others(call: ast.Call, module: Module) -> bool:
    """Whether the address is a parameter of the function: a database that users name, which no pool of ours can know."""
    function = module.function_of(call)
    if function is None or isinstance(function.node, ast.Lambda) or not call.args:
        return False
    arguments = function.node.args
    given = {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    names = names_in(call.args[0])
    for node in walk(function.node):
        if isinstance(node, ast.Assign) and any(names & names_in(each) for each in node.targets):
            names |= names_in(node.value)
    return bool(names & given - _OWN)


def _inside_another(call: ast.Call, module: Module) -> bool:
    """`Redis(connection_pool=ConnectionPool(...))`: one finding for both."""
    parent = module.parent(call)
    if isinstance(parent, ast.keyword):
        parent = module.parent(parent)
    if not isinstance(parent, ast.Call) or parent.func is call:
        return False
    outer = module.qualified_name(parent.func)
    found = libraries.client(outer) if outer is not None else None
    return found is not None and found.family == "pool"


def _makes_threads(client: Client) -> bool:
    return client.kind == "executor" and "process" not in client.cost


def _severity(client: Client, role: str) -> Severity:
    """A thread pool made for one request is wasteful; connections made for one request exhaust the database, where it is
    plain that each request makes them."""
    if _makes_threads(client) or role not in ("endpoint", "dependency", "middleware"):
        return Severity.MEDIUM
    return EngineOrPoolPerRequest.severity


def _impact(client: Client, module: Module) -> Impact:
    if client.kind == "executor":
        return Impact()
    return estimates.connection_per_request(module.options)


def _instead(client: Client) -> str:
    match client.kind:
        case "connection":
            return "Make one pool at start-up and take a connection from it for each request."
        case "executor":
            return "Make one executor at start-up; for a few blocking calls `run_in_threadpool` has its threads already."
    closing = f" and `{client.close}` it at shutdown" if client.close else ""
    return f"Make it once, at module level or in the lifespan,{closing or ' and share it'}."
