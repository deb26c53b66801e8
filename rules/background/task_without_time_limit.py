from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.finding import Hop, Impact
from rules.engine.fixing.rewrites import with_keyword
from rules.engine.linking.graph import Node
from rules.engine.reading.regexes import regex
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.celery_settings import says
from rules.engine.service.queue_tasks import celery_tasks

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module
    from rules.engine.project import Project

_LIMITS = regex(r"time[_-]?limit", re.IGNORECASE)


class TaskWithoutTimeLimit(Rule):
    """A Celery task without a time limit that hangs keeps its worker slot until somebody restarts the worker.

    Celery sets no limit by itself. One peer that accepts a connection and never answers takes a slot for ever; when all are
    taken the queue stands still, while every worker reports that it is alive.

    ## Instead
    Limit all tasks, `task_time_limit=600, task_soft_time_limit=540`, and each one to what it needs:
    `time_limit=60` in its decorator. The soft limit raises `SoftTimeLimitExceeded`, so that the task can clean
    up.

    ## Trade-offs
    A task that really takes longer is killed: give it a limit of its own. Limits do not work in the gevent pool's hard form,
    nor on Windows.

    ## Monitor
    Age of the oldest running task; depth of the queue.

    ## When to ignore it
    When every call in the tasks has its own timeout.
    """

    code = "FP407"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "age of the oldest running task"
    imports = frozenset({"celery"})

    invalid = (
        Invalid(
            """
            from celery import Celery

            queue = Celery("shop")

            @queue.task
            def invoice(order_id: int) -> None:
                requests.post("https://invoices.example", json=order_id)
            """,
            fixed="""
            from celery import Celery

            queue = Celery("shop", task_time_limit=600)

            @queue.task
            def invoice(order_id: int) -> None:
                requests.post("https://invoices.example", json=order_id)
            """,
        ),
    )
    valid = (
        Valid(
            """
            from celery import Celery

            queue = Celery("shop", task_time_limit=600, task_soft_time_limit=540)

            @queue.task
            def invoice(order_id: int) -> None:
                requests.post("https://invoices.example", json=order_id)
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name == "celery.Celery"

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if module.qualified_name(node.func) != "celery.Celery":
            return
        found = _hanging(module.project)
        if found is None or says(_LIMITS, node, module) is not False:
            return
        task, leaf = found
        yield Match(
            node,
            f"No task has a time limit: when `{leaf}` in `{task.symbol}` never returns, its worker slot is gone until a restart.",
            confidence=Confidence.POSSIBLE,  # the calls of the task may have limits of their own
            fix=Fix(with_keyword("task_time_limit", "600"), safety=Safety.UNSAFE),
            related=(Hop(task.path, task.function.line, task.symbol),),
            impact=Impact(
                "one call that never returns takes one worker slot for ever; as many as there are slots stop the queue"
            ),
        )


def _hanging(project: Project) -> tuple[Node, str] | None:
    """(task, call) of a task that waits for somebody else."""
    for task in celery_tasks(project):
        for leaf in project.summaries.of(task).external:
            if leaf.kind != "queue":
                return task, leaf.callable
    return None
