from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.queue_tasks import celery_decorator

if TYPE_CHECKING:
    from rules.engine.module import Module
    from rules.engine.project import Project

_POOLS = ("celery_aio_pool", "celery_pool_asyncio", "celery_asyncio", "aio_celery", "celery_asyncio_pool")


class AsyncDefCeleryTask(Rule):
    """A Celery worker calls an `async def` task and gets a coroutine that nobody awaits: its body never runs.

    The task counts as done at once, its result is a coroutine that cannot be stored, and nothing of what it should do has
    happened.

    ## Instead
    Write a plain `def` task that runs its coroutine with `asyncio.run(...)`; or take a queue whose workers
    await: arq, taskiq.

    ## Trade-offs
    `asyncio.run` makes a loop per task; clients and pools must be made inside it.

    ## Monitor
    Tasks that succeed within a millisecond.
    """

    code = "FP409"
    severity = Severity.HIGH
    gates = True
    effort = Effort.MINUTES
    watch = "tasks that succeed within a millisecond"
    imports = frozenset({"celery"})

    invalid = (
        Invalid(
            """
            from celery import shared_task

            @shared_task
            async def invoice(order_id: int) -> None:
                await asyncio.sleep(1)
            """
        ),
    )
    valid = (
        Valid(
            """
            from celery import shared_task

            @shared_task
            def invoice(order_id: int) -> None:
                asyncio.run(send(order_id))

            async def send(order_id: int) -> None: ...
            """
        ),
    )

    def check(self, node: ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        decorator = celery_decorator(node, module)
        if decorator is None or decorator is not node.decorator_list[-1]:
            return  # what stands below the task decorator may run the coroutine
        if isinstance(decorator, ast.Call) and any(each.arg in ("base", None) for each in decorator.keywords):
            return
        if _awaits(module.project):
            return
        yield Match(
            decorator,
            f"`{node.name}` is an `async def` task: the worker makes a coroutine of it, which nobody awaits, and its body never"
            " runs.",
            confidence=Confidence.LIKELY,
        )


@once
def _awaits(project: Project) -> bool:
    """Whether the project has a worker pool or an application class of its own that awaits tasks."""
    if any(
        found.facts.imports and set(found.facts.imports) & set(_POOLS)
        for found in project.resolver.modules.values()
    ):
        return True
    if any(
        pool.replace("_", "-") in text or pool in text
        for text in project.documents.values()
        for pool in _POOLS
    ):
        return True
    return any(
        base.endswith(("Celery", "celery.Task"))
        for found in project.resolver.modules.values()
        for cls in found.facts.classes
        for base in cls.bases
    )
