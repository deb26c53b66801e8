from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.reading.bodies import (
    archived,
    buffer,
    content_of,
    fetched,
    file_content,
    packs_files,
    values_of,
)
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import serves
from rules.engine.service.traffic import is_seldom
from rules.engine.service.whole_reads import reader_of

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_RESPONSES = frozenset(
    f"{package}.{name}"
    for package in ("fastapi", "fastapi.responses", "starlette.responses")
    for name in ("Response", "StreamingResponse")
)
_STEPS = 3
_WRITES = frozenset({"write", "write_bytes"})


class WholeFileResponse(Rule):
    """A file read whole before it is sent takes its size in memory for each download, and the first byte waits for the last.

    `FileResponse` sends a file in chunks of 64 KB, with length, ETag and ranges. Read in one piece, each download holds the
    whole file, and reading it holds the event loop of an `async def`. An archive that is built in a buffer is the same.

    ## Instead
    Send the file itself: `return FileResponse(path)`; for files in object storage hand out a presigned URL, so
    that the bytes do not pass through here.

    ## Trade-offs
    `FileResponse` opens the file after the endpoint returned: it must still be there.

    ## Monitor
    Resident memory, time to first byte of downloads.

    ## When to ignore it
    When the files are a few kilobytes.
    """

    code = "FP506"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "resident memory and time to first byte"

    invalid = (
        Invalid(
            """
            from fastapi import Response

            @app.get("/invoices/{name}")
            def invoice(name: str) -> Response:
                return Response(Path("/invoices", name).read_bytes(), media_type="application/pdf")
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi.responses import FileResponse

            @app.get("/invoices/{name}")
            def invoice(name: str) -> FileResponse:
                return FileResponse(Path("/invoices", name), media_type="application/pdf")
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name in _RESPONSES or callee.spelled in _WRITES

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        name = module.qualified_name(node.func)
        if name not in _RESPONSES:
            yield from self._stored(node, module)
            return
        if not serves(node, module) or _is_page(node):
            return
        content = content_of(node, "content")
        if content is None:
            return
        wrapped = buffer(content, module)
        if wrapped is not None:
            content = wrapped.args[0] if wrapped.args else None
        archive = archived(content, module) if content is not None and wrapped is None else None
        if archive is not None:
            if not packs_files(archive, module):
                return
            yield Match(
                node,
                f"`{module.segment(archive)}` builds the archive in memory, and `getvalue()` copies it: twice its size for each"
                " download.",
                confidence=Confidence.CERTAIN if module.reached(node) else Confidence.POSSIBLE,
                impact=estimates.in_memory("+100 MB for each download that runs"),
                instead="Write it to a `tempfile.SpooledTemporaryFile` or a temporary file and send that with `FileResponse`.",
            )
            return
        read = file_content(content, module) if content is not None else None
        if read is None:
            if wrapped is None:  # else it is said as a buffer that is complete
                yield from self._passed_on(node, content, module)
                yield from self._given(node, content, module)
            return
        yield Match(
            node,
            f"`{module.segment(read)}` holds the whole file in memory for each download before the first byte is sent.",
            confidence=Confidence.POSSIBLE,  # an icon and an export are read alike, and only one of them is large
            impact=estimates.in_memory("+50 MB for each download that runs"),
        )

    def _given(self, node: ast.Call, content: ast.AST | None, module: Module) -> Iterator[Match]:
        """`data = await store.get(key)` of a function that reads the whole file."""
        found = reader_of(content, module) if content is not None and module.reached(node) else None
        if found is None or is_seldom(node, module):
            return
        call, way = found
        yield Match(
            call,
            f"`{spelled(call.func)}` gives the whole file, which this response then holds in memory for each download before the"
            " first byte is sent.",
            confidence=Confidence.POSSIBLE,  # an icon and an export are read alike
            call_path=way,
            impact=estimates.in_memory("+50 MB for each download that runs"),
            instead="Let it give the path, and send `FileResponse(path)`, or the parts as they are read"
            " (`StreamingResponse(store.chunks(key))`); for files in object storage hand out a presigned URL.",
        )

    def _passed_on(self, node: ast.expr, content: ast.AST | None, module: Module) -> Iterator[Match]:
        """`Response(answer.content)`: what another service sends could go on to the client as it arrives."""
        read = fetched(content, module) if content is not None else None
        if read is None and content is not None and _is_proxy(node, module):
            read = _made_of(content, module)
            node = read if read is not None else node
        if read is None or not module.reached(node):
            return
        yield Match(
            node,
            f"`{module.segment(read)}` holds all that the other service sends in memory, and the first byte waits for the last.",
            confidence=Confidence.POSSIBLE,  # an answer of some kilobytes is passed on alike
            impact=estimates.in_memory("+50 MB for each download that runs"),
            instead="Send it on as it arrives: open the answer as a stream (`client.stream(...)`, `send(request, stream=True)`),"
            " and return `StreamingResponse(answer.aiter_bytes(), background=BackgroundTask(answer.aclose))`; for files in"
            " object storage hand out a presigned URL.",
        )

    def _stored(self, node: ast.Call, module: Module) -> Iterator[Match]:
        """`file.write(answer.content)`: what is downloaded could go to the disk as it arrives."""
        if last_name(node.func) not in _WRITES or len(node.args) != 1 or not module.reached(node):
            return
        read = fetched(node.args[0], module)
        if read is None or is_seldom(node, module):
            return
        yield Match(
            node,
            f"`{module.segment(read)}` holds the whole download in memory before it is written.",
            severity=Severity.LOW,
            confidence=Confidence.POSSIBLE,  # nobody sees how large it is
            impact=estimates.in_memory("+50 MB for each download that runs"),
            instead='Write it as it arrives: `with client.stream("GET", url) as answer: for chunk in answer.iter_bytes():'
            " file.write(chunk)`.",
        )


def _is_proxy(node: ast.AST, module: Module) -> bool:
    """Whether an endpoint is asked for any path: `/{path:path}`."""
    endpoints = module.endpoints(node) if str(module.role(node) or "") == "endpoint" else ()
    return bool(endpoints) and all(each.path.endswith(":path}") for each in endpoints)


def _made_of(expression: ast.AST, module: Module, depth: int = 0) -> ast.expr | None:
    """What another service sent, of which a value is made, step by step, by local names: `restored(answer.content.decode())`."""
    if depth > _STEPS:
        return None
    for part in walk(expression):
        if isinstance(part, ast.Attribute | ast.Call) and (read := fetched(part, module)) is not None:
            return read if isinstance(read, ast.expr) else None
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            for _, value in values_of(part, module):
                if (found := _made_of(value, module, depth + 1)) is not None:
                    return found
    return None


def _is_page(call: ast.Call) -> bool:
    """A page, a script or a style sheet of one's own is small."""
    for keyword in call.keywords:
        if keyword.arg == "media_type" and isinstance(keyword.value, ast.Constant):
            value = str(keyword.value.value)
            return value.startswith("text/") or value.endswith(("javascript", "svg+xml", "json", "manifest"))
    return False
