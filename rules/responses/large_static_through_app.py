from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.regexes import regex
from rules.engine.rule import Confidence, Effort, Impact, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_STATIC = frozenset({"fastapi.staticfiles.StaticFiles", "starlette.staticfiles.StaticFiles"})
_MEDIA = regex(r"media|upload|attachment|download|video|image|photo|avatar|storage", re.IGNORECASE)


class LargeStaticThroughApp(Rule):
    """Uploads and media served by the application take its threads and connections; a proxy or a CDN serves them for nothing.

    `StaticFiles` reads each chunk of each file in a worker thread of the 40 that endpoints share. A few slow downloads of large files
    are felt by every `def` endpoint.

    ## Instead
    Let nginx or Caddy serve the folder, or put the files into object storage behind a CDN and hand out presigned URLs.

    ## Trade-offs
    Access rules move to the proxy or into the URL.

    ## Monitor
    Threads in use of 40, bytes sent by the application.

    ## When to ignore it
    When the files are few and small, or a CDN caches them.
    """

    code = "FP515"
    severity = Severity.INFO
    effort = Effort.HOURS
    watch = "threads in use of 40 and bytes sent"

    invalid = (
        Invalid(
            """
            from fastapi.staticfiles import StaticFiles

            app.mount("/media", StaticFiles(directory="media"), name="media")
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi.staticfiles import StaticFiles

            app.mount("/static", StaticFiles(directory="static"), name="static")
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.is_method and callee.spelled == "mount"

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if not isinstance(node.func, ast.Attribute) or node.func.attr != "mount" or len(node.args) < 2:
            return
        path, served = node.args[0], node.args[1]
        if not isinstance(served, ast.Call) or module.qualified_name(served.func) not in _STATIC:
            return
        if isinstance(path, ast.Constant) and isinstance(path.value, str) and _MEDIA.search(path.value):
            yield Match(
                node,
                f"`{path.value}` is served by the application: every download takes its worker threads, chunk by chunk.",
                confidence=Confidence.POSSIBLE,
                impact=Impact(
                    summary="one thread hop of 0.05–0.3 ms per 64 KB sent", assumptions={"chunk_kb": 64}
                ),
            )
