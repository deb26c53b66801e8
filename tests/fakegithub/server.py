"""The HTTP side: every request is routed, authenticated, counted, validated, authorised, carried out and checked."""

from __future__ import annotations

import asyncio
import concurrent.futures
import hashlib
import inspect
import json
import secrets
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from . import (
    auth,
    gql,
    ops_apps,
    ops_checks,
    ops_issues,
    ops_people,
    ops_pulls,
    ops_repos,
    ops_reviews,
    signin,
    spec,
)
from .call import HANDLERS, Call, Event, Reply
from .errors import ApiError
from .faults import UNICORN, Faults
from .hooks import Hooks
from .limits import Limits
from .render import Render
from .state import App, Delivery, Pull, Repo, State, iso

MODULES = (ops_apps, ops_checks, ops_issues, ops_people, ops_pulls, ops_repos, ops_reviews)
VERSIONS = frozenset({"2022-11-28", "2026-03-10"})
DOC = "https://docs.github.com/rest"


@dataclass
class Entry:
    """One request in the log. Times are seconds of the monotonic clock."""

    operation: str
    method: str
    path: str
    query: dict[str, str]
    status: int
    ms: float
    principal: str
    body: Any
    started: float
    ended: float
    message: str = ""
    fault: str | None = None


@dataclass
class Expectation:
    status: int | str
    op: str | None
    met: int = 0


@dataclass
class World:
    """Everything that one running stand-in consists of."""

    state: State
    spec: spec.Spec
    app: App
    private_key: str
    public_key: Any
    secrets: list[str]
    webhook_url: str | None
    render: Render
    content_type: str = "json"
    token_lifetime: float = 3600
    token_delay: float = 0.0
    """Seconds for which a new token answers 401, as when GitHub's replicas lag."""
    reanchor_commit: bool = True
    """Whether a comment's `commit_id` follows the head (reports disagree about the real service)."""
    limits: Limits = field(default_factory=Limits)
    faults: Faults = field(default_factory=Faults)
    log: list[Entry] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    schema_faults: list[str] = field(default_factory=list)
    expected: list[Expectation] = field(default_factory=list)
    reviews_allowed: set[tuple[int, int]] = field(default_factory=set)
    again: list[Delivery] = field(default_factory=list)
    enterprise: str = ""
    """The version of an Enterprise Server, and what it lacks: mutations, or `deliveries`."""
    lacks: set[str] = field(default_factory=set)
    tickets: dict[str, tuple[Repo, str, float]] = field(default_factory=dict)
    archive_root: str = ""
    people: signin.People = field(default_factory=signin.People)

    def violation(self, text: str) -> None:
        self.violations.append(text)

    def schema_fault(self, text: str) -> None:
        self.schema_faults.append(text)

    def repeated(self, pull: Pull, problems: Sequence[str]) -> None:
        """An app may answer a head again only when somebody asked for it."""
        if problems and (pull.repo.id, pull.number) in self.reviews_allowed:
            self.reviews_allowed.discard((pull.repo.id, pull.number))
            return
        for problem in problems:
            self.violation(problem)

    def is_expected(self, status: int | str, op: str) -> bool:
        for expectation in self.expected:
            if expectation.status == status and expectation.op in (None, op):
                expectation.met += 1
                return True
        return False

    def archive_url(self, repo: Repo, sha: str) -> str:
        ticket = secrets.token_urlsafe(16)
        self.tickets[ticket] = (repo, sha, self.state.clock() + 300)
        return f"{self.archive_root}/{repo.full_name}/legacy.tar.gz/{sha}?token={ticket}"


class Server:
    """The aiohttp application around a World.

    Operations run in one worker thread: they are carried out one at a time, and the loop stays free.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.hooks = Hooks(world)
        self.worker = concurrent.futures.ThreadPoolExecutor(max_workers=1, thread_name_prefix="fakegithub")
        self.tasks: set[asyncio.Task[None]] = set()
        self._order = asyncio.Lock()
        self.archive_port = 0

    def application(self, prepare: Callable[[web.Application], None] | None = None) -> web.Application:
        """The web application; `prepare` adds routes that go before GitHub's."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        if prepare is not None:
            prepare(app)
        app.add_routes(signin.routes(self.world))
        app.router.add_route("*", "/{path:(?s:.*)}", self.handle)
        return app

    async def close(self) -> None:
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.hooks.close()
        await asyncio.get_running_loop().run_in_executor(None, self.worker.shutdown)

    async def run(self, function: Callable[[], Any]) -> Any:
        """Run a function in the worker thread."""
        return await asyncio.get_running_loop().run_in_executor(self.worker, function)

    # Events

    async def tell(self, events: Sequence[Event]) -> list[Delivery]:
        """Deliver events in order and wait for the answers."""
        prepared = await self.run(lambda: [self.hooks.prepare(event) for event in events])
        made = [delivery for delivery in prepared if delivery is not None]
        for delivery in made:
            async with self._order:
                await self.hooks.send(delivery)
        return made

    def tell_later(self, events: Sequence[Event]) -> None:
        if events:
            self.spawn(self._tell(list(events)))

    async def _tell(self, events: Sequence[Event]) -> None:
        await self.tell(events)

    async def resend(self, delivery: Delivery) -> Delivery:
        again = self.hooks.again(delivery)
        async with self._order:
            await self.hooks.send(again)
        return again

    async def _resend(self, delivery: Delivery) -> None:
        await self.resend(delivery)

    def spawn(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    # Requests

    async def handle(self, request: web.Request) -> web.StreamResponse:
        socket = request.transport.get_extra_info("sockname") if request.transport else None
        if socket and socket[1] == self.archive_port:
            return await self._archive(request)
        try:
            return await Exchange(self, request).answer()
        except Exception as error:
            self.world.schema_fault(
                f"{request.method} {request.path} crashed: {error!r}\n{traceback.format_exc()}"
            )
            raise

    async def _archive(self, request: web.Request) -> web.Response:
        """The archive host: no token, only the ticket of the redirect."""
        started, world = time.perf_counter(), self.world
        ticket = world.tickets.get(request.query.get("token", ""))
        if request.headers.get("Authorization"):
            world.violation("the token was sent to the archive host")
        status, data = 404, b"Not Found"
        if ticket is not None and ticket[2] > world.state.clock():
            repo, sha, _ = ticket
            prefix = f"{repo.owner.login}-{repo.name}-{sha[:7]}"
            status, data = 200, await self.run(lambda: repo.git.archive(sha, prefix))
        for fault in world.faults.take("codeload", "latency", "status", "drop", "truncate"):
            if fault.kind == "latency":
                await world.faults.wait(fault)
            elif fault.kind == "status":
                status, data = fault.settings["status"], UNICORN.encode()
            elif fault.kind == "truncate":
                data = data[: len(data) // 2]
            elif request.transport is not None:
                request.transport.abort()
        ended = time.perf_counter()
        ms = (ended - started) * 1000
        entry = Entry("codeload", "GET", request.path, {}, status, ms, "ticket", None, started, ended)
        world.log.append(entry)
        return web.Response(status=status, body=data, content_type="application/x-gzip")


class Exchange:
    """One request and its answer."""

    def __init__(self, server: Server, request: web.Request) -> None:
        self.server = server
        self.world = server.world
        self.request = request
        self.started = time.perf_counter()
        self.arrived = self.world.state.clock()
        self.principal = auth.Principal("anonymous", "anonymous")
        self.op = "unknown"
        self.operation: spec.Operation | None = None
        self.params: dict[str, str] = {}
        self.body: Any = None
        self.fault: str | None = None
        self.message = ""
        self.events: list[Event] = []
        self.graphql = False

    async def answer(self) -> web.StreamResponse:
        raw_path = self.request.raw_path.partition("?")[0]
        raw_path = raw_path.removeprefix("/api/v3") if raw_path.startswith("/api/v3/") else raw_path
        raw = await self.request.read()
        raw_path = self._by_name(raw_path)
        self.graphql = raw_path in ("/graphql", "/api/graphql")
        if self.graphql:
            self.op = "graphql"
        else:
            self.operation, self.params, known = self.world.spec.route(self.request.method, raw_path)
            self.op = self.operation.id if self.operation else "unknown"
            if not known or self.operation is None:
                return self._finish(self._unknown(raw_path))
        reply = await self._before()
        if reply is None:
            reply = await self._carry_out(raw)
            reply = await self._after(reply)
        return self._finish(reply)

    def _by_name(self, path: str) -> str:
        """`/repositories/{id}/…`, where renamed repositories redirect to, as `/repos/{owner}/{name}/…`."""
        parts = path.split("/", 3)
        if len(parts) > 2 and parts[1] == "repositories" and parts[2].isdigit():
            repo = self.world.state.repos.get(int(parts[2]))
            if repo is not None:
                return "/".join(["/repos", repo.full_name, *parts[3:]])
        return path

    def _unknown(self, path: str) -> Reply:
        self.world.violation(f"unknown route {self.request.method} {path}")
        return Reply({"message": "Not Found", "documentation_url": DOC, "status": "404"}, 404)

    async def _before(self) -> Reply | None:
        world = self.world
        for fault in world.faults.take(
            self.op, "latency", "call", "drop", "status", "primary", "secondary", "redirect"
        ):
            self.fault = fault.kind
            if fault.kind == "latency":
                await world.faults.wait(fault)
            elif fault.kind == "call":
                result = await self.server.run(fault.settings["function"])
                if inspect.isawaitable(result):
                    await result
            elif fault.kind == "drop":
                return Reply(status=-1)
            elif fault.kind == "status":
                return Reply(
                    raw=UNICORN.encode(),
                    status=fault.settings["status"],
                    content_type="text/html; charset=utf-8",
                )
            elif fault.kind == "redirect":
                return Reply(
                    {"message": "Moved Permanently"},
                    fault.settings["status"],
                    {"location": fault.settings["to"]},
                )
            else:
                return self._limited(fault.kind, fault.settings)
        return None

    def _limited(self, kind: str, settings: dict[str, Any]) -> Reply:
        world = self.world
        try:
            header = self.request.headers.get("Authorization")
            self.principal = auth.authenticate(world.state, world.app, world.public_key, header, world.people)
        except ApiError as error:
            return self._error(error)
        key, now = self.principal.key, world.state.clock()
        if kind == "primary":
            world.limits.exhaust(key, "graphql" if self.graphql else "core", now, settings["reset_in"])
            if self.graphql:
                return self._graphql_limited()
            return self._error(ApiError(403, f"API rate limit exceeded for {key}."))
        refusal = world.limits.refuse(
            key, now, status=settings["status"], retry_after=settings["retry_after"]
        )
        return self._error(refusal)

    def _graphql_limited(self) -> Reply:
        message = f"API rate limit already exceeded for {self.principal.key}."
        return Reply({"errors": [{"type": "RATE_LIMITED", "code": "graphql_rate_limit", "message": message}]})

    async def _carry_out(self, raw: bytes) -> Reply:
        world = self.world
        flying = None
        reply: Reply
        try:
            if not self.request.headers.get("User-Agent"):
                raise ApiError(
                    403,
                    "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
                )
            version = self.request.headers.get("X-GitHub-Api-Version")
            if version is not None and version not in VERSIONS:
                raise ApiError(400, f"Unsupported version: {version}")
            header = self.request.headers.get("Authorization")
            self.principal = auth.authenticate(world.state, world.app, world.public_key, header, world.people)
            self._replicated()
            if world.limits.told_to_wait(self.principal.key, self.arrived):
                world.violation(f"{self.op}: called while told to wait for the rate limit")
            write = self.request.method not in ("GET", "HEAD")
            if self.graphql:
                write = b"mutation" in raw
            flying = self.principal.key
            world.limits.flying[flying] += 1
            world.limits.admit(flying, self.op, write=write, graphql=self.graphql, now=world.state.clock())
            self.body = self._json(raw)
            if self.graphql:
                reply = await self.server.run(self._graphql)
            else:
                reply = await self.server.run(self._rest)
        except ApiError as error:
            reply = self._error(error)
        except Exception as error:
            world.schema_fault(f"{self.op} crashed: {error!r}\n{traceback.format_exc()}")
            reply = Reply({"message": "Server Error"}, 500)
        finally:
            if flying is not None:
                world.limits.flying[flying] -= 1
        return reply

    def _replicated(self) -> None:
        token = self.principal.token
        if token is not None and self.world.state.clock() < token.minted + self.world.token_delay:
            raise ApiError(401, "Bad credentials", by_fault=True)

    def _json(self, raw: bytes) -> Any:
        if not raw:
            return None
        try:
            return json.loads(raw)
        except ValueError as error:
            raise ApiError(400, "Problems parsing JSON") from error

    def _graphql(self) -> Reply:
        world = self.world
        if self.principal.token is None and self.principal.user is None:
            raise ApiError(
                401 if self.principal.kind == "anonymous" else 403, "Resource not accessible by integration"
            )
        bucket = world.limits.bucket(self.principal.key, "graphql", world.state.clock())
        if bucket.remaining <= 0:
            return self._graphql_limited()
        return Reply(gql.execute(world, self.principal, self.body, self.events))

    def _rest(self) -> Reply:
        """Validate, authorise and run an operation; in the worker thread."""
        world, operation = self.world, self.operation
        assert operation is not None
        repo = self._repo()
        if isinstance(repo, Reply):
            return repo
        auth.authorize(self.principal, operation.id, repo, method=operation.method)
        self._check_query(operation)
        self._check_body(operation)
        handler = HANDLERS.get(operation.id)
        if handler is None:
            world.violation(f"{operation.id} is not implemented by the stand-in")
            return Reply({"message": "Not Implemented", "documentation_url": DOC, "status": "501"}, 501)
        call = Call(
            world=world,
            operation=operation,
            principal=self.principal,
            repo_or_none=repo,
            path=self.params,
            query=dict(self.request.query),
            body=self.body,
            accept=self.request.headers.get("Accept", ""),
            url=f"{world.render.api}{self.request.path_qs}",
        )
        reply: Reply = handler(call)
        self.events += call.events
        if reply.raw is None:
            for fault in world.spec.response_faults(operation, reply.status, reply.body):
                world.schema_fault(f"{operation.id} {reply.status}: {fault.where}: {fault.message}")
        return reply

    def _repo(self) -> Repo | Reply | None:
        if "owner" not in self.params:
            return None
        world = self.world
        full_name = f"{self.params['owner']}/{self.params['repo']}"
        repo = world.state.repo(full_name)
        if repo is not None:
            return repo
        moved = world.state.renamed(full_name)
        if moved is None:
            raise ApiError(404, "Not Found")
        rest = self.request.path_qs.split(full_name, 1)[1]
        location = f"{world.render.api}/repositories/{moved.id}{rest}"
        status = 301 if self.request.method == "GET" else 307
        body = {"message": "Moved Permanently", "url": location, "documentation_url": DOC}
        return Reply(body, status, {"location": location})

    def _check_query(self, operation: spec.Operation) -> None:
        for name, value in self.request.query.items():
            parameter = operation.query.get(name)
            if parameter is None:
                self.world.violation(f"{operation.id} knows no query parameter {name!r}")
                continue
            kinds = parameter.schema.get("type")
            if kinds == "integer" and not value.isdigit():
                raise ApiError(422, f"Invalid request.\n\nFor '{name}', {value!r} is not an integer.")
            if "enum" in parameter.schema and value not in parameter.schema["enum"]:
                raise ApiError(
                    422, f"Invalid request.\n\n{value!r} is not a member of {parameter.schema['enum']}."
                )
            if name == "per_page" and int(value) > 100:
                self.world.violation(f"{operation.id}: per_page={value} gives 100")

    def _check_body(self, operation: spec.Operation) -> None:
        if operation.body is None:
            if self.body not in (None, {}):
                self.world.violation(f"{operation.id} takes no body")
            return
        if self.body is None and not operation.body_required:
            return
        faults = self.world.spec.body_faults(operation, {} if self.body is None else self.body)
        special = [fault for fault in faults if fault.kind in ("anyOf", "oneOf")]
        if special and operation.id == "checks/update":
            faults = [fault for fault in faults if fault not in special]
            if not faults:
                error = {"resource": "CheckRun", "code": "missing_field", "field": "conclusion"}
                raise ApiError(422, "Validation Failed", errors=[error])
        if faults:
            raise ApiError(422, spec.invalid_request(faults))

    def _error(self, error: ApiError) -> Reply:
        if error.by_fault:
            self.fault = self.fault or "token"
        self.message = error.message + (f" {list(error.errors)}" if error.errors else "")
        doc = self.operation.doc if self.operation else DOC
        body = error.body(doc)
        if self.operation is not None:
            for fault in self.world.spec.response_faults(self.operation, error.status, body):
                self.world.schema_fault(f"{self.op} {error.status}: {fault.where}: {fault.message}")
        return Reply(body, error.status, dict(error.headers))

    async def _after(self, reply: Reply) -> Reply:
        world = self.world
        self.server.tell_later(self.events)
        for delivery in world.again:
            self.server.spawn(self.server._resend(delivery))
        world.again.clear()
        for fault in world.faults.take(
            self.op, "late", "commit_then_drop", "commit_then_status", "truncate", "empty"
        ):
            self.fault = fault.kind
            if fault.kind == "late":
                await fault.settings["until"].wait()
                continue
            if fault.kind == "commit_then_drop":
                return Reply(status=-1)
            if fault.kind == "commit_then_status":
                status = fault.settings["status"]
                return Reply(raw=UNICORN.encode(), status=status, content_type="text/html; charset=utf-8")
            data = reply.raw if reply.raw is not None else _encoded(reply.body)
            half = b"" if fault.kind == "empty" else data[: len(data) // 2]
            reply = Reply(raw=half, status=reply.status, headers=reply.headers)
        return reply

    def _finish(self, reply: Reply) -> web.StreamResponse:
        world, now = self.world, self.world.state.clock()
        data = reply.raw
        if data is None:
            data = b"" if reply.body is None else _encoded(reply.body)
        headers = {
            "Date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now)),
            "Server": "github.com",
            "X-GitHub-Request-Id": secrets.token_hex(8).upper(),
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Api-Version-Selected": self.request.headers.get("X-GitHub-Api-Version", "2022-11-28"),
            "Cache-Control": "private, max-age=60, s-maxage=60",
            "Vary": "Accept, Authorization, Cookie, X-GitHub-OTP",
            **({"X-GitHub-Enterprise-Version": world.enterprise} if world.enterprise else {}),
            **reply.headers,
        }
        status = reply.status
        resource = "graphql" if self.graphql else "core"
        if self.request.method == "GET" and status == 200:
            seed = data + self.principal.key.encode()
            headers["ETag"] = f'W/"{hashlib.sha256(seed).hexdigest()}"'
            if headers["ETag"] in [
                tag.strip() for tag in self.request.headers.get("If-None-Match", "").split(",")
            ]:
                status, data = 304, b""
        bucket = world.limits.bucket(self.principal.key, resource, now)
        if status != 304 and not self.graphql and self.op != "rate-limit/get":
            bucket.used += 1
        headers |= world.limits.headers(self.principal.key, resource, now)
        self._judge(status, reply)
        self._log(status)
        if status == -1:
            if self.request.transport is not None:
                self.request.transport.abort()
            return web.Response(status=500)
        response = web.Response(status=status, body=data or None, headers=headers)
        if status not in (204, 304):
            response.headers["Content-Type"] = reply.content_type
        return response

    def _judge(self, status: int, reply: Reply) -> None:
        """What the app should not have caused becomes a violation."""
        world = self.world
        if self.principal.user is not None:
            return  # people may be refused; the app may not
        if (
            400 <= status < 500
            and self.op != "unknown"
            and self.fault is None
            and not world.is_expected(status, self.op)
        ):
            world.violation(f"{self.op} answered {status}: {self.message}")
        if self.graphql and self.fault is None and isinstance(reply.body, dict):
            for error in reply.body.get("errors", []):
                kind = error.get("type") or error.get("extensions", {}).get("code", "error")
                if kind != "NOT_FOUND" and not world.is_expected(kind, "graphql"):
                    world.violation(f"graphql: {kind}: {error['message']}")

    def _log(self, status: int) -> None:
        ended = time.perf_counter()
        self.world.log.append(
            Entry(
                self.op,
                self.request.method,
                self.request.path,
                dict(self.request.query),
                status,
                (ended - self.started) * 1000,
                self.principal.key,
                self.body,
                self.started,
                ended,
                self.message,
                self.fault,
            )
        )


def _encoded(body: Any) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


__all__ = ["Entry", "Exchange", "Server", "World", "iso"]
