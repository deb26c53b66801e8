from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.finding import Hop
from rules.engine.reading.regexes import regex
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.celery_settings import says
from rules.engine.service.queue_tasks import celery_tasks

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_PREFETCH = regex(r"prefetch|-O\s*fair|--optimization", re.IGNORECASE)
_OUTSIDE = frozenset({"http", "llm", "sdk", "net"})


class PrefetchWithLongTasks(Rule):
    """A Celery worker takes four messages per slot in advance: behind a long task three others wait while slots are idle.

    That is good for many short tasks. With tasks of minutes the messages sit in a worker that is busy, and no other
    worker can have them.

    ## Instead
    Let each slot take one message at a time: `worker_prefetch_multiplier=1`, with `task_acks_late=True` where
    tasks may run twice. Put long and short tasks into queues of their own.

    ## Trade-offs
    A round trip to the broker more per task: too much for tasks of milliseconds.

    ## Monitor
    Time between publishing and start, while slots are idle.
    """

    code = "FP412"
    severity = Severity.INFO
    effort = Effort.MINUTES
    watch = "time from publishing to start"
    imports = frozenset({"celery"})

    invalid = (
        Invalid(
            """
            from celery import Celery

            queue = Celery("shop")

            @queue.task
            def crawl(urls: list[str]) -> None:
                for url in urls:
                    requests.get(url, timeout=30)
            """
        ),
    )
    valid = (
        Valid(
            """
            from celery import Celery

            queue = Celery("shop", worker_prefetch_multiplier=1)

            @queue.task
            def crawl(urls: list[str]) -> None:
                for url in urls:
                    requests.get(url, timeout=30)
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name == "celery.Celery"

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if module.qualified_name(node.func) != "celery.Celery" or says(_PREFETCH, node, module) is not False:
            return
        for task in celery_tasks(module.project):
            for leaf in task.leaves:
                if leaf.call.loops and leaf.external is not None and leaf.external.kind in _OUTSIDE:
                    yield Match(
                        node,
                        f"Workers take four messages in advance, and `{task.symbol}` is long: it calls `{leaf.name}` once per item.",
                        confidence=Confidence.POSSIBLE,
                        related=(Hop(task.path, task.function.line, task.symbol),),
                    )
                    return
