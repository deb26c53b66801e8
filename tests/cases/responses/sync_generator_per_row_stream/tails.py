"""Generators of the project that others stream."""

import asyncio
import queue
import time
from collections.abc import AsyncIterator, Callable, Iterator


def tail(path: str, interval: float = 0.5) -> Iterator[str]:
    with open(path) as file:
        while True:
            line = file.readline()
            if line:
                yield line
            else:
                time.sleep(interval)


class Jobs:
    def updates(self, number: int) -> Iterator[str]:
        seen = 0
        while seen < 100:
            seen += 1
            yield f"{number}: {seen}"
            time.sleep(1)


def drained(events: queue.Queue[str]) -> Iterator[str]:
    while True:
        yield events.get()


async def atail(path: str) -> AsyncIterator[str]:
    while True:
        yield path
        await asyncio.sleep(0.5)


def retried(load: Callable[[], list[str]], pause: int) -> Iterator[str]:
    while True:
        try:
            yield from load()
            return
        except ConnectionError:
            time.sleep(pause)


def settled(path: str) -> Iterator[str]:
    time.sleep(0.1)
    yield path


def numbers(path: str) -> Iterator[str]:
    with open(path) as file:
        for line in file:
            yield line.partition(" ")[0]


def followed(path: str) -> list[str]:
    """No generator: what it waits for is done before the response begins."""
    found: list[str] = []
    while len(found) < 3:
        time.sleep(0.1)
        found.append(path)
    return found
