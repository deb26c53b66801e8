from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.origins import origin
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.queue_tasks import enqueue, may_enqueue

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_ROWS = frozenset({"all", "fetchall", "scalars"})


class LargePayloadToQueue(Rule):
    """A file or a list of rows as a job's argument travels through the broker and stays in its memory until it is read.

    It is serialised twice, copied for each retry, and fills a broker that is made for small messages. When the job runs
    the rows are already old; objects of the ORM do not survive the way at all.

    ## Instead
    Store it (object storage, the database) and hand over its key or the ids; the job reads what it needs.

    ## Trade-offs
    Somebody must delete the stored file afterwards.

    ## Monitor
    Memory of the broker, size of messages.
    """

    code = "FP411"
    severity = Severity.LOW
    effort = Effort.HOURS
    watch = "memory of the broker, size of messages"

    invalid = (
        Invalid(
            """
            from celery import shared_task
            from fastapi import FastAPI, UploadFile

            app = FastAPI()

            @shared_task
            def scan(content: bytes) -> None: ...

            @app.post("/files")
            def upload(file: UploadFile) -> None:
                content = file.file.read()
                scan.delay(content)
            """
        ),
    )
    valid = (
        Valid(
            """
            from celery import shared_task

            @shared_task
            def scan(key: str) -> None: ...

            @app.post("/files/{key}/scan")
            def start(key: str) -> None:
                scan.delay(key)
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return may_enqueue(callee)

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        found = enqueue(node, module)
        if found is None:
            return
        for argument in found.arguments:
            what = _large(argument, module)
            if what:
                yield Match(
                    node,
                    f"`{spelled(node.func)}` sends {what} through the broker: `{module.segment(argument)}`.",
                    confidence=Confidence.POSSIBLE,
                )
                return


def _large(argument: ast.expr, module: Module) -> str:
    made = origin(argument, module)
    if isinstance(made, ast.Await):
        made = made.value
    if isinstance(made, ast.Call) and isinstance(made.func, ast.Attribute):
        if made.func.attr == "read" and not made.args:
            return "a whole file"
        if made.func.attr in _ROWS and _asks(made, module):
            return "all rows of a query"
    if (module.type_of(argument) or "").endswith(".UploadFile"):
        return "an upload"
    return ""


def _asks(call: ast.Call, module: Module) -> bool:
    """Whether a query is sent on the way: `session.scalars(…).all()`."""
    node: ast.expr = call
    while isinstance(node, ast.Call | ast.Attribute | ast.Await):
        if isinstance(node, ast.Call):
            if module.query(node) is not None:
                return True
            node = node.func
        else:
            node = node.value
    return False
