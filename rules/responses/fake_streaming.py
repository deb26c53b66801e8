from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.blocks import block_with
from rules.engine.reading.bodies import buffer, content_of, file_content
from rules.engine.reading.loop_shapes import shortened
from rules.engine.reading.origins import origin
from rules.engine.reading.spelling import last_name, names_bound
from rules.engine.reading.walking import names_in, walk
from rules.engine.rule import Confidence, Effort, Impact, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import serves
from rules.engine.service.staff import is_for_staff
from rules.engine.service.traffic import gives_errors, gives_form, is_for_admins

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_STREAMS = frozenset({"fastapi.responses.StreamingResponse", "starlette.responses.StreamingResponse"})
_DUMPS = frozenset({"json.dumps", "orjson.dumps", "ujson.dumps", "simplejson.dumps"})
_BOOKS = frozenset({"openpyxl.Workbook", "openpyxl.workbook.Workbook"})
_REPEATING = (ast.For, ast.AsyncFor, ast.While, ast.comprehension)
_LINES = Impact(
    summary="one worker thread and about 0.05–0.3 ms for every line of the buffer: a binary body of 10 MB has about"
    " 40,000, so 2–12 s; sent in one piece some milliseconds",
    formula="newlines in the body · 0.05–0.3 ms",
    assumptions={"body_mb": 10},
    measured=True,
)
_ONCE = Impact(
    summary="memory and time to first byte as without streaming; no Content-Length, one thread hop more",
    formula="",
)

_DEEPEST = 3
"""Names behind each other: `body = text.encode()`, `text = json.dumps(rows)`."""


class FakeStreaming(Rule):
    """A body that is complete in memory gains nothing from being streamed, and a buffer is sent line by line.

    `StreamingResponse(iter([content]))` holds the whole body anyway and loses its Content-Length. With a `BytesIO` it is worse:
    iterating over a buffer gives lines, and each line takes a trip through a worker thread; binary data has a line end
    every 256 bytes or so.

    ## Instead
    Send what is complete in one piece: `Response(buffer.getvalue())`; or truly produce it in pieces, in a
    generator that yields chunks of 64 KB as they are made.

    ## Trade-offs
    `Response` sends a Content-Length, so clients see progress.

    ## Monitor
    Time to first byte and total time of downloads, threads in use.

    ## When to ignore it
    When the body is a few lines of text.
    """

    code = "FP507"
    severity = Severity.MEDIUM
    said_from = Severity.MEDIUM
    effort = Effort.MINUTES
    watch = "total time of downloads and threads in use"

    invalid = (
        Invalid(
            """
            from io import BytesIO

            from fastapi.responses import StreamingResponse

            @app.get("/chart")
            def chart() -> StreamingResponse:
                buffer = BytesIO()
                draw(buffer)
                buffer.seek(0)
                return StreamingResponse(buffer, media_type="image/png")

            def draw(target: BytesIO) -> None:
                target.write(b"...")
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi.responses import StreamingResponse

            def pieces() -> Iterator[bytes]:
                with Path("/exports/orders.csv").open("rb") as file:
                    while chunk := file.read(1 << 16):
                        yield chunk

            @app.get("/export")
            def export() -> StreamingResponse:
                return StreamingResponse(pieces(), media_type="text/csv")
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name in _STREAMS

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if module.qualified_name(node.func) not in _STREAMS or not serves(node, module):
            return
        content = content_of(node, "content")
        if content is None:
            return
        made = buffer(content, module)
        if made is not None:
            if made.args and file_content(made.args[0], module) is not None:
                return  # said as a file that is read whole
            if made.args and isinstance(made.args[0], ast.Constant):
                return  # a line of text costs nothing either way
            match = Match(
                node,
                f"`StreamingResponse({shortened(module.segment(content))})` sends a buffer that is complete line by line, each line through"
                " a worker thread.",
                confidence=Confidence.CERTAIN if module.reached(node) else Confidence.LIKELY,
                impact=_LINES,
                instead="Send it in one piece: `Response(buffer.getvalue(), media_type=…)`.",
            )
            doubtful = (
                _is_one_line(made.args[0], module) or _is_form(made.args[0], module)
                if made.args
                else _is_filled_here(content, node, module) or _is_dumped(content, node, module)
            )
            seldom = gives_errors(node, module) or is_for_admins(node, module) or is_for_staff(node, module)
            yield match.doubted() if doubtful or seldom else match
        elif _is_one_piece(content, module) and not _is_of_events(node):
            yield Match(
                node,
                f"`StreamingResponse({shortened(module.segment(content))})` streams a body that is complete in memory: nothing is"
                " saved, and its Content-Length is lost.",
                severity=Severity.LOW,
                confidence=Confidence.CERTAIN if module.reached(node) else Confidence.LIKELY,
                impact=_ONCE,
            )


def _is_one_line(content: ast.expr, module: Module, depth: int = 0) -> bool:
    """Whether all is one line: `json.dumps(rows).encode()`, as it is or under a name."""
    match content:
        case ast.Call(func=ast.Attribute(value=inner, attr="encode")) if depth < _DEEPEST:
            return _is_one_line(inner, module, depth + 1)
        case ast.Name(id=name):
            bindings = module.index.scope_at(content).bindings.get(name, ())
            value = bindings[0].value if len(bindings) == 1 else None
            return isinstance(value, ast.Call) and _is_one_line(value, module, depth)
        case ast.Call():
            return module.qualified_name(content.func) in _DUMPS and not any(
                keyword.arg in ("indent", "option", None) for keyword in content.keywords
            )
    return False


def _is_dumped(content: ast.expr, response: ast.Call, module: Module) -> bool:
    """Whether all of a buffer is one line: `json.dump(rows, buffer)` and nothing else writes to it."""
    function = module.function_of(response)
    if function is None or not isinstance(content, ast.Name):
        return False
    dumps = 0
    for call in walk(function.node):
        if not isinstance(call, ast.Call) or call is response:
            continue
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if any(isinstance(each, ast.Name) and each.id == content.id for each in given):
            if module.qualified_name(call.func) != "json.dump" or any(
                keyword.arg in ("indent", None) for keyword in call.keywords
            ):
                return False  # `print(row, file=lines)`, `csv.writer(lines)`
            dumps += 1
        elif (
            isinstance(call.func, ast.Attribute)
            and isinstance(call.func.value, ast.Name)
            and call.func.value.id == content.id
            and call.func.attr in ("write", "writelines")
        ):
            return False
    return dumps == 1


def _is_form(content: ast.expr, module: Module) -> bool:
    """Whether the content is made of nothing, `sheets.template()`, for an endpoint that gives out what is to be filled in."""
    call = origin(content, module)
    return isinstance(call, ast.Call) and not (call.args or call.keywords) and gives_form(content, module)


def _is_filled_here(content: ast.expr, response: ast.Call, module: Module) -> bool:
    """Whether the code itself says all that goes into a buffer which is empty at first: a workbook with a title and no row, or a
    form that needs no query."""
    function, block = module.function_of(response), _block_of(response, module)
    if function is None:
        return False
    if gives_form(response, module) and not any(
        _asks(call, module) for call in walk(function.node) if isinstance(call, ast.Call)
    ):
        return True
    before = [each for each in block if each.lineno <= response.lineno]
    inside = [part for each in before for part in walk(each)]
    books = {
        name
        for each in before
        for name in names_bound(each)
        if isinstance(each, ast.Assign)
        and isinstance(each.value, ast.Call)
        and not (each.value.args or each.value.keywords)
        and module.qualified_name(each.value.func) in _BOOKS
    }
    saved = any(
        isinstance(part, ast.Call)
        and isinstance(part.func, ast.Attribute)
        and part.func.attr == "save"
        and last_name(part.func.value) in books
        for part in inside
    )
    begun = any(
        isinstance(each, ast.Assign)
        and isinstance(content, ast.Name)
        and content.id in names_bound(each)
        and buffer(each.value, module) is not None
        for each in before
    )
    if not (saved and begun) or any(isinstance(part, _REPEATING) for part in inside):
        return False
    kept = set(books)
    for each in before:
        if isinstance(each, ast.Assign) and names_in(each.value) & kept:
            kept |= names_bound(each)
    return not any(
        isinstance(part, ast.Call)
        and (
            any(isinstance(given, ast.Name) and given.id in kept for given in part.args)
            or any(isinstance(given.value, ast.Name) and given.value.id in kept for given in part.keywords)
        )
        for part in inside
    )


def _block_of(node: ast.AST, module: Module) -> list[ast.stmt]:
    """The statements among which the one around `node` stands."""
    statement = module.statement(node)
    parent = module.parent(statement) if statement is not None else None
    return block_with(statement, parent) if statement is not None else []


def _asks(call: ast.Call, module: Module) -> bool:
    summary = module.summary(call)
    return module.query(call) is not None or (summary is not None and bool(summary.queries))


def _is_of_events(call: ast.Call) -> bool:
    """One event for a client that reads a stream of them."""
    return any(
        isinstance(each.value, ast.Constant) and "event-stream" in str(each.value.value)
        for each in call.keywords
        if each.arg == "media_type"
    )


def _is_one_piece(content: ast.expr, module: Module) -> bool:
    match content:
        case ast.Call(func=ast.Name(id="iter"), args=[ast.List(elts=[piece]) | ast.Tuple(elts=[piece])]):
            return not isinstance(piece, ast.Starred | ast.Constant)
        case ast.List(elts=[piece]) | ast.Tuple(elts=[piece]):
            return not isinstance(
                piece, ast.Starred | ast.Constant
            )  # a line of text costs nothing either way
    return False
