"""A bot beside the service, with a thread and an event loop of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from threading import Thread

from shop.clients import fetch


class Bot:
    def __init__(self) -> None:
        self.commands: dict[str, Callable[[str], Awaitable[str]]] = {}
        self._thread = Thread(target=self._poll)
        self._thread.start()

    def _poll(self) -> None:
        loop = asyncio.new_event_loop()
        self.commands["status"] = self._status
        loop.run_until_complete(self._read())

    async def _read(self) -> None:
        await asyncio.sleep(1)

    async def _status(self, number: str) -> str:
        return fetch(number)  # FP103 (summary)
