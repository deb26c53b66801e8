"""The application of one form of a case, and what it tells of itself: gaps of its loop, processor time, statements, memory."""

from __future__ import annotations

import asyncio
import importlib
import os
import resource
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fastapi import FastAPI

TICK = 0.002


class Watch:
    """Counts from one `reset` to the next."""

    def __init__(self) -> None:
        self.statements = 0
        self.gap = 0.0
        self.reset()

    def reset(self) -> None:
        self.statements = 0
        self.gap = 0.0
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")  # lets the peak start anew
        self._resident = _memory("VmRSS")
        self._processor = _processor()

    def seen(self) -> dict[str, float]:
        return {
            "gap_ms": self.gap * 1000,
            "cpu_ms": (_processor() - self._processor) * 1000,
            "statements": self.statements,
            "memory_mb": max(0.0, _memory("VmHWM") - self._resident),
        }

    async def tick(self) -> None:
        """The longest time in which the loop served nobody: how much later than asked a sleep ends."""
        while True:
            asked = time.perf_counter()
            await asyncio.sleep(TICK)
            self.gap = max(self.gap, time.perf_counter() - asked - TICK)

    def count_statements(self) -> None:
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        def count(*_: Any) -> None:
            self.statements += 1

        event.listen(Engine, "before_cursor_execute", count)


def create(case: str, form: str) -> FastAPI:
    watch = Watch()
    pair = importlib.import_module(f"benchmarks.impact.cases.{case}").pair

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if "database" in pair.needs:
            watch.count_statements()
        for setup in pair.setups:
            await setup()
        ticking = asyncio.create_task(watch.tick())
        yield
        ticking.cancel()

    app = FastAPI(lifespan=lifespan)

    @app.post("/measure")
    async def measure() -> dict[str, float]:
        seen = watch.seen()
        watch.reset()
        return seen

    pair.forms[form].mount(app)
    return app


def from_environment() -> FastAPI:
    return create(os.environ["IMPACT_CASE"], os.environ["IMPACT_FORM"])


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _memory(name: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    return 0.0
