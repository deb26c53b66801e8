"""`fastperf.pytest`: what each route does while a project's own tests run, written to one file for the review.

    pytest -p fastperf.pytest --fastperf-observed observed.json

Per route: statements and the one most often repeated in one request, calls to other services, the longest time in
which the event loop stood still, and which test showed it. `observed = "observed.json"` in the configuration makes
reviews read it. Under pytest-xdist the workers' parts become one file.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import importlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

KIND = "fastperf-observed"
TICK = 0.001
_MOST_TEXT = 300
_TRANSPORTS = frozenset({"HTTPTransport", "AsyncHTTPTransport"})
"""Those that leave the process; a test client's does not."""


class Request:
    """What one request has done so far."""

    def __init__(self) -> None:
        self.statements: Counter[str] = Counter()
        self.calls = 0
        self.gap = 0.0


_current: contextvars.ContextVar[Request | None] = contextvars.ContextVar("fastperf_request", default=None)


class Observed:
    """The worst of each route."""

    def __init__(self) -> None:
        self.routes: dict[str, dict[str, Any]] = {}

    def add(self, name: str, request: Request, test: str) -> None:
        times, text = max(((count, text) for text, count in request.statements.items()), default=(0, ""))
        seen = {
            "count": 1,
            "statements": request.statements.total(),
            "repeated": times,
            "statement": text,
            "calls": request.calls,
            "gap_ms": round(request.gap * 1000, 1),
            "where": test,
            "gap_where": test,
        }
        self.merge({name: seen})

    def merge(self, routes: dict[str, dict[str, Any]]) -> None:
        for name, seen in routes.items():
            known = self.routes.setdefault(
                name, {"count": 0, "statements": 0, "repeated": -1, "calls": 0, "gap_ms": 0.0}
            )
            known["count"] += seen["count"]
            for key in ("statements", "calls"):
                known[key] = max(known[key], seen[key])
            if seen["repeated"] > known["repeated"]:
                known.update({key: seen[key] for key in ("repeated", "statement", "where")})
            if "gap_where" not in known or seen["gap_ms"] > known["gap_ms"]:
                known.update({key: seen[key] for key in ("gap_ms", "gap_where")})

    def written(self) -> str:
        document = {"kind": KIND, "version": 1, "routes": dict(sorted(self.routes.items()))}
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


class Plugin:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.observed = Observed()
        self._undo: list[Callable[[], None]] = []
        self._ran = False

    def pytest_runtest_logstart(self) -> None:
        self._ran = True

    def pytest_sessionstart(self) -> None:
        for watch in (_watch_applications, _watch_statements, _watch_calls):
            self._undo += watch(self.observed)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker of pytest-xdist has ended."""
        self.observed.merge(getattr(node, "workeroutput", {}).get(KIND, {}))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        while self._undo:
            self._undo.pop()()
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[KIND] = self.observed.routes
            return
        if not self._ran:
            return  # only collected, or not even that: what was seen before still holds
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.observed.written(), encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._ran and not hasattr(terminalreporter.config, "workerinput"):
            count = len(self.observed.routes)
            terminalreporter.write_line(f"fastperf observed {count} routes: {self.path}")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fastperf")
    group.addoption(
        "--fastperf-observed",
        metavar="FILE",
        default=None,
        help="where to write what routes did while the tests ran (fastperf-observed.json)",
    )
    parser.addini("fastperf_observed", "where to write what routes did while the tests ran", default="")


def pytest_configure(config: pytest.Config) -> None:
    named = config.getoption("--fastperf-observed") or config.getini("fastperf_observed")
    path = config.rootpath / (named or "fastperf-observed.json")
    config.pluginmanager.register(Plugin(path), "fastperf-observing")


def _replaced(owner: Any, name: str, make: Callable[[Any], Any]) -> Callable[[], None]:
    """Put a wrapper in the place of a method; the result takes it back."""
    original = getattr(owner, name)
    setattr(owner, name, functools.wraps(original)(make(original)))
    return functools.partial(setattr, owner, name, original)


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _watch_applications(observed: Observed) -> Iterator[Callable[[], None]]:
    applications = _module("starlette.applications")
    if applications is None:
        return

    def make(original: Any) -> Any:
        async def called(self: Any, scope: Any, receive: Any, send: Any) -> None:
            if scope.get("type") != "http" or _current.get() is not None:
                await original(self, scope, receive, send)
                return
            request = Request()
            token = _current.set(request)
            ticking = _ticking(request)
            try:
                await original(self, scope, receive, send)
            finally:
                _current.reset(token)
                if ticking is not None:
                    await asyncio.sleep(0)  # a gap that has just ended is seen by the next tick
                    ticking.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await ticking
                name = _route(scope)
                if name:
                    observed.add(name, request, _test())

        return called

    yield _replaced(applications.Starlette, "__call__", make)


def _ticking(request: Request) -> asyncio.Task[None] | None:
    """Measures how long the loop stands still, where the loop is asyncio's."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None

    asked = time.perf_counter()

    async def tick() -> None:
        nonlocal asked
        # An endpoint that stops the loop before anything awaits does so before this task's first turn.
        request.gap = max(request.gap, time.perf_counter() - asked)
        try:
            while True:
                asked = time.perf_counter()
                await asyncio.sleep(TICK)
                request.gap = max(request.gap, time.perf_counter() - asked - TICK)
        finally:
            request.gap = max(request.gap, time.perf_counter() - asked - TICK)

    return loop.create_task(tick())


def _route(scope: Any) -> str:
    """`GET /orders/{order_id}`; empty where no route answered."""
    route = scope.get("route")
    path = getattr(route, "path", None) or getattr(route, "path_format", None)
    if not isinstance(path, str):
        return ""
    # Newer versions of FastAPI keep the prefix of an included router beside the route, older ones in it.
    own = scope.get("fastapi")
    context = own.get("effective_route_context") if isinstance(own, dict) else None
    whole = getattr(context, "path", None)
    mounted = str(scope.get("root_path") or "").removeprefix(str(scope.get("app_root_path") or ""))
    return f"{scope.get('method', '')} {mounted}{whole if isinstance(whole, str) else path}"


def _test() -> str:
    """The running test, without its phase."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]


def _watch_statements(_: Observed) -> Iterator[Callable[[], None]]:
    engine, event = _module("sqlalchemy.engine"), _module("sqlalchemy.event")
    if engine is None or event is None:
        return

    def count(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        request = _current.get()
        if request is not None:
            request.statements[" ".join(statement.split())[:_MOST_TEXT]] += 1

    event.listen(engine.Engine, "before_cursor_execute", count)
    yield lambda: event.remove(engine.Engine, "before_cursor_execute", count)


def _watch_calls(_: Observed) -> Iterator[Callable[[], None]]:
    for name in ("httpx", "httpx2"):
        client = _module(name)
        if client is None:
            continue
        yield _replaced(client.Client, "send", _counted_if_outgoing)
        yield _replaced(client.AsyncClient, "send", _counted_if_outgoing)
    if (requests := _module("requests")) is not None:
        yield _replaced(requests.Session, "send", _counted)
    if (aiohttp := _module("aiohttp")) is not None:
        yield _replaced(aiohttp.ClientSession, "_request", _counted)


def _counted(original: Any) -> Any:
    def called(self: Any, *arguments: Any, **options: Any) -> Any:
        if (request := _current.get()) is not None:
            request.calls += 1
        return original(self, *arguments, **options)

    return called


def _counted_if_outgoing(original: Any) -> Any:
    def called(self: Any, *arguments: Any, **options: Any) -> Any:
        request = _current.get()
        if request is not None and type(getattr(self, "_transport", None)).__name__ in _TRANSPORTS:
            request.calls += 1
        return original(self, *arguments, **options)

    return called
