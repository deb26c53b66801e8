"""Coroutine functions that call what they are handed."""

import asyncio
from collections.abc import Callable
from typing import Any


async def with_retry(function: Callable[..., Any], *given: Any, attempts: int = 3) -> Any:
    for _ in range(attempts):
        try:
            return function(*given)
        except OSError:
            await asyncio.sleep(1)
    raise TimeoutError


async def either(function: Callable[..., Any], *given: Any) -> Any:
    if asyncio.iscoroutinefunction(function):
        return await function(*given)
    return function(*given)


async def in_thread(function: Callable[..., Any], *given: Any) -> Any:
    if asyncio.iscoroutinefunction(function):
        return await function(*given)
    return await asyncio.to_thread(function, *given)


async def kept(function: Callable[..., Any]) -> Callable[..., Any]:
    await asyncio.sleep(0)
    return function


class Breaker:
    async def call(self, function: Callable[..., Any], *given: Any) -> Any:
        return function(*given)
