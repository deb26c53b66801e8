"""As much of Celery as the apps use: what is sent stays in a list, and no worker comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Celery:
    def __init__(self, main: str, *, task_time_limit: int | None = None) -> None:
        self.sent: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def task(self, function: Callable[..., Any]) -> Task:
        return Task(self, function)


class Task:
    def __init__(self, app: Celery, function: Callable[..., Any]) -> None:
        self._app, self._function = app, function

    def delay(self, *args: Any, **kwargs: Any) -> None:
        self._app.sent.append((self._function.__name__, args, kwargs))
