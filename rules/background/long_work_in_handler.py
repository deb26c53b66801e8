from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from itertools import dropwhile
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.costs import kept_estimates
from rules.engine.finding import Hop
from rules.engine.kept_answers import once_for_node
from rules.engine.module import Context
from rules.engine.reading.blocks import block_with, blocks_of
from rules.engine.reading.loop_shapes import shortened, spelled
from rules.engine.reading.origins import origin
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import own_calls, walk
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service import payloads
from rules.engine.service.queue_tasks import library_of
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.costs.summaries import Leaf
    from rules.engine.module import Module
    from rules.engine.reading.scopes import FunctionNode

_LONG_SLEEP = 5
_SLEEPS = frozenset({"time.sleep", "asyncio.sleep", "anyio.sleep"})
# What a function of that name does is for somebody else than the caller of the endpoint.
_SIDE_EFFECT = regex(
    r"^_*(?:a?send|a?notify|e?mail|a?track|emit|broadcast|push|alert|deliver|dispatch|fire|trigger|post_to|publish|report_to)(?:_|$)"
    r"|_(?:email|e_mail|mail|sms|notification|notifications|webhook|webhooks|slack|telegram|discord)$"
)
_NOT_ASIDE = regex(
    r"request|command|query|message_to_(?:llm|model|agent)|prompt|file|chunk|bytes|response|http"
    r"|background|enqueue|queue|schedule|later|defer",
    re.IGNORECASE,
)
_TRIES_OUT = regex(r"test|verify|check|ping|preview|validate|debug", re.IGNORECASE)
_ASKS = regex(r"_*(?:get|list|read|fetch|load|find|query|search|check|resolve|lookup|is|has)(?:_|$)")
_VERBS = frozenset(
    {
        "send",
        "asend",
        "notify",
        "push",
        "emit",
        "track",
        "to",
        "async",
        "and",
        "all",
        "new",
        "user",
        "the",
        "for",
        "of",
    }
)
_NOTICE = regex(
    r"notif|mail|sms|webhook|hook|slack|telegram|discord|teams|track|analytic|audit|alert|event|broadcast|telemetry|metric|usage|invit"
    r"|remind|digest|welcome|receipt|confirm|report|feedback|newsletter|push|warm|invalidat|purge|log(?:s|_|$)|log_|stat(?:s|istics)",
    re.IGNORECASE,
)
"""What a call that tells somebody something is named after; another call with such a verb may be the request's own work."""
_BROKERS = (
    "kafka.",
    "confluent_kafka.",
    "aiokafka.",
    "pika.",
    "aio_pika.",
    "nats.",
    "pulsar.",
    "stomp.",
    "aiormq.",
    "kombu.",
    "celery.",
)
"""What goes into a log or a queue is kept there: that is how work is put off, not what should be."""
_QUEUES = {"celery": "delay", "dramatiq": "send", "rq": "delay"}
"""Queues whose tasks are plain functions when they are called, and the method that hands them over."""
_REMOTE = frozenset({"mail", "http", "net", "sdk"})
_PACKERS = (
    *("zipfile.ZipFile", "tarfile.open", "tarfile.TarFile", "shutil.make_archive"),
    *("weasyprint.HTML.", "pdfkit.from_", "openpyxl.Workbook.save"),
    *("pandas.DataFrame.to_excel", "pandas.DataFrame.to_csv", "pandas.DataFrame.to_parquet"),
)
"""What makes a file of many rows."""
_REPORT = regex(
    r"(?:^|_)(?:reports?|exports?|archives?|backups?|dumps?|bundles?|statements?|snapshots?)(?:_|$)"
)
_UNDOES = regex(
    r"(?:close|aclose|commit|refresh|flush|rollback|invalidate|delete_cache|clear|lock|unlock|release|connect|login"
    r"|charge|capture|refund|pay|reserve|book)(?:_|$)"
)
"""What has to be done before anybody goes on."""
_TAKING = frozenset({"http", "net", "sdk", "proc"})
_JOB = regex(
    r"(?:^|_)(?:generate|process|index|reindex|ingest|import|export|sync|synchronize|synchronise|train|crawl|scrape|transcribe"
    r"|convert|render|build|rebuild|update_all|refresh_all|embed|analy[sz]e|migrate|download|upload)(?:_|$)"
)
"""What takes its time, by its name."""
_BATCH = regex(
    r"(?:^|_)(?:sync|synchronize|synchronise|reconcile|reindex|ingest|backfill|train|crawl|scrape|migrate|rebuild)(?:_|$)"
)
"""What goes through everything there is, by its name, even where somebody looks at how it went."""
_KEEPS = regex(r"\.(?:f?put_object|upload_\w+|put_blob)\w*$")
"""What puts the bytes of the request into a bucket: that is storing too, and who asks next reads them."""
_RUNS = frozenset(
    {f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output")}
    | {"os.system"}
    | {"asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell"}
)
_PROGRAMS = frozenset(
    {
        "ffmpeg",
        "libreoffice",
        "soffice",
        "pandoc",
        "wkhtmltopdf",
        "pdflatex",
        "xelatex",
        "latexmk",
        "blender",
        "whisper",
    }
    | {
        "terraform",
        "tofu",
        "ansible-playbook",
        "helm",
        "npm",
        "yarn",
        "pip",
        "mvn",
        "gradle",
        "yt-dlp",
        "pg_dump",
    }
)
"""What converts, builds or fetches for seconds, whatever it is given."""
_LATER = "Answer `202` with an id, do it in a queue worker, and let the client ask how far it is."
_READS_IT = regex(
    r"^_*(?:get|read|load|fetch|list|find|download|import|restore|parse|extract|delete|is|has)(?:_|$)"
)


class LongWorkInHandler(Rule):
    """The response waits for work that it does not need: a mail, a notification, another company's API.

    The caller waits as long as the mail server takes, and gets an error when it is down although their order is stored.
    While it waits the request holds what it holds: a connection of the database, a worker thread.

    ## Instead
    Run it after the response: `background_tasks.add_task(work, …)`, for what takes less than a second and may
    be lost at a restart. Everything else belongs into a queue with retries: arq, taskiq, Celery, dramatiq.

    ## Trade-offs
    The caller no longer learns when it fails: log it, count it, and try again. Hand over ids, not the session.

    ## Monitor
    p95 of the endpoint; failures and latency of the job.

    ## When to ignore it
    When the caller must know that it has happened.
    """

    code = "FP401"
    about_own_line = True
    severity = Severity.HIGH
    said_from = Severity.CRITICAL
    effort = Effort.MINUTES
    watch = "p95 of the endpoint, job latency"

    invalid = (
        Invalid(
            """
            import aiosmtplib
            from fastapi import BackgroundTasks, FastAPI

            app = FastAPI()

            async def send_confirmation(address: str) -> None:
                await aiosmtplib.send(address, hostname="mail.example")

            @app.post("/orders")
            async def order(address: str, tasks: BackgroundTasks) -> int:
                await send_confirmation(address)
                return 1
            """,
            fixed="""
            import aiosmtplib
            from fastapi import BackgroundTasks, FastAPI

            app = FastAPI()

            async def send_confirmation(address: str) -> None:
                await aiosmtplib.send(address, hostname="mail.example")

            @app.post("/orders")
            async def order(address: str, tasks: BackgroundTasks) -> int:
                tasks.add_task(send_confirmation, address)
                return 1
            """,
        ),
    )
    valid = (
        Valid(
            """
            import aiosmtplib

            async def send_confirmation(address: str) -> None:
                await aiosmtplib.send(address, hostname="mail.example")

            @app.post("/orders")
            async def order(address: str, tasks: BackgroundTasks) -> int:
                tasks.add_task(send_confirmation, address)
                return 1
            """
        ),
    )

    def check(
        self, node: ast.Expr | ast.Assign | ast.AnnAssign | ast.Return, module: Module
    ) -> Iterator[Match]:
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if not isinstance(call, ast.Call) or not module.in_request_path(call) or not module.endpoints(call):
            return
        role = str(module.role(call) or "")
        if role in ("background", "lifespan", "websocket", "task", "middleware") or module.is_offloaded(call):
            return
        if role == "endpoint" and (path := _report(call, module)):
            yield Match(
                call,
                f"The response waits until `{spelled(call.func)}` has read the rows, packed them into a file and stored it;"
                " it only says where.",
                severity=Severity.MEDIUM,
                confidence=Confidence.LIKELY,
                call_path=path,
                impact=kept_estimates.moved_behind(module.options),
                instead="Answer `202` with the report's id, build it in a queue worker, and let the client ask for it.",
            )
            return
        if (long := _long_work(call, role, module)) is not None and not _runs_after(call, module):
            yield long
            return
        if role == "endpoint" and (each := _each_told(call, module)) is not None:
            yield each
            return
        if not isinstance(node, ast.Expr):
            if not _runs_after(call, module):
                yield from _job(call, role, module, is_answered=True)
            return
        if (module.qualified_name(call.func) or "") in _SLEEPS:
            yield from self._sleep(call, role, module)
            return
        if _runs_after(call, module) or _decides(node, module) or _precedes_error(node, module):
            return
        if (library := library_of(module.value(call.func), module.project)) in _QUEUES:
            yield Match(
                call,
                f"`{spelled(call.func)}` is a task of {library} that is called as a plain function: it runs here, while the response"
                " waits, and no worker gets it.",
                severity=Severity.MEDIUM,
                confidence=Confidence.POSSIBLE,  # somebody may want it at once
                when_new=Confidence.LIKELY,
                impact=kept_estimates.moved_behind(module.options),
                instead=f"Hand it to a worker of the queue: `{spelled(call.func)}.{_QUEUES[library]}(...)`.",
            )
            return
        found = _aside(call, module)
        if found is None:
            yield from _told_at_once(call, module)
            said = list(_job(call, role, module))
            yield from said or _after_stored(call, module)
            return
        kind, path = found
        if kind == "asked":
            yield Match(
                call,
                f"The response waits until `{spelled(call.func)}` has sent the mail, and does not tell how that went.",
                severity=Severity.LOW,
                confidence=Confidence.POSSIBLE,  # sending it is what the endpoint is for
                call_path=path,
                fix=_fix(node, call, module),
                impact=kept_estimates.moved_behind(module.options),
            )
            return
        yield Match(
            call,
            f"The response waits for `{spelled(call.func)}`, whose result it does not use.",
            severity=self.severity
            if kind == "mail" and role == "endpoint" and not is_seldom(call, module)
            else Severity.MEDIUM,
            confidence=Confidence.LIKELY
            if _is_plainly_aside(kind, role, call, path)
            and not _nobody_waits(node, call, module)
            and not _may_be_queued(call, module)
            else Confidence.POSSIBLE,
            call_path=path,
            fix=_fix(node, call, module),
            impact=kept_estimates.moved_behind(module.options),
        )

    def _sleep(self, call: ast.Call, role: str, module: Module) -> Iterator[Match]:
        match call.args:
            case [ast.Constant(value=int() | float() as seconds)] if seconds >= _LONG_SLEEP:
                if (
                    role == "endpoint"
                    and not module.is_repeated(call)
                    and not _streams(call, module)
                    and not _stops_loop(call, module)
                ):
                    yield Match(
                        call,
                        f"`{spelled(call.func)}` keeps the caller waiting for {seconds:g} seconds.",
                        severity=Severity.MEDIUM,
                        confidence=Confidence.POSSIBLE,  # it may wait for what another process writes
                        impact=kept_estimates.long_sleep(seconds),
                        instead="Answer `202` and let the client ask later, or move the work that is waited for into a queue.",
                    )


def _long_work(call: ast.Call, role: str, module: Module) -> Match | None:
    """What takes seconds as a rule: a program that converts or builds something, or an upload whose parts are sent to another
    service one after the other."""
    program = _program(call, module)
    if program and not is_seldom(call, module):
        return Match(
            call,
            f"The response waits until `{program}` is done, which takes seconds: the client may give up first.",
            severity=Severity.MEDIUM,
            confidence=Confidence.POSSIBLE,  # what it is given may be small
            when_new=Confidence.LIKELY,
            impact=kept_estimates.moved_behind(module.options),
            instead=_LATER,
        )
    function = module.function_of(call)
    summary = module.summary(call) if role == "endpoint" else None
    if summary is None or function is None or not _takes_upload(function.node, module):
        return None
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if not any(
        module.type_of(each) in payloads.UPLOADS or payloads.holds_upload(each, module) for each in given
    ):
        return None
    for leaf in summary.external:
        if leaf.cached or leaf.on_miss or leaf.rarely or leaf.by_choice or not _is_repeated(leaf, module):
            continue
        known = libraries.external(leaf.callable)
        if known is None or known.kind not in ("llm", "http", "sdk"):
            continue
        last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        return Match(
            call,
            f"The upload waits until `{spelled(call.func)}` has sent all of its parts to `{leaf.callable}`, one after the other.",
            severity=Severity.MEDIUM,
            confidence=Confidence.POSSIBLE,  # nobody sees how many parts there are
            when_new=Confidence.LIKELY,
            call_path=(Hop(module.path, call.lineno, last), *leaf.path),
            impact=kept_estimates.moved_behind(module.options),
            instead=_LATER,
        )
    return None


def _each_told(call: ast.Call, module: Module) -> Match | None:
    """`for user in users: send_mail(user.email)`: as many mails as there are rows, one after the other, before the answer."""
    loop = next(
        (
            each
            for each in module.loops(call)
            if isinstance(each, ast.For | ast.AsyncFor) and not module.is_short(each)
        ),
        None,
    )
    if loop is None or not module.depends_on_loop(call, loop) or _runs_after(call, module):
        return None
    external = module.external(call)
    last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    path: tuple[Hop, ...] = ()
    if external is None or external.kind != "mail" or last.startswith(("connect", "login", "quit")):
        mail = _mail(_leaves(call, module, chosen=True))
        if mail is None or _TRIES_OUT.search(last):
            return None
        path = (Hop(module.path, call.lineno, last), *mail.path)
    return Match(
        call,
        f"The response waits until `{spelled(call.func)}` has sent a mail for each of `{shortened(module.segment(loop.iter), 60)}`, one"
        " after the other.",
        severity=Severity.MEDIUM,
        confidence=Confidence.POSSIBLE,  # there may be few of them
        when_new=Confidence.LIKELY,
        call_path=path,
        impact=kept_estimates.moved_behind(module.options),
        instead="Answer `202` and let a queue worker send them: it tries again what fails, and a restart loses nothing.",
    )


def _told_at_once(call: ast.Call, module: Module) -> Iterator[Match]:
    """`await asyncio.gather(*(notify(user) for user in users))`: several are told something at once, and all are waited for."""
    for made in _coroutines(call, module):
        found = _aside(made, module)
        if found is None:
            continue
        yield Match(
            call,
            f"The response waits until all are told: `{spelled(made.func)}` for each, whose results it does not use.",
            severity=Severity.MEDIUM,
            confidence=Confidence.POSSIBLE,  # what is sent may be the request's own work
            when_new=Confidence.LIKELY if found[0] == "mail" or _is_notice(made) else None,
            call_path=found[1],
            impact=kept_estimates.moved_behind(module.options),
            instead="Hand it to `background_tasks.add_task(...)` or a queue, which tries again what fails.",
        )
        return


def _coroutines(call: ast.Call, module: Module) -> Iterator[ast.Call]:
    """The coroutines that a call is given to wait for: written out, in a comprehension, or as tasks that were put in a list."""
    function = module.function_of(call)
    for argument in call.args:
        value = argument.value if isinstance(argument, ast.Starred) else argument
        if isinstance(value, ast.Name) and function is not None:
            for made in _put_in_lists(function.node, module).get(value.id, ()):
                yield from _made_in(made)
            value = origin(value, module)
        if isinstance(value, ast.ListComp | ast.GeneratorExp):
            yield from _made_in(value.elt)
        elif isinstance(value, ast.List | ast.Tuple):
            for element in value.elts:
                yield from _made_in(element)
        elif last_name(call.func) == "gather":
            yield from _made_in(value)


@once_for_node
def _put_in_lists(function: FunctionNode, module: Module) -> dict[str, list[ast.expr]]:
    """By the name of a list, what a function appends to it."""
    found: dict[str, list[ast.expr]] = {}
    for each in own_calls(function) if not isinstance(function, ast.Lambda) else ():
        match each:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[made]):
                found.setdefault(name, []).append(made)
    return found


def _made_in(expression: ast.expr) -> Iterator[ast.Call]:
    """The coroutine of `create_task(notify(user))`, or of `notify(user)` itself."""
    if not isinstance(expression, ast.Call):
        return
    if last_name(expression.func) in ("create_task", "ensure_future") and expression.args:
        yield from _made_in(expression.args[0])
    else:
        yield expression


def _program(call: ast.Call, module: Module) -> str:
    """The program that a call runs and waits for, where it is one that converts, builds or fetches much; else empty."""
    name = module.qualified_name(call.func) or ""
    if name not in _RUNS or not call.args:
        return ""
    command = origin(call.args[0], module)
    first: ast.expr | None = (
        command.elts[0] if isinstance(command, ast.List | ast.Tuple) and command.elts else command
    )
    if isinstance(first, ast.JoinedStr) and first.values:
        first = first.values[0]
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return ""
    words = first.value.split()
    program = words[0].rpartition("/")[2] if words else ""
    return program if program in _PROGRAMS else ""


def _takes_upload(function: FunctionNode, module: Module) -> bool:
    """Whether an endpoint is given a file: `file: UploadFile`, `files: list[UploadFile]`."""
    arguments = [*function.args.args, *function.args.kwonlyargs]
    return any(
        argument.annotation is not None and "UploadFile" in ast.unparse(argument.annotation)
        for argument in arguments
    )


def _job(call: ast.Call, role: str, module: Module, *, is_answered: bool = False) -> Iterator[Match]:
    """The endpoint is there to have many things done, and answers when all are: nothing of them is in the answer, or,
    `is_answered`, no more than how it went."""
    last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    wanted = _BATCH if is_answered else _JOB
    summary = module.summary(call) if role == "endpoint" and wanted.search(last) else None
    if summary is None or (is_seldom(call, module) and not is_answered):
        return
    if is_answered and all(endpoint.method == "GET" for endpoint in module.endpoints(call)):
        return  # who asks for something waits for it
    for leaf in (*summary.external, *summary.blocking):
        if leaf.kind not in _TAKING or leaf.cached or leaf.on_miss or leaf.rarely or leaf.by_choice:
            continue
        if not (_is_repeated(leaf, module) or (is_answered and _asks_in_loop(call, leaf, module))):
            continue
        yield Match(
            call,
            f"The response waits until `{spelled(call.func)}` has gone through all of it with `{leaf.callable}`"
            + (
                ": as long as there is work, and the client may give up first."
                if is_answered
                else ", and holds nothing of what comes out."
            ),
            severity=Severity.LOW if is_answered else Severity.MEDIUM,
            confidence=Confidence.POSSIBLE,
            call_path=(Hop(module.path, call.lineno, last), *leaf.path),
            impact=kept_estimates.moved_behind(module.options),
            instead=_LATER,
        )
        return


def _after_stored(call: ast.Call, module: Module) -> Iterator[Match]:
    """What the request is for is stored, nothing is after it, and the response still waits until another service has been told:
    a search index, an audit log, a partner."""
    last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    function = module.function_of(call)
    if function is None or _NOT_ASIDE.search(last) or _ASKS.match(last) or _UNDOES.match(last.lstrip("_")):
        return
    is_job = bool(
        _JOB.search(last) or _BATCH.search(last)
    )  # it works with a session of its own, and stores what it finds
    if _takes_session(call, module) or (_writes(call, module) and not is_job) or module.is_repeated(call):
        return
    if not _follows_commit(call, function.node, module) or _may_refuse(call, module):
        return
    summary = module.summary(call)
    if summary is None or (len(summary.queries) > 2 and not is_job):
        return
    leaf = next((each for each in (*summary.external, *summary.blocking) if _is_told(each)), None)
    if leaf is None or any(each.kind == "queue" for each in summary.external):
        return
    yield Match(
        call,
        f"The response waits for `{spelled(call.func)}`, whose result it does not use, after what it is for has been stored.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # a reader may count on it being done
        call_path=(Hop(module.path, call.lineno, last), *leaf.path),
        impact=kept_estimates.moved_behind(module.options),
    )


def _may_refuse(call: ast.Call, module: Module) -> bool:
    """Whether what is called may answer the request itself: `if answer.status_code == 409: raise HTTPException(409)`."""
    callee = module.callee(call)
    return callee is not None and any(
        each.ref.rpartition(".")[2] == "HTTPException"
        for function in (callee, *(edge.target for edge in callee.edges))
        for each in function.function.calls
    )


def _is_told(leaf: Leaf) -> bool:
    """Whether another service is told something each time: not where only some way leads there."""
    if leaf.cached or leaf.on_miss or leaf.rarely or leaf.by_choice or leaf.callable.startswith(_BROKERS):
        return False
    if _KEEPS.search(leaf.callable):
        return False
    return leaf.kind in _REMOTE and not leaf.callable.startswith(("redis.", "aioredis."))


def _is_repeated(leaf: Leaf, module: Module) -> bool:
    """Whether a call on the way stands in a loop."""
    lines = {(hop.path, hop.line) for hop in leaf.path}
    return any(
        call.loops and (node.path, call.line) in lines
        for node in module.project.graph.nodes.values()
        if any(node.path == path for path, _ in lines)
        for call in node.function.calls
    )


def _asks_in_loop(call: ast.Call, leaf: Leaf, module: Module) -> bool:
    """Whether the called function, or one that it calls, reaches the leaf in a loop, if not on the nearest way."""
    callee = module.callee(call)
    pending = [callee, *(edge.target for edge in callee.edges)] if callee is not None else []
    return any(
        edge.call.loops
        and edge.kind == "call"
        and any(each.callable == leaf.callable for each in module.project.summaries.of(edge.target).external)
        for node in pending
        for edge in node.edges
    )


def _report(call: ast.Call, module: Module) -> tuple[Hop, ...]:
    """The way to where a file is packed, when the called function makes a report of rows and stores it, and the endpoint
    answers something else than the file."""
    last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    function = module.function_of(call)
    if function is None or not _REPORT.search(last) or _READS_IT.search(last):
        return ()
    summary = module.summary(call)
    if summary is None or not summary.reads or not (summary.writes or summary.commits or summary.external):
        return ()
    packed = next((leaf for leaf in summary.blocking if leaf.callable.startswith(_PACKERS)), None)
    if packed is None or packed.on_miss or packed.rarely or packed.by_choice or _answers_file(function.node):
        return ()
    return (Hop(module.path, call.lineno, last), *packed.path)


def _answers_file(function: ast.AST) -> bool:
    """Whether a function says or makes a response of its own: `FileResponse(path)`."""
    returned = getattr(function, "returns", None)
    if returned is not None and ast.unparse(returned).endswith("Response"):
        return True
    return any(
        isinstance(node, ast.Call) and spelled(node.func).endswith("Response") for node in walk(function)
    )


def _is_notice(call: ast.Call) -> bool:
    return bool(_NOTICE.search(ast.unparse(call.func)))


def _is_plainly_aside(kind: str, role: str, call: ast.Call, path: tuple[Hop, ...]) -> bool:
    """A mail, or a notice that the endpoint itself sends: further away it may be what the request is for."""
    if kind == "chosen":
        return False
    return kind == "mail" or (role == "endpoint" and _is_notice(call) and not _only_asks(path))


def _only_asks(path: tuple[Hop, ...]) -> bool:
    """Whether what is sent out on the way is a question, such as who is to be told."""
    return any(_ASKS.match(hop.symbol.rpartition(".")[2]) for hop in path[1:-1])


def _nobody_waits(statement: ast.Expr, call: ast.Call, module: Module) -> bool:
    """Whether a machine is answered, or the call is made only after a failure."""
    words = {word for each in module.endpoints(call) for word in re.split(r"[^a-z]+", each.path.lower())}
    function = module.function_of(call)
    words |= set(function.name.lower().split("_")) if function is not None else set()
    if words & {"webhook", "webhooks", "hook", "hooks", "callback", "callbacks", "topic"}:
        return True
    current: ast.AST | None = statement
    while current is not None and not isinstance(
        current, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    ):
        if isinstance(current, ast.ExceptHandler):
            return True
        current = module.parent(current)
    return False


def _aside(call: ast.Call, module: Module) -> tuple[str, tuple[Hop, ...]] | None:
    """(kind, call path) of a call to the outside that the request could do without."""
    last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    function = module.function_of(call)
    if function is None or _TRIES_OUT.search(function.name + last):
        return None
    if _SIDE_EFFECT.search(function.name) or _is_purpose(last, function.name):
        mail = (
            _mail(_leaves(call, module, chosen=True)) if str(module.role(call) or "") == "endpoint" else None
        )
        return ("asked", (Hop(module.path, call.lineno, last), *mail.path)) if mail is not None else None
    external = module.external(call)
    if external is not None:
        if external.kind == "mail" and not last.startswith(("connect", "login", "quit")):
            return "mail", ()
        return ("told", ()) if last == "post" and _follows_commit(call, function.node, module) else None
    leaves = _leaves(call, module)
    if not leaves and (chosen := _mail(_leaves(call, module, chosen=True))) is not None:
        return "chosen", (Hop(module.path, call.lineno, last), *chosen.path)
    if not leaves or (not _SIDE_EFFECT.search(last) and _writes(call, module)):
        return None  # what stores something too is the request's own work; the mail inside is said where it is sent
    mail = _mail(leaves)
    if mail is not None:
        leaf, kind = mail, "mail"
    elif leaves[0].callable.startswith(("redis.", "aioredis.")):
        return None  # quick, and a reader may wait for it
    elif _SIDE_EFFECT.search(last) and not _NOT_ASIDE.search(last) and not _takes_session(call, module):
        leaf, kind = leaves[0], "remote"
    else:
        return None
    return kind, (Hop(module.path, call.lineno, last), *leaf.path)


def _mail(leaves: list[Leaf]) -> Leaf | None:
    return next(
        (leaf for leaf in leaves if leaf.kind == "mail" or leaf.callable.startswith("smtplib.")), None
    )


def _follows_commit(call: ast.Call, function: FunctionNode, module: Module) -> bool:
    """Whether what the request is for is stored already: `await session.commit()` came before on the way to the call, and nothing
    is stored on the way from there."""
    if isinstance(function, ast.Lambda):
        return False
    stored = [each for each in _storing(function, module) if each is not call]
    found, goes_on = False, True
    child: ast.AST | None = module.statement(call) if stored else None
    while child is not None and child is not function:
        parent = module.parent(child)
        block = block_with(child, parent)
        if block:
            place = [id(each) for each in block].index(id(child))
            found = found or any(_has(each, stored) for each in block[:place])
            for each in block[place + 1 :] if goes_on else ():
                if _has(each, stored):
                    return False
                if isinstance(each, ast.Return | ast.Raise):
                    goes_on = False
                    break
        child = parent
    return found


def _has(statement: ast.stmt, calls: list[ast.Call]) -> bool:
    end = statement.end_lineno or statement.lineno
    return any(statement.lineno <= each.lineno <= end for each in calls)


@once_for_node
def _storing(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> list[ast.Call]:
    """The calls of a function that store something."""
    return [
        each
        for each in own_calls(function)
        if ((query := module.query(each)) is not None and query.kind in ("commit", "write"))
        or ((made := module.summary(each)) is not None and bool(made.commits or made.writes))
    ]


def _is_purpose(called: str, function: str) -> bool:
    """Whether the endpoint is there to do just that: `send_invoice` in `create_invoice`."""
    words = set(called.lower().strip("_").split("_")) - _VERBS
    return bool(words & set(function.lower().split("_"))) or called.strip("_") == function.strip("_")


def _takes_session(call: ast.Call, module: Module) -> bool:
    """Whether the called function works in the transaction of the request."""
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any((module.type_of(value) or "").endswith(("Session", "Connection")) for value in values)


def _leaves(call: ast.Call, module: Module, *, chosen: bool = False) -> list[Leaf]:
    """What the called function sends out while the caller waits; nothing when it only fills a queue. With `chosen` also what
    only one of several does that a setting chooses."""
    summary = module.summary(call)
    if summary is None or len(summary.queries) > 6:
        return []
    if any(
        leaf.kind == "queue" and not (leaf.by_choice or leaf.under_condition) for leaf in summary.external
    ):
        return []
    return [
        leaf
        for leaf in (*summary.external, *summary.blocking)
        if leaf.kind in _REMOTE
        and not leaf.callable.startswith(_BROKERS)
        and not (leaf.cached or leaf.on_miss or leaf.rarely or (leaf.by_choice and not chosen))
    ]


def _may_be_queued(call: ast.Call, module: Module) -> bool:
    """Whether the called function fills a queue instead, where a setting says so."""
    summary = module.summary(call)
    return summary is not None and any(leaf.kind == "queue" for leaf in summary.external)


def _writes(call: ast.Call, module: Module) -> bool:
    summary = module.summary(call)
    return summary is not None and bool(summary.writes or summary.commits)


def _runs_after(call: ast.Call, module: Module) -> bool:
    """Whether the function around the call itself runs in the background, in a task that nobody waits for, at start-up or in a worker."""
    if not module.is_waited_for(call):
        return True
    contexts = module.contexts(call)
    return bool(contexts & {Context.BACKGROUND, Context.TASK, Context.STARTUP})


def _decides(statement: ast.Expr, module: Module) -> bool:
    """Whether the answer depends on the call: its failure is turned into an error or another value."""
    child: ast.AST = statement
    current = module.parent(statement)
    while current is not None and not isinstance(
        current, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    ):
        if isinstance(current, ast.Try) and child in current.body and _answers(current):
            return True
        if isinstance(current, ast.For | ast.AsyncFor | ast.While):
            return True  # another matter: one call per item
        child, current = current, module.parent(current)
    return False


def _precedes_error(statement: ast.Expr, module: Module) -> bool:
    """Whether an error follows in any case: FastAPI drops the background tasks of a request that raises."""
    child: ast.AST = statement
    owner = module.parent(child)
    while owner is not None:
        if child in _before_raises(owner, module):
            return True
        if not isinstance(owner, ast.If | ast.With | ast.AsyncWith):
            return False
        child, owner = owner, module.parent(owner)
    return False


@once_for_node
def _before_raises(owner: ast.AST, module: Module) -> frozenset[ast.AST]:
    """The statements in the blocks of one that a `raise` follows in theirs."""
    found: set[ast.AST] = set()
    for block in blocks_of(owner):
        found.update(dropwhile(lambda each: not isinstance(each, ast.Raise), reversed(block)))
    return frozenset(found)


def _answers(attempt: ast.Try) -> bool:
    """Whether a `try` around nothing else turns failures into an answer."""
    return len(attempt.body) == 1 and any(
        isinstance(inner, ast.Raise | ast.Return) for handler in attempt.handlers for inner in walk(handler)
    )


def _stops_loop(call: ast.Call, module: Module) -> bool:
    """Whether the sleep harms all requests, not just this one: another rule says so."""
    function = module.function_of(call)
    return function is not None and function.is_async and module.qualified_name(call.func) == "time.sleep"


def _streams(call: ast.Call, module: Module) -> bool:
    function = module.function_of(call)
    return function is None or _yields(function.node, module)


@once_for_node
def _yields(function: ast.AST, module: Module) -> bool:
    return any(isinstance(each, ast.Yield) for each in walk(function))


def _fix(statement: ast.Expr, call: ast.Call, module: Module) -> Fix | None:
    """`tasks.add_task(f, a)` where the endpoint has the tasks already."""
    function = module.function_of(call)
    if function is None or isinstance(function.node, ast.Lambda):
        return None
    if str(module.role(call) or "") != "endpoint" or any(isinstance(each, ast.Starred) for each in call.args):
        return None
    arguments = function.node.args
    for argument in (*arguments.args, *arguments.kwonlyargs):
        if (
            argument.annotation is not None
            and ast.unparse(argument.annotation).rpartition(".")[2] == "BackgroundTasks"
        ):
            return Fix(_later(argument.arg), target=statement.value, safety=Safety.UNSAFE)
    return None


def _later(tasks: str) -> Callable[[cst.Await | cst.Call], cst.BaseExpression]:
    def rewrite(node: cst.Await | cst.Call) -> cst.BaseExpression:
        import libcst as cst

        call = node.expression if isinstance(node, cst.Await) else node
        if not isinstance(call, cst.Call):
            return node
        first = cst.Arg(call.func)
        if call.args:
            first = first.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
        return cst.Call(cst.parse_expression(f"{tasks}.add_task"), [first, *call.args])

    return rewrite
