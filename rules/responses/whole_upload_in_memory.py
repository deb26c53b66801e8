from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.kept_answers import once
from rules.engine.reading import facts
from rules.engine.reading.bodies import is_upload_read, upload_read
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name, names_bound
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.body_limits import bounds_bodies, is_bounded_before
from rules.engine.service.creation import serves
from rules.engine.service.traffic import is_aside, is_seldom, moves_whole

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module
    from rules.engine.project import Project
    from rules.engine.reading.facts import Call

_TEXT = frozenset(
    {"json.loads", "orjson.loads", "yaml.safe_load", "yaml.load", "tomllib.loads", "csv.reader"}
)

_ASKS_SIZE = regex(
    r"(?:request|body|upload|file|content|archive)_?(?:size|length)|(?:check|validate|limit)_\w*size"
    r"|(?:proper|allowed|valid|max|exceeds)_\w*size|size_(?:ok|valid|allowed|exceeded)"
    r"|File(?:Size|TooLarge|TooBig)|UploadTooLarge|SizeLimit|(?:Content|Payload|Entity)TooLarge"
)
_JUDGING = regex(r"valid|check|limit|verify|enforce", re.IGNORECASE)
"""What a length is handed to that says whether it is too much."""
_BODIES = frozenset(
    {"fastapi.Request.body", "starlette.requests.Request.body", "fastapi.requests.Request.body"}
)
_SENDS = frozenset({"request", "build_request", "stream", "send", "post", "put", "patch"})
_SET_UP = frozenset(
    {
        *("config", "configs", "configuration", "license", "licence", "plugin", "plugins"),
        *("key", "keys", "cert", "certificate", "credentials", "deployment", "deployments"),
    }
)
"""Words of what the owner of a system hands in once: some kilobytes."""
_WORDS = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_FAR = 3
"""Calls from the asking to the read."""
_LIMITS_SIZE = regex(
    r"(?:limit|max|check|valid|restrict|enforce|verify)\w*(?:size|length)|(?:limit|max|restrict)_(?:body|upload)"
    r"|(?:size|length|body|upload)_?limit|(?:size|length)\w*(?:check|valid)",
    re.IGNORECASE,
)
"""What is called after the size of a request and does something about it."""


class WholeUploadInMemory(Rule):
    """An upload read in one piece sits in memory whole, and the client decides how large it is.

    Starlette keeps an upload above 1 MB in a temporary file so that memory stays flat; `await file.read()` undoes that. A few
    large uploads at once, or one malicious one, end the process for want of memory, and with it every request it serves.

    ## Instead
    Read in chunks, `while chunk := await file.read(1 << 20)`, or hand `file.file` to what can read a file
    (`shutil.copyfileobj`, boto3's `upload_fileobj`, `pandas.read_csv`). Refuse what is too large before reading: `file.size`.

    ## Trade-offs
    A limit turns uploads above it into an error 413.

    ## Monitor
    Resident memory of the workers, request size.

    ## When to ignore it
    When something in front of the application bounds the body to a few megabytes.
    """

    code = "FP505"
    severity = Severity.HIGH
    said_from = Severity.CRITICAL
    gates = True
    effort = Effort.MINUTES
    watch = "resident memory and request size"

    invalid = (
        Invalid(
            """
            from fastapi import UploadFile

            @app.post("/invoices")
            async def upload(file: UploadFile) -> None:
                content = await file.read()
                Path("/invoices", "latest.pdf").write_bytes(content)
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import UploadFile

            @app.post("/invoices")
            async def upload(file: UploadFile) -> None:
                with Path("/invoices", "latest.pdf").open("wb") as target:
                    while chunk := await file.read(1 << 20):
                        target.write(chunk)
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return is_upload_read(callee.name) or callee.name in _BODIES

    def check(
        self, node: ast.Call | ast.FunctionDef | ast.AsyncFunctionDef, module: Module
    ) -> Iterator[Match]:
        if not isinstance(node, ast.Call):
            yield from self._parameters(node, module)
            return
        if module.qualified_name(node.func) in _BODIES:
            yield from self._passed_on(node, module)
            return
        upload = upload_read(node, module)
        if upload is None or not serves(node, module) or _is_never_awaited(node, upload, module):
            return
        function = module.function_of(node)
        if function is None or _is_bounded(upload, node, function.node, module):
            return
        what = f"`{module.segment(node)}`"
        set_up = _sets_up(upload, function.name)
        is_late = _is_judged(node, function.node, module)
        late = " before its size is checked" if is_late else ""
        is_large = module.reached(node) and not (
            _is_text(node, module)
            or _is_measured(node, function.node, module)
            or is_seldom(node, module)
            or moves_whole(node, module)
        )
        # Staff sends little, and what is read as a file in memory somebody needs as a whole: no news where it has long been so.
        is_old_news = not (is_large or is_late) or _is_wrapped(node, module)
        proven = Confidence.CERTAIN if module.reached(node) else Confidence.LIKELY
        doubtful = (
            is_aside(module.path)
            or is_bounded_before(module.path, module.project)
            or (not module.reached(node) and _is_asked_anywhere(module.project))
        )
        when_new = Confidence.LIKELY if set_up and module.reached(node) else None
        if is_old_news and not (doubtful or set_up):
            when_new = proven
        yield Match(
            node,
            f"{what} holds the whole upload in memory{late}: its size is up to the client, and every upload that runs at"
            " the same time adds its own.",
            severity=Severity.HIGH if is_large else Severity.MEDIUM,
            confidence=Confidence.POSSIBLE if doubtful or set_up or is_old_news else proven,
            when_new=when_new,
            impact=estimates.in_memory("+50 MB for each upload that runs"),
            instead=_in_chunks(ast.unparse(upload)),
        )

    def _passed_on(self, node: ast.Call, module: Module) -> Iterator[Match]:
        """`client.request(request.method, url, content=await request.body())`: a proxy that could stream."""
        function = module.function_of(node)
        if function is None or not serves(node, module) or not module.reached(node) or _bounds_bodies(module):
            return
        request = node.func.value if isinstance(node.func, ast.Attribute) else None
        keyword = _taken_by(node, function.node, module)
        if request is None or keyword is None or not _reads_method(request, function.node):
            return
        yield Match(
            node,
            f"`{module.segment(node)}` holds the whole request in memory before it is passed on: its size is up to the client.",
            severity=Severity.MEDIUM,
            confidence=Confidence.POSSIBLE,  # what clients send may be small
            impact=estimates.in_memory("+50 MB for each upload that runs"),
            instead=f"Pass it on as it arrives: `{keyword}={ast.unparse(request)}.stream()`.",
        )

    def _parameters(
        self, function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module
    ) -> Iterator[Match]:
        """`file: bytes = File()`: FastAPI reads the upload in one piece before the function begins."""
        for argument, default in _with_defaults(function):
            if argument.annotation is None or not _is_read_before(argument.annotation, default, module):
                continue
            if module.role(function) not in ("endpoint", "dependency") or _bounds_bodies(module):
                continue
            is_rare = is_seldom(function, module) or moves_whole(function, module)
            doubtful = is_aside(module.path) or is_bounded_before(module.path, module.project)
            yield Match(
                argument,
                f"`{argument.arg}` is `bytes`: FastAPI reads the whole upload into memory before `{function.name}` begins, and"
                " its size is up to the client.",
                severity=Severity.MEDIUM if is_rare else None,
                confidence=Confidence.POSSIBLE if is_rare or doubtful else Confidence.CERTAIN,
                when_new=Confidence.CERTAIN if is_rare and not doubtful else None,
                impact=estimates.in_memory("+50 MB for each upload that runs"),
                instead=f"Take `{argument.arg}: UploadFile`, which spools to disk, and read `{argument.arg}.file` in chunks.",
            )


def _in_chunks(upload: str) -> str:
    """The card's words with the name of the upload at hand."""
    return (
        f"Read in chunks, `while chunk := await {upload}.read(1 << 20)`, or hand `{upload}.file` to what can read a file"
        f" (`shutil.copyfileobj`, boto3's `upload_fileobj`, `pandas.read_csv`). Refuse what is too large before reading:"
        f" `{upload}.size`."
    )


def _is_never_awaited(read: ast.Call, upload: ast.expr, module: Module) -> bool:
    """`content = file.read()` of an `UploadFile` makes a coroutine and reads nothing; what it is handed to may await it."""
    if not isinstance(read.func, ast.Attribute) or ast.unparse(read.func.value) != ast.unparse(upload):
        return False  # `file.file.read()`
    return isinstance(module.parent(read), ast.Assign | ast.AnnAssign | ast.Expr) and not _is_awaited_by_name(
        read, module
    )


def _is_awaited_by_name(read: ast.Call, module: Module) -> bool:
    names, function = _bound(read, module), module.function_of(read)
    return function is not None and any(
        isinstance(node, ast.Await) and isinstance(node.value, ast.Name) and node.value.id in names
        for node in walk(function.node)
    )


def _is_wrapped(read: ast.Call, module: Module) -> bool:
    """`load_workbook(BytesIO(await file.read()))`."""
    parent = module.parent(read)
    if isinstance(parent, ast.Await):
        parent = module.parent(parent)
    return isinstance(parent, ast.Call) and last_name(parent.func) in ("BytesIO", "StringIO")


def _taken_by(body: ast.Call, function: ast.AST, module: Module) -> str | None:
    """The keyword of the one call that gets the body of a request, where nothing else is done with it."""
    whole = module.parent(body)
    if not isinstance(whole, ast.Await):
        return None
    taken: list[ast.expr] = [whole]
    names = _bound_to(whole, module)
    if names:
        uses = [node for node in walk(function) if isinstance(node, ast.Name) and node.id in names]
        if sum(isinstance(use.ctx, ast.Store) for use in uses) != 1:
            return None
        taken = [
            use for use in uses if isinstance(use.ctx, ast.Load) and not _asks_if_any(use, module.parent(use))
        ]
    if len(taken) != 1:
        return None
    handed: ast.AST | None = module.parent(taken[0])
    if isinstance(handed, ast.BoolOp | ast.IfExp):
        handed = module.parent(handed)
    call = module.parent(handed) if isinstance(handed, ast.keyword) else None
    if (
        not isinstance(handed, ast.keyword)
        or not isinstance(call, ast.Call)
        or handed.arg not in ("content", "data")
    ):
        return None
    return handed.arg if last_name(call.func) in _SENDS else None


def _bound_to(value: ast.expr, module: Module) -> set[str]:
    match module.parent(value):
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return set()


def _asks_if_any(use: ast.expr, around: ast.AST | None) -> bool:
    """`if body:`, `body if body else None`, `len(body)`."""
    match around:
        case ast.If(test=test) | ast.IfExp(test=test):
            return test is use
        case ast.Call(func=ast.Name(id="len")):
            return True
    return False


def _reads_method(request: ast.expr, function: ast.AST) -> bool:
    """Whether the method of the same request is read: whatever comes in is passed on."""
    spelled = ast.unparse(request)
    return any(
        isinstance(node, ast.Attribute) and node.attr == "method" and ast.unparse(node.value) == spelled
        for node in walk(function)
    )


def _sets_up(upload: ast.expr, function: str) -> bool:
    """`upload_license`, `config_file.read()`: what sets a system up, by the names of the function and of the upload."""
    words = {word.lower() for word in _WORDS.findall(f"{function} {ast.unparse(upload)}")}
    return not words.isdisjoint(_SET_UP)


def _is_read_before(annotation: ast.expr, default: ast.expr | None, module: Module) -> bool:
    """Whether a parameter is the content of an uploaded file."""
    marks: list[ast.expr] = [] if default is None else [default]
    kind = annotation
    if (
        isinstance(annotation, ast.Subscript)
        and module.qualified_name(annotation.value) in ("typing.Annotated", "typing_extensions.Annotated")
        and isinstance(annotation.slice, ast.Tuple)
    ):
        kind, *more = annotation.slice.elts
        marks += more
    return any(map(_is_bytes, _alternatives(kind))) and any(
        isinstance(mark, ast.Call)
        and module.qualified_name(mark.func) in ("fastapi.File", "fastapi.params.File")
        for mark in marks
    )


def _alternatives(kind: ast.expr) -> Iterator[ast.expr]:
    """The parts of `bytes | None`, `Optional[bytes]` and `list[bytes]`."""
    match kind:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from _alternatives(left)
            yield from _alternatives(right)
        case ast.Subscript(slice=inner):
            yield inner
        case _:
            yield kind


def _is_bytes(kind: ast.expr) -> bool:
    return isinstance(kind, ast.Name) and kind.id == "bytes"


def _bounds_bodies(module: Module) -> bool:
    """Whether the file bounds what a client may send: a `Content-Length` that is looked at, a limit of the application."""
    text = module.source.text
    if bounds_bodies(module.project, module.path):
        return True
    return bool(re.search(r"[\"']content-length[\"']", text, re.IGNORECASE)) or "max_body_size" in text


def _is_bounded(upload: ast.expr, read: ast.Call, function: ast.AST, module: Module) -> bool:
    """Whether the size is looked at before the read: `file.size > …`, a `Content-Length`, a body limit of the application."""
    if _bounds_bodies(module):
        return True
    if (
        _comes_checked(upload, function)
        or _is_route_limited(function)
        or _is_checked_by_callers(read, module)
    ):
        return True
    spelled = ast.unparse(upload)
    sized = {spelled, *_looked_at_before(upload, read, function)}
    for node in walk(function):
        if isinstance(node, ast.Attribute) and node.attr == "size" and ast.unparse(node.value) in sized:
            return True
        if (
            isinstance(node, ast.Call)
            and node.lineno < read.lineno
            and (earlier := upload_read(node, module)) is not None
            and ast.unparse(earlier) == spelled
            and _is_judged(node, function, module)
        ):
            return True  # that read is the one to speak of
        if (
            isinstance(node, ast.Call)
            and node is not read
            and node.lineno < read.lineno
            and _checks(node, spelled)
        ):
            return True
    return False


def _comes_checked(upload: ast.expr, function: ast.AST) -> bool:
    """`file: UploadFile = Depends(valid_size)`: a dependency has looked at it."""
    if not isinstance(upload, ast.Name) or not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    for argument, default in _with_defaults(function):
        if argument.arg == upload.id:
            shown = f"{ast.unparse(argument.annotation) if argument.annotation else ''} {ast.unparse(default) if default else ''}"
            return "Depends(" in shown
    return False


def _is_checked_by_callers(read: ast.Call, module: Module) -> bool:
    """Whether whoever calls the function asks for the size of the request or of the upload itself: `get_request_size(request)`."""
    own = module.graph_node(read)
    return own is not None and _is_asked_above(own, _FAR)


def _is_asked_above(node: Node, far: int) -> bool:
    """Whether each way to a function comes by one that asks for the size before."""
    if not far or not node.callers or node.roles:
        return False
    return all(
        any(_asks_size(call, edge.call) for call in caller.function.calls) or _is_asked_above(caller, far - 1)
        for caller, edge in node.callers
    )


@once
def _is_asked_anywhere(project: Project) -> bool:
    """Whether some endpoint asks for the size of what it gets: what nobody is seen to call may well stand behind it."""
    return any(
        _ASKS_SIZE.search(call.ref.rpartition(".")[2]) or call.ref.endswith("UploadFile:.size")
        for node in project.graph.nodes.values()
        if node.roles
        for call in node.function.calls
    )


def _asks_size(call: Call, before: Call) -> bool:
    if call == before:
        return False
    if call.flags & facts.LOAD:
        return call.ref.endswith("UploadFile:.size") and call.line < before.line
    return _ASKS_SIZE.search(call.ref.rpartition(".")[2]) is not None


def _is_route_limited(function: ast.AST) -> bool:
    """`dependencies=[Depends(limit_request_size(20_000_000))]`, `@limit_upload_size(…)`: refused before it begins."""
    decorators = getattr(function, "decorator_list", [])
    called = [node.func for each in decorators for node in walk(each) if isinstance(node, ast.Call)]
    handed = [
        argument
        for each in decorators
        for node in walk(each)
        if isinstance(node, ast.Call) and last_name(node.func) == "Depends"
        for argument in node.args
    ]
    return any(_LIMITS_SIZE.search(last_name(each)) for each in (*called, *handed, *decorators))


def _looked_at_before(upload: ast.expr, read: ast.Call, function: ast.AST) -> set[str]:
    """The names of items in earlier loops over the same uploads: `for each in files: if each.size > most: return`."""
    loops = [
        node for node in walk(function) if isinstance(node, ast.For) and isinstance(node.target, ast.Name)
    ]
    names = {
        ast.unparse(loop.iter) for loop in loops if isinstance(upload, ast.Name) and _goes_over(loop, upload)
    }
    return {
        ast.unparse(loop.target)
        for loop in loops
        if ast.unparse(loop.iter) in names
        and (loop.end_lineno or loop.lineno) < read.lineno
        and any(isinstance(node, ast.Return | ast.Raise) for node in walk(loop))
    }


def _goes_over(loop: ast.For, upload: ast.Name) -> bool:
    return isinstance(loop.target, ast.Name) and loop.target.id == upload.id


def _with_defaults(
    function: ast.FunctionDef | ast.AsyncFunctionDef,
) -> list[tuple[ast.arg, ast.expr | None]]:
    arguments = [*function.args.posonlyargs, *function.args.args]
    defaults = [*([None] * (len(arguments) - len(function.args.defaults))), *function.args.defaults]
    return [
        *zip(arguments, defaults, strict=True),
        *zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True),
    ]


def _checks(call: ast.Call, upload: str) -> bool:
    """`validate_file(file)`, `await check_size(file)`: somebody looks at the upload first."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    words = ("size", "valid", "check", "limit", "ensure", "verify")
    return any(word in name.lower() for word in words) and any(
        ast.unparse(argument) == upload for argument in call.args
    )


def _is_measured(read: ast.Call, function: ast.AST, module: Module) -> bool:
    """Whether the length of what was read is looked at afterwards."""
    return next(_measures(read, function, module), None) is not None


def _measures(read: ast.Call, function: ast.AST, module: Module) -> Iterator[ast.Call]:
    names = _bound(read, module)
    awaited = module.parent(read)
    whole = awaited if isinstance(awaited, ast.Await) else read
    for node in walk(function):
        match node:
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]) if name in names:
                yield node
            case ast.Call(func=ast.Name(id="len"), args=[only]) if only is whole:
                yield node


def _is_judged(read: ast.Call, function: ast.AST, module: Module) -> bool:
    """Whether the length is compared with a most, at once or by a name, not just stored or asked for zero."""
    for node in _measures(read, function, module):
        around = module.parent(node)
        held = _bound(node, module)
        if held and any(
            _bounds(each)
            for each in walk(function)
            if isinstance(each, ast.Compare)
            for part in walk(each)
            if isinstance(part, ast.Name) and part.id in held
        ):
            return True
        while isinstance(around, ast.BinOp):
            around = module.parent(around)
        if isinstance(around, ast.Compare) and _bounds(around):
            return True
        if isinstance(around, ast.Call) and node in around.args and _JUDGING.search(last_name(around.func)):
            return True  # `validate_file(len(content))`
    return False


def _bounds(comparison: ast.Compare) -> bool:
    """`len(content) > MOST`, `MOST >= size`."""
    zero = any(isinstance(each, ast.Constant) and each.value in (0, 1) for each in comparison.comparators)
    return not zero and any(isinstance(each, ast.Gt | ast.GtE | ast.Lt | ast.LtE) for each in comparison.ops)


def _bound(read: ast.Call, module: Module) -> set[str]:
    return names_bound(module.statement(read))


def _is_text(read: ast.Call, module: Module) -> bool:
    """Whether the content is decoded or parsed as text, which people keep small."""
    parent = module.parent(read)
    if isinstance(parent, ast.Await):
        parent = module.parent(parent)
    if isinstance(parent, ast.Attribute):
        return parent.attr == "decode"
    if isinstance(parent, ast.Call):
        return module.qualified_name(parent.func) in _TEXT
    names = _bound(read, module)
    function = module.function_of(read)
    for node in walk(function.node) if function is not None and names else ():
        match node:
            case ast.Attribute(attr="decode", value=ast.Name(id=name)) if name in names:
                return True
            case ast.Call(args=[ast.Name(id=name), *_]) if (
                name in names and module.qualified_name(node.func) in _TEXT
            ):
                return True
    return False
