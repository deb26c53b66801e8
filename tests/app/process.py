"""The app as a real child process: `python fastperf.py serve`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from tests.fakegithub import FakeGitHub

ROOT = Path(__file__).parents[2]
START_SECONDS = 120.0
"""A second where nothing else runs; it only ends what hangs."""


class Running(Protocol):
    """The part of a process that is used here."""

    @property
    def pid(self) -> int: ...

    @property
    def stderr(self) -> asyncio.StreamReader | None: ...

    @property
    def returncode(self) -> int | None: ...

    async def wait(self) -> int: ...

    def send_signal(self, signal: int) -> None: ...

    def kill(self) -> None: ...


class AppProcess:
    """Starts in `start`; `lines` are its log so far."""

    def __init__(
        self, environment: Mapping[str, str], program: Sequence[str | Path] = (ROOT / "fastperf.py", "serve")
    ) -> None:
        self.environment = dict(environment)
        self.program = [str(part) for part in program]
        self.lines: list[dict[str, Any]] = []
        self.raw: list[str] = []
        self.url = ""
        self.setup_url = ""
        """What it printed when it has no app yet."""
        self._process: Running | None = None
        self._reading: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()
        self._serving = asyncio.Event()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def spawn(self) -> Running:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *self.program,
            env=self.environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )

    async def start(self) -> AppProcess:
        self._process = await self.spawn()
        self._reading = asyncio.create_task(self._read())
        waiting = asyncio.create_task(self._listening.wait())
        await asyncio.wait(
            {waiting, self._reading}, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        waiting.cancel()
        if not self._listening.is_set():
            await self.kill()
            raise RuntimeError("the app did not start:\n" + "\n".join(self.raw[-20:]))
        return self

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            text = line.decode(errors="replace").rstrip()
            self.raw.append(text)
            try:
                entry = json.loads(text)
            except ValueError:
                if "Set it up: " in text:
                    self.setup_url = text.partition("Set it up: ")[2]
                    self._listening.set()
                continue
            self.lines.append(entry)
            if entry.get("event") == "listening":
                self.url = f"http://{entry['address']}"
                self._serving.set()
                self._listening.set()

    async def listening(self) -> str:
        """Wait until it serves as the app; its address."""
        async with asyncio.timeout(START_SECONDS):
            await self._serving.wait()
        return self.url

    async def ended(self, seconds: float = 30.0) -> int:
        """Wait for its end; the exit status (negative: the signal)."""
        assert self._process is not None
        async with asyncio.timeout(seconds):
            status = await self._process.wait()
            if self._reading is not None:
                await asyncio.shield(self._reading)
        return status

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def stop(self, seconds: float = 30.0) -> int:
        """SIGTERM, and the exit status."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        return await self.ended(seconds)

    async def kill(self) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self.ended()


def environment_for(github: FakeGitHub, database: str, **more: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOST": "127.0.0.1",
        "PORT": "0",
        "FASTPERF_APP_ID": github.app_id,
        "FASTPERF_PRIVATE_KEY": github.private_key,
        "FASTPERF_WEBHOOK_SECRET": github.webhook_secret,
        "FASTPERF_GITHUB_API_URL": github.url,
        "FASTPERF_GITHUB_GRAPHQL_URL": github.graphql_url,
        "FASTPERF_DATABASE_URL": database,
        "FASTPERF_PUBLIC_URL": "https://fastperf.example",
        "FASTPERF_DRAIN_SECONDS": "5",
        **more,
    }
