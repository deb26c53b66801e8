from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.kept_answers import Said
from rules.engine.reading.regexes import regex
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.celery_settings import says
from rules.engine.service.queue_tasks import celery_tasks

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module
    from rules.engine.reading.facts import ModuleFacts

_IGNORED = regex(r"ignore_result", re.IGNORECASE)
_READERS = ("AsyncResult", "GroupResult", "chord", "chain", "ResultSet", "result_from_tuple")


class ResultBackendUnused(Rule):
    """Each task writes its result into the backend, where nobody reads it, and it stays for a day.

    That is a write per task and memory for a day of results.

    ## Instead
    Store no results: `task_ignore_result=True`, or no `backend` at all; `ignore_result=False` on the few tasks
    whose result is read.

    ## Trade-offs
    Chords need results; monitoring that looks at results sees none.

    ## Monitor
    Keys and memory of the backend.
    """

    code = "FP413"
    severity = Severity.INFO
    effort = Effort.MINUTES
    watch = "keys and memory of the result backend"
    imports = frozenset({"celery"})

    invalid = (
        Invalid(
            """
            from celery import Celery

            queue = Celery("shop", backend="redis://redis/1")

            @queue.task
            def invoice(order_id: int) -> None: ...
            """
        ),
    )
    valid = (
        Valid(
            """
            from celery import Celery

            queue = Celery("shop", backend="redis://redis/1", task_ignore_result=True)

            @queue.task
            def invoice(order_id: int) -> None: ...
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name == "celery.Celery"

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if module.qualified_name(node.func) != "celery.Celery":
            return
        if not any(keyword.arg in ("backend", "result_backend") for keyword in node.keywords):
            return
        project = module.project
        if says(_IGNORED, node, module) is not False or not celery_tasks(project) or _read(project):
            return
        yield Match(
            node,
            "Each task stores a result for a day, and nothing in the project reads one.",
            confidence=Confidence.POSSIBLE,
        )


def _readers(path: str, found: ModuleFacts) -> Iterator[str]:
    """The names by which a file reads results."""
    yield from (ref for ref in found.modules if ref.rpartition(".")[2] in _READERS)
    for function in found.functions:
        for call in function.calls:
            if call.ref.endswith(_READERS) or (".delay()" in call.ref or ".apply_async()" in call.ref):
                yield call.ref


_read = Said(_readers)
