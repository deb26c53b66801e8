"""A cache in the process, by the arguments of the call."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

Endpoint = Callable[..., Awaitable[Any]]


def cache(*, expire: int) -> Callable[[Endpoint], Endpoint]:
    def decorated(endpoint: Endpoint) -> Endpoint:
        kept: dict[object, Any] = {}

        @functools.wraps(endpoint)
        async def cached(**arguments: Any) -> Any:
            key = tuple(sorted(arguments.items()))
            if key not in kept:
                kept[key] = await endpoint(**arguments)
            return kept[key]

        return cached

    return decorated
