"""The jobs that run in this process, by the task that does each."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import structlog
from dbos import DBOS


class Running:
    """Counts jobs while they run here."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[Any], str] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    @contextlib.contextmanager
    def known(self, kind: str, job_id: str, **fields: Any) -> Iterator[None]:
        """Counts the job as running here, and names it on every log line."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a job runs inside a task")
        self._tasks[task] = DBOS.workflow_id or job_id
        try:
            with structlog.contextvars.bound_contextvars(job=job_id, kind=kind, **fields):
                yield
        finally:
            self._tasks.pop(task, None)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self._tasks.values())

    def on_this_loop(self) -> list[asyncio.Task[Any]]:
        """Without those on the engine's own loop, which it uses while ours stands still and ends by itself."""
        loop = asyncio.get_running_loop()
        return [task for task in list(self._tasks) if task.get_loop() is loop]

    async def end(self) -> None:
        await end(*self.on_this_loop())


async def end(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
