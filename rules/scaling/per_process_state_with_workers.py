from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.finding import Hop, Impact
from rules.engine.kept_answers import once
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service import processes
from rules.engine.service.holders import Holder, grown

if TYPE_CHECKING:
    from rules.engine.linking.deployment import Setting
    from rules.engine.module import Module
    from rules.engine.project import Project

# State that a request puts there for another request to find.
_SHARED = regex(
    r"session|connection|client|socket|subscriber|listener|room|channel|online|presence|user|login|attempt|rate|limit|counter"
    r"|count|job|progress|status|pending|upload|chat|conversation|game|player|message|otp|code|state",
    re.IGNORECASE,
)
_OWN = regex(
    r"cache|memo|lock|_loop|engine|pool|http|executor|model|_tasks?$|warned|seen|metric|gauge|histogram|redis",
    re.IGNORECASE,
)
_HERE = regex(
    r"connection|client|socket|subscri(?:ber|ption)|listener|room|channel|agent|online|user", re.IGNORECASE
)
"""What holds sockets is where the socket is, whoever brings the messages."""
_BROKERS = frozenset(
    {
        "broadcaster",
        "aiokafka",
        "confluent_kafka",
        "kafka",
        "aio_pika",
        "pika",
        "nats",
        "socketio",
        "fastapi_websocket_pubsub",
    }
)
_STORE = regex(r"redis|cache_?incr|incr_cache", re.IGNORECASE)
_SCHEDULERS = (
    "apscheduler.schedulers.asyncio.AsyncIOScheduler.start",
    "apscheduler.schedulers.background.BackgroundScheduler.start",
)
_FOUR_WORKERS = {"Dockerfile": 'FROM python:3.13\nCMD ["uvicorn", "app.main:app", "--workers", "4"]\n'}


class PerProcessStateWithWorkers(Rule):
    """State in a module is there once per worker: what one request stores, the next one in another worker does not find.

    The deployment starts several processes, and each has its own memory. Half of the users are logged out at random, a
    broadcast reaches only those connected to the same worker, a limit of ten is ten per worker; a scheduler started with
    the application runs each of its jobs as many times as there are workers.

    ## Instead
    Keep shared state in Redis or in the database; send broadcasts through Redis pub/sub. Run a scheduler in a process of
    its own, or let each job take a lock first.

    ## Trade-offs
    A network round trip where there was a dictionary.

    ## Monitor
    Jobs that run twice; clients that miss messages; sessions lost while the process is healthy.

    ## When to ignore it
    When the load balancer always sends a client to the same process, and losing the state at a restart is fine.
    """

    code = "FP705"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.HOURS
    watch = "jobs that run twice, sessions lost"

    invalid = (
        Invalid(
            """
            from fastapi import FastAPI

            app = FastAPI()
            sessions: dict[str, str] = {}

            @app.post("/login")
            def login(token: str, name: str) -> None:
                sessions[token] = name

            @app.get("/me")
            def me(token: str) -> str:
                return sessions[token]
            """,
            documents=_FOUR_WORKERS,
        ),
        Invalid(
            """
            from fastapi import FastAPI, WebSocket

            app = FastAPI()
            sockets: dict[str, WebSocket] = {}

            @app.websocket("/rooms/{name}")
            async def enter(name: str, websocket: WebSocket) -> None:
                await websocket.accept()
                sockets[name] = websocket

            @app.post("/rooms/{name}")
            async def say(name: str, text: str) -> None:
                await sockets[name].send_text(text)
            """,
            documents=_FOUR_WORKERS,
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import FastAPI

            app = FastAPI()
            sessions: dict[str, str] = {}

            @app.post("/login")
            def login(token: str, name: str) -> None:
                sessions[token] = name
            """,
            documents={"Dockerfile": 'FROM python:3.13\nCMD ["uvicorn", "app.main:app", "--workers", "1"]\n'},
        ),
    )

    def check(self, node: ast.Module, module: Module) -> Iterator[Match]:
        several = processes.several(module)
        if several is None:
            return
        said: set[str] = set()
        shared = _is_told(module.project)
        for holder in grown(module):
            growth = next((each for each in holder.growths if module.in_request_path(each.node)), None)
            if growth is None or not _is_shared(holder) or not _is_read(holder, module):
                continue
            held = _holds_sockets(holder, module)
            if (shared and held) or _is_fallback(growth.node, module):
                continue
            owner = holder.name.rpartition(".")[0]
            if owner and owner in said:
                continue  # one class keeps its state in one place, and moves there as a whole
            said.add(owner)
            yield self._match(
                growth.node,
                f"`{holder.name}` is there once per worker process: what is put here, a request in another worker does not find",
                several,
                (Hop(module.path, holder.node.lineno, holder.name),),  # type: ignore[attr-defined]  # a statement
                confidence=Confidence.POSSIBLE if held else Confidence.LIKELY,
            )
        for call in walk(node) if "apscheduler" in module.source.text else ():
            if isinstance(call, ast.Call) and _starts_a_scheduler(call, module):
                yield self._match(
                    call,
                    f"`{spelled(call.func)}` starts one scheduler per worker process: each job runs as many times",
                    several,
                )

    def _match(
        self,
        node: ast.AST,
        message: str,
        several: Setting,
        related: tuple[Hop, ...] = (),
        confidence: Confidence = Confidence.LIKELY,
    ) -> Match:
        return Match(
            node,
            f"{message} (`{several.name} {several.value}` in {several.path}).",
            confidence=confidence,
            related=(*related, *processes.place_of(several)),
            impact=Impact(
                f"with {several.value} processes a request meets the right one in one of {several.value} cases",
                "1/n of requests find the state (n: processes)",
                {"workers": several.value or ""},
            ),
        )


def _is_shared(holder: Holder) -> bool:
    return bool(_SHARED.search(holder.name)) and not _OWN.search(holder.name)


def _holds_sockets(holder: Holder, module: Module) -> bool:
    """Whether it keeps sockets, or what goes with them, by its name or by what it says it holds."""
    return bool(_HERE.search(holder.name.rpartition(".")[2])) or "WebSocket" in module.segment(holder.node)


@once
def _is_told(project: Project) -> bool:
    """Whether workers hear from each other: what is sent to a socket of another one comes over a channel or a broker."""
    return any(
        not _BROKERS.isdisjoint(found.facts.imports)
        or any(
            call.ref.rpartition(".")[2].rstrip("()") in ("pubsub", "psubscribe")
            for function in found.facts.functions
            for call in function.calls
        )
        for found in project.resolver.modules.values()
    )


def _is_fallback(node: ast.AST, module: Module, depth: int = 3) -> bool:
    """Whether something happens only while Redis does not answer: in the function itself, or in all that call it here."""
    if "redis" not in module.source.text.lower():
        return False
    if _is_for_want(node, module):
        return True
    function = module.function_of(node)
    if function is None:
        return False
    calls = [
        each
        for each in walk(module.tree)
        if isinstance(each, ast.Call)
        and last_name(each.func) == function.name
        and module.function_of(each) is not function
    ]
    return bool(calls) and depth > 0 and all(_is_fallback(each, module, depth - 1) for each in calls)


def _is_for_want(node: ast.AST, module: Module) -> bool:
    """Whether `node` is in an `except`, or below `if answer is None:` and its like, where `answer` is what Redis said."""
    child, parent = node, module.parent(node)
    while parent is not None and not isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        if isinstance(parent, ast.ExceptHandler):
            return any(
                "redis" in module.segment(each).lower() for each in getattr(module.parent(parent), "body", ())
            )
        if isinstance(parent, ast.If) and child in parent.body:
            missing = _missing(parent.test)
            if missing and ("redis" in missing.lower() or _is_asked_of_store(missing, parent, module)):
                return True
        if (
            isinstance(parent, ast.If)
            and child in parent.orelse
            and "redis" in module.segment(parent.test).lower()
        ):
            return True
        child, parent = parent, module.parent(parent)
    return False


def _missing(test: ast.expr) -> str:
    """`count` of `count is None`, `self.redis` of `not self.redis`."""
    match test:
        case ast.Compare(left=left, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return ast.unparse(left)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ast.unparse(operand)
    return ""


def _is_asked_of_store(name: str, branch: ast.If, module: Module) -> bool:
    """Whether a local name is what a counter or a cache answered that lives in Redis: `count = await cache_incr(key)`."""
    function = module.function_of(branch)
    for part in walk(function.node) if function is not None else ():
        match part:
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                asked = value.value if isinstance(value, ast.Await) else value
                if isinstance(asked, ast.Call) and (
                    _STORE.search(module.segment(asked.func)) or _asks_redis(asked, module)
                ):
                    return True
    return False


def _asks_redis(call: ast.Call, module: Module) -> bool:
    if (module.qualified_name(call.func) or "").partition(".")[0] in ("redis", "aioredis"):
        return True
    summary = module.summary(call)
    leaves = (*summary.reads, *summary.writes) if summary is not None else ()
    return any(leaf.callable.partition(".")[0] in ("redis", "aioredis") for leaf in leaves)


def _is_read(holder: Holder, module: Module) -> bool:
    """Whether another function in the path of a request looks at the container."""
    last = holder.name.rpartition(".")[2]
    writers = {module.symbol_at(growth.node) for growth in holder.growths}
    for node in walk(module.tree):
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if (
            name == last
            and isinstance(getattr(node, "ctx", None), ast.Load)
            and module.in_request_path(node)
            and module.symbol_at(node) not in writers
        ):
            return True
    return False


def _starts_a_scheduler(call: ast.Call, module: Module) -> bool:
    if module.qualified_name(call.func) not in _SCHEDULERS:
        return False
    return str(module.role(call) or "") == "lifespan" and not _takes_a_lock(call, module)


def _takes_a_lock(call: ast.Call, module: Module) -> bool:
    function = module.function_of(call)
    if function is None:
        return False
    text = module.segment(function.node).lower()
    return any(word in text for word in ("lock", "leader", "is_primary", "worker_id", "flock"))
