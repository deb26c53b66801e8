from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.costs import estimates
from rules.engine.finding import Impact
from rules.engine.fixing.rewrites import with_keyword
from rules.engine.linking.context import Context
from rules.engine.loops.adapters import brings_timeout, nobody_passes
from rules.engine.loops.bounded import BOUNDING, is_bounded
from rules.engine.loops.handed_over import PASS_KEYWORDS, call_in_thread
from rules.engine.loops.remote_procedures import lacks_deadline
from rules.engine.reading import facts
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.creation import serves
from rules.engine.service.one_at_a_time import lambda_entry
from rules.engine.service.staff import is_for_staff
from rules.engine.service.stand_ins import seldom_needed
from rules.engine.service.traffic import is_after_failure, is_aside, is_for_admins, is_seldom
from rules.libraries import Timeout

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

# An adapter or a wrapper of the project that brings a default timeout to a whole session.
_UNCONNECTED = frozenset({"ftplib.FTP", "ftplib.FTP_TLS"})
"""What connects when it is made only if it is given a host."""
_KEYLESS = frozenset({"smtplib.SMTP_SSL", "ftplib.FTP_TLS", "imaplib.IMAP4_SSL", "poplib.POP3_SSL"})
_KEYS = frozenset({"keyfile", "certfile"})
_WITH_TIMEOUT = 3
"""Arguments of `FTP.connect`, the timeout among them."""
_ADAPTER = regex(
    r"\.mount\([^)\n]{0,300}[Tt]imeout|setdefaulttimeout\(|\w\.(?:request|send)\s*=\s*(?:functools\.)?partial\("
)


# They share their threads with the `def` endpoints.
_OF_THE_SERVER = frozenset({"starlette.concurrency.run_in_threadpool", "anyio.to_thread.run_sync"})
_ONLY_MADE = (
    "aiohttp.",
    "google.genai.",
    "redis.",
    "valkey.",
    "pymemcache.",
    "keystoneauth1.",
    "googlemaps.",
    "msal.",
)
"""Clients that ask nobody while they are made."""
_DEADLINE = Timeout("", "timeout", 1)
"""Of the methods of gRPC stubs, whose classes are generated."""
_PROCESS = "asyncio.subprocess.Process."
_WAITS = frozenset(
    {"asyncio.Event.wait", "asyncio.Queue.get", "asyncio.Condition.wait"}
    | {f"{_PROCESS}communicate", f"{_PROCESS}wait"}
)
"""Waits that end when somebody else in this process, or a program, does something."""
_APART = frozenset({Context.STARTUP, Context.UNKNOWN})


class MissingTimeout(Rule):
    """A call without a timeout waits as long as the other side likes, and what waits serves nobody.

    `requests`, `urllib` and `smtplib` wait for ever unless told otherwise. A peer that accepts the connection and then
    says nothing keeps the thread, and with it one of 40 places for requests; enough of them stop the service. That is so
    in `asyncio.to_thread` as well: `asyncio.wait_for` around it ends the waiting, not the thread.

    ## Instead
    Give each call a timeout a little above the slowest good answer: `timeout=10`, or `timeout=(3, 10)` for connecting and
    reading.

    ## Trade-offs
    The call may now raise a timeout error: decide what the endpoint answers then.

    ## Monitor
    p99.9 of outbound calls; worker threads in use of 40; open connections per peer.

    ## When to ignore it
    When a session adapter, or a wrapper we cannot see, sets the timeout.
    """

    code = "FP601"
    per_request = True
    said_at_writing = True
    severity = Severity.HIGH
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "p99.9 of outbound calls and worker threads in use"
    guards = ("timeout", "Timeout", "connect_timeout", "socket_timeout", "command_timeout")

    invalid = (
        Invalid(
            """
            import requests
            from fastapi import FastAPI

            app = FastAPI()

            @app.get("/rates")
            def rates() -> dict[str, float]:
                return requests.get("https://rates.example/latest").json()
            """,
            fixed="""
            import requests
            from fastapi import FastAPI

            app = FastAPI()

            @app.get("/rates")
            def rates() -> dict[str, float]:
                return requests.get("https://rates.example/latest", timeout=10).json()
            """,
        ),
    )
    valid = (
        Valid(
            """
            import httpx
            from fastapi import FastAPI

            app = FastAPI()
            client = httpx.AsyncClient()

            @app.get("/rates")
            async def rates() -> dict[str, float]:
                return (await client.get("https://rates.example/latest")).json()  # httpx waits five seconds by itself
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        offload = callee.meaning.offload
        return (
            callee.name in _WAITS
            or libraries.timeout(callee.name) is not None
            or (offload is not None and offload.kind == "thread")
            # The methods of a service are spelled like its classes: `stub.GetOrder(request)`.
            or (not callee.name and callee.is_method and callee.spelled[:1].isupper())
        )

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        name = module.qualified_name(node.func)
        if name in _WAITS:
            yield from self._for_others(node, name, module)
            return
        default = libraries.timeout(name) if name is not None else None
        if default is None:
            yield from self._in_thread(node, module)
            yield from self._of_stub(node, module)
            return
        if not serves(node, module) or not _waits_for_ever(node, default, module):
            return
        # What is only made here may be asked with or without `await`, in a thread or on the loop.
        asks = name is not None and not name.startswith(_ONLY_MADE)
        on_request = asks and module.in_request_path(node)
        if default.often_quick and module.contexts(node) <= _APART:
            return
        on_loop = asks and module.runs_on_event_loop(node) and not module.is_awaited(node)
        hands_on = not _unbounded(node, default)
        if _takes_no_more(node, default):
            return
        aside = seldom_needed(node, module) or _stays_here(node, module) or is_aside(module.path)
        # There the function has its own limit, and one request at a time.
        on_lambda = bool(lambda_entry(module.path, module.project))
        # A page for those who run the system, in a thread of many: the others go on.
        of_staff = not on_loop and (is_for_admins(node, module) or is_for_staff(node, module))
        yield Match(
            node,
            _message(spelled(node.func), default, on_request=on_request, on_loop=on_loop),
            severity=_severity(default, on_request=on_request and not is_seldom(node, module)),
            confidence=Confidence.POSSIBLE if aside or on_lambda or of_staff else _confidence(default),
            when_new=None
            if aside
            else _confidence(default)
            if on_lambda or of_staff
            else _when_new(default, module),
            fix=None
            if hands_on or default.option or not _is_written_out(node, default)
            else Fix(with_keyword(default.keyword, default.suggest), safety=Safety.UNSAFE),
            impact=_impact(node, name or "", default, module, asks=asks, on_loop=on_loop),
            instead=f'Set a default before the call: `kwargs.setdefault("{default.keyword}", {default.suggest})`.'
            if hands_on
            else _instead(default),
        )

    def _for_others(self, node: ast.Call, name: str, module: Module) -> Iterator[Match]:
        """`await arrived.wait()` in an endpoint: whoever should set it may never do so."""
        function = module.function_of(node)
        if function is None or not module.is_awaited(node) or not module.is_waited_for(node):
            return
        if not name.startswith(_PROCESS) and (
            str(module.role(node) or "") != "endpoint" or module.is_repeated(node)
        ):
            return
        if is_after_failure(node, module) or _is_ended(node, function.node):
            return
        scope = module.index.scope_of.get(function.node)
        if scope is None or scope.is_generator or is_bounded(node, module) or is_seldom(node, module):
            return
        ends = name.startswith(_PROCESS)
        what = "a program that hangs keeps the request" if ends else "when nobody ends it, the request waits"
        yield Match(
            node,
            f"`{spelled(node.func)}` has no timeout: {what} for ever.",
            severity=Severity.MEDIUM,
            confidence=Confidence.POSSIBLE,  # it may be sure to end
            when_new=None if ends else Confidence.LIKELY,
            instead=f"Put a limit around it, `async with asyncio.timeout(10): await {spelled(node.func)}(...)`, and say what the"
            " request answers then.",
        )

    def _in_thread(self, node: ast.Call, module: Module) -> Iterator[Match]:
        """`await asyncio.to_thread(requests.get, url)`: who gives up waiting leaves the thread behind."""
        offload = module.offload(node)
        made = call_in_thread(node, offload) if offload is not None else None
        name = module.qualified_name(made.func) if made is not None else None
        default = libraries.timeout(name) if name is not None else None
        if (
            offload is None
            or made is None
            or default is None
            or default.seconds is not None
            or default.often_quick
            or not serves(node, module)
            or not _waits_for_ever(made, default, module)
        ):
            return
        on_request = module.in_request_path(node) and not is_seldom(node, module)
        aside = seldom_needed(node, module) or _is_here(made) or is_aside(module.path)
        yield Match(
            node,
            f"`{spelled(made.func)}` has no timeout: a peer that never answers holds a worker thread for ever, also when nobody"
            " waits for it any more.",
            severity=_severity(default, on_request=on_request),
            confidence=Confidence.POSSIBLE if aside else _confidence(default),
            fix=Fix(with_keyword(default.keyword, default.suggest), safety=Safety.UNSAFE)
            if offload.name in PASS_KEYWORDS and made.func in node.args
            else None,
            impact=estimates.hangs(module.options, on_loop=False)
            if offload.name in _OF_THE_SERVER
            else estimates.hangs_in_executor(),
            instead=_instead(default),
        )

    def _of_stub(self, node: ast.Call, module: Module) -> Iterator[Match]:
        """`self.stub.GetOrder(request)`: gRPC waits for ever for a peer that took the call."""
        is_plain = lacks_deadline(node, module) if _unbounded(node, _DEADLINE) else None
        if is_plain is None or not serves(node, module):
            return
        on_request = module.in_request_path(node)
        waits_here = module.runs_on_event_loop(node) and not module.is_awaited(node)
        aside = seldom_needed(node, module) or is_aside(module.path)
        yield Match(
            node,
            _message(spelled(node.func), _DEADLINE, on_request=on_request, on_loop=waits_here)
            if not module.is_awaited(node)
            else f"`{spelled(node.func)}` has no deadline: it waits for ever for a peer that never answers.",
            severity=_severity(_DEADLINE, on_request=on_request and not is_seldom(node, module)),
            confidence=Confidence.LIKELY if is_plain and on_request and not aside else Confidence.POSSIBLE,
            fix=Fix(with_keyword(_DEADLINE.keyword, _DEADLINE.suggest), safety=Safety.UNSAFE),
            impact=_impact(node, "", _DEADLINE, module, asks=True, on_loop=waits_here),
            instead=_instead(_DEADLINE),
        )


def _is_ended(wait: ast.Call, function: ast.AST) -> bool:
    """Whether the function itself ends what it then waits for: `process.kill()`."""
    waited = ast.unparse(wait.func.value) if isinstance(wait.func, ast.Attribute) else ""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in ("kill", "terminate", "set", "cancel")
        and ast.unparse(node.value) == waited
        for node in walk(function)
    )


def _is_written_out(call: ast.Call, default: Timeout) -> bool:
    """Whether what a fix writes names the module as the call does: `aiohttp.ClientTimeout` beside `aiohttp.ClientSession`."""
    module, _, rest = default.suggest.partition(".")
    return not rest or module.isdigit() or ast.unparse(call.func).startswith(f"{module}.")


def _takes_no_more(call: ast.Call, default: Timeout) -> bool:
    """Whether today's Python refuses the arguments: `SMTP_SSL(keyfile=…)` raises `TypeError` since 3.12."""
    return default.name in _KEYLESS and any(keyword.arg in _KEYS for keyword in call.keywords)


def _instead(default: Timeout) -> str:
    if default.option:
        return f"Set `{default.option}` on the object before it connects: a little more than the slowest good answer takes."
    return f"Pass `{default.keyword}={default.suggest}`, or a little more than the slowest good answer takes."


def _waits_for_ever(call: ast.Call, default: Timeout, module: Module) -> bool:
    """Whether nothing sets the timeout: no argument, no declared version, no option, no adapter of the file, no client."""
    return (
        (_unbounded(call, default) or _hands_none_on(call, default, module))
        and not (default.option and _sets_option(default.option, module))
        and _applies(default, module)
        and not module.source.matches(_ADAPTER)
        and not brings_timeout(call, module)
        and not _connects_later(call, module)
        and not _asked_in_time(call, default, module)
    )


def _connects_later(call: ast.Call, module: Module) -> bool:
    """Whether it only makes an object: `FTP()`, which `connect(host, timeout=3)` of the same function connects."""
    function = module.function_of(call)
    if call.args or call.keywords or function is None or module.qualified_name(call.func) not in _UNCONNECTED:
        return False
    return any(
        isinstance(part, ast.Call)
        and isinstance(part.func, ast.Attribute)
        and part.func.attr == "connect"
        and (len(part.args) >= _WITH_TIMEOUT or any(keyword.arg == "timeout" for keyword in part.keywords))
        for part in walk(function.node)
    )


def _asked_in_time(call: ast.Call, default: Timeout, module: Module) -> bool:
    """Whether what a session of five minutes is asked in this file has a timeout of its own, or whoever asks ends the wait."""
    if default.seconds is None or default.retries:
        return False
    return is_bounded(call, module) or any(
        isinstance(part, ast.Call)
        and part is not call
        and not _is_another_client(part)
        and (
            any(keyword.arg == default.keyword for keyword in part.keywords)
            or module.qualified_name(part.func) in BOUNDING
        )
        for part in walk(module.tree)
    )


def _is_another_client(call: ast.Call) -> bool:
    """`TwilioHttpClient(timeout=10)`: an object that is not given the session has a limit of its own."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return last_name(call.func)[:1].isupper() and not any(
        "session" in name.lower()
        for value in given
        for part in walk(value)
        if (name := last_name(part)) and isinstance(part, ast.Name | ast.Attribute)
    )


def _sets_option(option: str, module: Module) -> bool:
    """`directory.set_option(ldap.OPT_NETWORK_TIMEOUT, 5)` somewhere in the file."""
    return any(
        isinstance(part, ast.Attribute | ast.Name) and last_name(part) in (option, "OPT_TIMEOUT")
        for part in walk(module.tree)
    )


def _unbounded(call: ast.Call, default: Timeout) -> bool:
    """Whether no argument of the call can be the timeout, nor the address it is given bring one."""
    if (
        call.args
        and isinstance(call.args[0], ast.Constant)
        and f"{default.keyword}=" in str(call.args[0].value)
    ):
        return False
    names = {default.keyword, *default.also}
    if any(keyword.arg is None or keyword.arg in names for keyword in call.keywords):
        return False
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return False
    return default.position is None or len(call.args) <= default.position


def _hands_none_on(call: ast.Call, default: Timeout, module: Module) -> bool:
    """`session.request(method, url, **kwargs)` with the keywords of its function, whose callers name no timeout either."""
    names = {default.keyword, *default.also}
    spread = [keyword for keyword in call.keywords if keyword.arg is None]
    rest = ast.Call(call.func, call.args, [keyword for keyword in call.keywords if keyword.arg is not None])
    function = module.function_of(call)
    if function is None or len(spread) != 1 or not _unbounded(rest, default):
        return False
    taken = function.node.args.kwarg
    if taken is None or not isinstance(spread[0].value, ast.Name) or spread[0].value.id != taken.arg:
        return False
    if any(_may_add(node, taken.arg) for node in walk(function.node)):
        return False
    found = module.graph_node(call)
    return found is not None and not found.roles and nobody_passes(found, names, module)


def _may_add(node: ast.AST, name: str) -> bool:
    """Whether the keywords are bound anew, or something is put among them but what the code names otherwise."""
    match node:
        case ast.Name(id=found, ctx=ast.Store()):
            return found == name
        case ast.Call(func=ast.Attribute(value=ast.Name(id=found), attr="setdefault"), args=[key, *_]):
            return found == name and not (isinstance(key, ast.Constant) and "timeout" not in str(key.value))
        case ast.Call(func=ast.Attribute(value=ast.Name(id=found), attr="update")):
            return found == name
        case ast.Subscript(value=ast.Name(id=found), slice=key, ctx=ast.Store()):
            return found == name and not (isinstance(key, ast.Constant) and "timeout" not in str(key.value))
    return False


def _stays_here(call: ast.Call, module: Module) -> bool:
    """Whether the other side is this machine: a sidecar, or the socket of a daemon."""
    return bool(module.call_flags(call) & facts.LOCAL) or _is_here(call)


def _is_here(call: ast.Call) -> bool:
    match call.args:
        case [ast.Constant(value="localhost" | "127.0.0.1"), *_]:
            return True
    return False


def _applies(default: Timeout, module: Module) -> bool:
    """Whether the declared version still has that default; an unknown version says nothing."""
    if not default.fixed_in:
        return True
    declared = module.version(default.distribution)
    return declared is not None and declared < default.fixed_in


def _confidence(default: Timeout) -> Confidence:
    """The declared version is a lower bound, and a long default may be wanted."""
    if default.seconds is not None or default.often_quick:
        return Confidence.POSSIBLE
    return Confidence.POSSIBLE if default.fixed_in else Confidence.CERTAIN


def _when_new(default: Timeout, module: Module) -> Confidence | None:
    """Whoever writes the client of a release that waits for ever, and stays with it, bounds it at no cost."""
    if not default.fixed_in or not module.project.routing.endpoints:
        return None
    return Confidence.LIKELY if module.stays_below(default.distribution, default.fixed_in) else None


def _severity(default: Timeout, *, on_request: bool) -> Severity:
    if default.seconds is not None and not default.retries:
        return Severity.LOW
    if default.seconds is not None or default.fixed_in or default.often_quick:
        return Severity.MEDIUM
    return Severity.HIGH if on_request else Severity.MEDIUM


def _impact(
    node: ast.Call, name: str, default: Timeout, module: Module, *, asks: bool, on_loop: bool
) -> Impact:
    """What waits for a peer that never answers: the loop, a thread, a request by itself, or a job."""
    is_served = module.in_request_path(node)
    if not (on_loop or is_served or not asks):
        return Impact()
    if default.seconds is None and not is_served and module.contexts(node) == {Context.TASK}:
        return estimates.hangs_beside()
    if default.seconds is None and (module.is_awaited(node) or _is_asynchronous(name)):
        return estimates.hangs_awaited()
    return estimates.hangs(module.options, on_loop=on_loop, seconds=default.seconds)


def _is_asynchronous(name: str) -> bool:
    """Whether a client is one whose calls are awaited: `redis.asyncio.Redis`, `aiohttp.ClientSession`."""
    return any(part == "asyncio" or part.startswith(("aio", "Async")) for part in name.split("."))


def _message(name: str, default: Timeout, *, on_request: bool, on_loop: bool) -> str:
    if default.seconds is not None:
        again = ", and then tries again" if default.retries else ""
        return (
            f"`{name}` without `{default.keyword}` waits {default.seconds:.0f} seconds for an answer{again}."
        )
    if default.often_quick:
        return f"`{name}` has no timeout: what hangs there holds its worker for ever."
    if on_loop:
        return f"`{name}` has no timeout: a peer that never answers stops this worker for ever."
    if on_request:
        return f"`{name}` has no timeout: a peer that never answers holds one of 40 worker threads for ever."
    return f"`{name}` has no timeout: it waits for ever for a peer that never answers."
