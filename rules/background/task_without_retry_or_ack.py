from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.mentions import is_named_in
from rules.engine.service.queue_tasks import celery_decorator

if TYPE_CHECKING:
    from rules.engine.module import Module
    from rules.engine.project import Project

_SCHEDULES = ("beat_schedule", "CELERY_BEAT_SCHEDULE", "CELERYBEAT_SCHEDULE", "add_periodic_task", "crontab")
_RETRIES = frozenset(
    {"autoretry_for", "max_retries", "retry_backoff", "base", "retry_kwargs", "throws", None}
)


class TaskWithoutRetryOrAck(Rule):
    """A Celery task that calls out and never tries again loses its work to the first network hiccup.

    Celery takes the message off the queue before the task runs and does not run a failed task again by itself. A
    timeout of the other side, a deployment in that moment, and the job is gone.

    ## Instead
    Let the task try again by itself: `autoretry_for=(requests.RequestException,), retry_backoff=True,
    retry_jitter=True, max_retries=5` in its decorator. When it may run twice add `acks_late=True`, so that a
    killed worker's message goes back into the queue.

    ## Trade-offs
    The task must be safe to run twice. Without backoff and jitter the retries of many tasks come all at once.

    ## Monitor
    Failed and retried tasks per minute.

    ## When to ignore it
    When a schedule runs the task again soon anyway.
    """

    code = "FP408"
    severity = Severity.LOW
    effort = Effort.MINUTES
    watch = "failed and retried tasks"
    imports = frozenset({"celery"})

    invalid = (
        Invalid(
            """
            from celery import Celery

            queue = Celery("shop")

            @queue.task
            def invoice(order_id: int) -> None:
                requests.post("https://invoices.example", json=order_id, timeout=5)
            """
        ),
    )
    valid = (
        Valid(
            """
            from celery import Celery

            queue = Celery("shop")

            @queue.task(autoretry_for=(requests.RequestException,), retry_backoff=True)
            def invoice(order_id: int) -> None:
                requests.post("https://invoices.example", json=order_id, timeout=5)
            """
        ),
    )

    def check(self, node: ast.FunctionDef, module: Module) -> Iterator[Match]:
        decorator = celery_decorator(node, module)
        if decorator is None:
            return
        keywords = (
            {each.arg: each.value for each in decorator.keywords} if isinstance(decorator, ast.Call) else {}
        )
        if _forever(keywords, node):
            yield Match(
                decorator,
                f"`{node.name}` tries again for ever, every three minutes: a task that cannot succeed is never given up.",
                severity=Severity.MEDIUM,
                confidence=Confidence.LIKELY,
                instead="Bound it, and wait longer each time: `max_retries=5, retry_backoff=True`.",
            )
            return
        if keywords.keys() & _RETRIES or _handles(node):
            return
        leaf = _calls_out(node, module)
        if leaf:
            yield Match(
                decorator,
                f"`{node.name}` calls `{leaf}` and never tries again: one network error loses the job.",
                confidence=Confidence.POSSIBLE if _runs_again(node, keywords, module) else Confidence.LIKELY,
            )


def _runs_again(function: ast.FunctionDef, keywords: dict[str | None, ast.expr], module: Module) -> bool:
    """Whether a file that makes a schedule names the task: what it misses once it does the next time."""
    given = keywords.get("name")
    names = [function.name]
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        names.append(re.split(r"[.:]", given.value)[-1])
    return any(
        is_named_in(module.project, [path], name)
        for path in _scheduling(module.project)
        for name in names
        if path != module.path or _is_scheduled_beside(name, module)
    )


@once
def _scheduling(project: Project) -> tuple[str, ...]:
    return tuple(
        path
        for path in project.resolver.modules
        if any(is_named_in(project, [path], name) for name in _SCHEDULES)
    )


def _is_scheduled_beside(name: str, module: Module) -> bool:
    """In the file of the task its name is no sign: `{"task": "shop.tasks.report"}` or `report.s()` is."""
    return any(
        (isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(name))
        or (
            isinstance(node, ast.Attribute)
            and node.attr in ("s", "si")
            and isinstance(node.value, ast.Name)
            and node.value.id == name
        )
        for node in walk(module.tree)
    )


def _forever(keywords: dict[str | None, ast.expr], function: ast.FunctionDef) -> bool:
    limit = keywords.get("max_retries")
    if not (isinstance(limit, ast.Constant) and limit.value is None) or "retry_backoff" in keywords:
        return False
    calls = [each for each in walk(function) if isinstance(each, ast.Call)]
    retries = [each for each in calls if isinstance(each.func, ast.Attribute) and each.func.attr == "retry"]
    return bool("autoretry_for" in keywords or retries) and not any(
        keyword.arg in ("countdown", "eta", "max_retries", None)
        for each in retries
        for keyword in each.keywords
    )


def _handles(function: ast.FunctionDef) -> bool:
    """Whether the task treats failures itself, or asks for another run."""
    return any(
        (isinstance(node, ast.Try) and node.handlers)
        or (isinstance(node, ast.Attribute) and node.attr == "retry")
        for node in walk(function)
    )


def _calls_out(function: ast.FunctionDef, module: Module) -> str:
    """A call of the task's own, or of a function it calls, that leaves the machine outside any `try`."""
    node = module.graph_node(function)
    if node is None:
        return ""
    for leaf in node.leaves:
        if leaf.external is not None and leaf.external.kind != "queue" and "?" not in leaf.call.path:
            return leaf.name
    for edge in node.edges:
        if edge.kind != "call" or "?" in edge.call.path:
            continue
        for inner in edge.target.leaves:
            if inner.external is not None and inner.external.kind != "queue" and "?" not in inner.call.path:
                return inner.name
    return ""
