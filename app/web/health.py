"""`/livez`: the loop turns. `/readyz`: a delivery that came now would be kept and reviewed."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from aiohttp import web

from app.database import trouble

log = structlog.get_logger(__name__)

Probe = Callable[[], Awaitable[bool]]
PROBE_SECONDS: Final = 3.0
FRESH_SECONDS: Final = 1.0
"""For so long an answer counts for all who ask: a probe writes to the database, and anybody may ask."""


async def live(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


class Ready:
    """Asks each probe; 503 names those that failed, without saying why to strangers."""

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        self._probes = dict(probes)
        self._found: dict[str, bool] = {}
        self._asked = -math.inf
        self._one = asyncio.Lock()

    async def results(self) -> dict[str, bool]:
        """Each probe's answer."""
        async with self._one:
            if time.monotonic() - self._asked >= FRESH_SECONDS:
                answers = await asyncio.gather(*map(self._ask, self._probes))
                self._found = dict(zip(self._probes, answers, strict=True))
                self._asked = time.monotonic()
            return self._found

    async def handle(self, _: web.Request) -> web.Response:
        results = await self.results()
        ready = all(results.values())
        return web.json_response(
            {"status": "ok" if ready else "unavailable", "checks": results}, status=200 if ready else 503
        )

    async def _ask(self, name: str) -> bool:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                return await self._probes[name]()
        except Exception as error:  # whatever a probe raises means: not ready
            log.warning("not_ready", check=name, error=type(error).__name__, reason=trouble(error))
            return False
