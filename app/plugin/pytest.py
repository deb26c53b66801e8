"""`fastperf.pytest`: what each route does while a project's own tests run, written to one file for the review.

    pytest -p fastperf.pytest --fastperf-observed observed.json

Per route: how many statements, and which of them one request repeats; calls to other services; the longest time in which
the event loop stood still; and of each which test showed it and which of the project's functions were running.
`observed = "observed.json"` in the configuration makes reviews read it. Under pytest-xdist the workers' parts become one
file.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import importlib
import json
import os
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

KIND = "fastperf-observed"
TICK = 0.001
LOOK = 0.01
"""How often somebody looks what a loop is doing that does not come back."""
_STANDS_STILL = 0.02
_MOST_TEXT = 300
_MOST_KEPT = 10
_MOST_FRAMES = 12
_IN_PROCESS = frozenset({"ASGITransport", "WSGITransport", "_TestClientTransport"})
"""Transports whose calls stay here: those of test clients."""
_INSTALLED = frozenset({"site-packages", "dist-packages", ".venv", "venv", ".tox", ".nox"})
_OF_TESTS = frozenset({"tests", "test"})
_FROM = re.compile(r"\bFROM\b", re.IGNORECASE)
_HOST = re.compile(r"\w+://(?:[^/?#@]*@)?([^/?#]+)")


class Request:
    """What one request has done so far."""

    def __init__(self) -> None:
        self.statements: Counter[str] = Counter()
        self.outgoing: Counter[str] = Counter()
        self.frames: dict[str, list[str]] = {}
        """By statement and by call what was running when it came for the first time."""
        self.gap = 0.0
        self.gap_frames: list[str] = []
        self.asked = 0.0
        """When the loop was last asked to come back."""
        self.thread = 0
        self.looks: Counter[tuple[str, ...]] = Counter()
        """What the loop was doing since then."""

    def did(self, what: Counter[str], text: str) -> None:
        if text not in self.frames:
            self.frames[text] = _running(sys._getframe(1))
        what[text] += 1

    def came_back(self, gap: float) -> None:
        if gap > self.gap:
            self.gap = gap
            self.gap_frames = list(self.looks.most_common(1)[0][0]) if self.looks else []
        if self.looks:
            self.looks = Counter()

    def repeats(self, what: Counter[str], test: str) -> list[dict[str, Any]]:
        return [
            {"text": text, "times": times, "where": test, "frames": self.frames.get(text, [])}
            for text, times in what.most_common(_MOST_KEPT)
        ]


_called_code: Any = None
"""Of what stands around the project's application: whatever is below on a stack is not the project's doing."""
_current: contextvars.ContextVar[Request | None] = contextvars.ContextVar("fastperf_request", default=None)


class Observed:
    """The worst of each route."""

    def __init__(self) -> None:
        self.routes: dict[str, dict[str, Any]] = {}

    def add(self, name: str, request: Request, test: str) -> None:
        seen = {
            "count": 1,
            "statements": request.statements.total(),
            "repeats": request.repeats(request.statements, test),
            "calls": request.outgoing.total(),
            "outgoing": request.repeats(request.outgoing, test),
            "gap_ms": round(request.gap * 1000, 1),
            "gap_where": test,
            "gap_frames": request.gap_frames,
        }
        self.merge({name: seen})

    def merge(self, routes: dict[str, dict[str, Any]]) -> None:
        for name, seen in routes.items():
            known = self.routes.setdefault(name, {"count": 0, "gap_ms": -1.0})
            known["count"] += seen["count"]
            for key in ("statements", "calls"):
                known[key] = max(known.get(key, 0), seen[key])
            for key in ("repeats", "outgoing"):
                known[key] = _worst((*known.get(key, ()), *seen[key]))
            if seen["gap_ms"] > known["gap_ms"]:
                known.update({key: seen[key] for key in ("gap_ms", "gap_where", "gap_frames")})

    def written(self) -> str:
        document = {"kind": KIND, "version": 1, "routes": dict(sorted(self.routes.items()))}
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _worst(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each text once, from the request that did it most often."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        known = found.get(entry["text"])
        if known is None or entry["times"] > known["times"]:
            found[entry["text"]] = entry
    return sorted(found.values(), key=lambda entry: -entry["times"])[:_MOST_KEPT]


# Who is running


_root = Path.cwd()


@functools.cache
def _own(file: str) -> str:
    """The path of a file of the project from its root; empty for installed ones, and for tests."""
    try:
        parts = Path(file).relative_to(_root).parts
    except ValueError:
        return ""
    if _INSTALLED.intersection(parts) or _OF_TESTS.intersection(parts[:-1]):
        return ""
    return "" if parts[-1].startswith(("test_", "conftest")) else "/".join(parts)


def _running(frame: FrameType | None) -> list[str]:
    """The project's functions on a stack, innermost first, down to where its application was called."""
    found: list[str] = []
    parent = _greenlet_below()
    while len(found) < _MOST_FRAMES:
        if frame is None:
            # SQLAlchemy runs its own part of an `await` on another stack.
            if parent is None:
                break
            frame, parent = parent.gr_frame, parent.parent
            continue
        code = frame.f_code
        if code is _called_code:
            break
        path = _own(code.co_filename)
        if path and not code.co_name.startswith("<"):
            found.append(f"{path}:{code.co_name}:{frame.f_lineno}")
        frame = frame.f_back
    return found


def _greenlet_below() -> Any:
    greenlet = sys.modules.get("greenlet")
    return greenlet.getcurrent().parent if greenlet is not None else None


class Watch(threading.Thread):
    """Looks from outside at loops that stand still: what they wait for is on their thread's stack."""

    def __init__(self) -> None:
        super().__init__(name="fastperf-watch", daemon=True)
        self._ended = threading.Event()
        self.requests: set[Request] = set()

    def run(self) -> None:
        while not self._ended.wait(LOOK):
            for request in tuple(self.requests):
                if time.perf_counter() - request.asked >= _STANDS_STILL:
                    frame = sys._current_frames().get(request.thread)
                    if (found := tuple(_running(frame))) and request in self.requests:
                        request.looks[found] += 1

    def end(self) -> None:
        self._ended.set()
        self.join(timeout=1)


_watch: Watch | None = None


class Plugin:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.observed = Observed()
        self._undo: list[Callable[[], None]] = []
        self._ran = False

    def pytest_runtest_logstart(self) -> None:
        self._ran = True

    def pytest_sessionstart(self) -> None:
        for watch in (_watch_loops, _watch_applications, _watch_statements, _watch_calls):
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
    global _root
    _root = config.rootpath
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


def _watch_loops(_: Observed) -> Iterator[Callable[[], None]]:
    global _watch
    _watch = Watch()
    _watch.start()
    yield _watch.end


def _watch_applications(observed: Observed) -> Iterator[Callable[[], None]]:
    applications = _module("starlette.applications")
    if applications is None:
        return

    def make(original: Any) -> Any:
        global _called_code

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

        _called_code = called.__code__
        return called

    yield _replaced(applications.Starlette, "__call__", make)


def _ticking(request: Request) -> asyncio.Task[None] | None:
    """Measures how long the loop stands still, where the loop is asyncio's."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None

    request.asked, request.thread = time.perf_counter(), threading.get_ident()
    if _watch is not None:
        _watch.requests.add(request)

    async def tick() -> None:
        # An endpoint that stops the loop before anything awaits does so before this task's first turn.
        request.came_back(time.perf_counter() - request.asked)
        try:
            while True:
                request.asked = time.perf_counter()
                await asyncio.sleep(TICK)
                request.came_back(time.perf_counter() - request.asked - TICK)
        finally:
            if _watch is not None:
                _watch.requests.discard(request)
            request.came_back(time.perf_counter() - request.asked - TICK)

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
            request.did(request.statements, _plain(statement))

    event.listen(engine.Engine, "before_cursor_execute", count)
    yield lambda: event.remove(engine.Engine, "before_cursor_execute", count)


def _plain(statement: str) -> str:
    """On one line and not too long. Of a long list of columns the middle goes."""
    text = " ".join(statement.split())
    source = _FROM.search(text, _MOST_TEXT // 2)
    if len(text) <= _MOST_TEXT or source is None:
        return text[:_MOST_TEXT]
    return f"{text[: _MOST_TEXT // 2]} … {text[source.start() :]}"[:_MOST_TEXT]


def _watch_calls(_: Observed) -> Iterator[Callable[[], None]]:
    for name in ("httpx", "httpx2"):
        client = _module(name)
        if client is None:
            continue
        yield _replaced(client.Client, "send", _counted_prepared)
        yield _replaced(client.AsyncClient, "send", _counted_prepared)
    if (requests := _module("requests")) is not None:
        yield _replaced(requests.Session, "send", _counted_prepared)
    if (aiohttp := _module("aiohttp")) is not None:
        yield _replaced(aiohttp.ClientSession, "_request", _counted)


def _goes_to(method: object, address: object) -> str:
    """`GET api.example.com`: the host alone, for the rest of an address may be secret."""
    host = _HOST.match(str(address))
    return f"{method} {host[1]}" if host else str(method)


def _counted(original: Any) -> Any:
    def called(self: Any, method: Any, address: Any, *arguments: Any, **options: Any) -> Any:
        if (request := _current.get()) is not None:
            base = getattr(self, "_base_url", None)
            request.did(request.outgoing, _goes_to(method, address if "://" in str(address) else base))
        return original(self, method, address, *arguments, **options)

    return called


def _counted_prepared(original: Any) -> Any:
    def called(self: Any, prepared: Any, *arguments: Any, **options: Any) -> Any:
        request = _current.get()
        if request is not None and type(getattr(self, "_transport", None)).__name__ not in _IN_PROCESS:
            request.did(request.outgoing, _goes_to(prepared.method, prepared.url))
        return original(self, prepared, *arguments, **options)

    return called
