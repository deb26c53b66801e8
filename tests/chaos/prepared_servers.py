"""Servers that are there at once (`tests.forking`). Each is a process of its own, which may be killed at any point."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.analysis.worker import PR_SET_PDEATHSIG
from rules.engine import registry
from tests import forking

from . import launcher


@contextlib.contextmanager
def hatchery(folder: Path) -> Iterator[str]:
    """Opens one; its address."""
    with forking.opened(folder / "servers", __name__) as address:
        yield address


def prepare() -> None:
    registry.cards()


def become(environment: str, lent: list[int]) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # none outlives the hatchery
    nowhere = os.open(os.devnull, os.O_RDWR)
    forking.take((nowhere, nowhere, *lent))
    os.environ.clear()
    os.environ.update(json.loads(environment))
    launcher.run()


class Server:
    """One of them, as `asyncio.subprocess.Process` is."""

    def __init__(
        self,
        pid: int,
        line: asyncio.StreamReader,
        held: asyncio.StreamWriter,
        stderr: asyncio.StreamReader,
    ) -> None:
        """`held` keeps the line open: it closes with the last who refers to it."""
        self.pid, self.stderr = pid, stderr
        self._held = held
        self.returncode: int | None = None
        self._ending = asyncio.create_task(self._end(line))

    @classmethod
    async def start(cls, address: str, environment: Mapping[str, str]) -> Server:
        ours, theirs = os.pipe()
        with socket.socket(socket.AF_UNIX) as asking:
            forking.ask(asking, address, json.dumps(dict(environment)), [theirs])
            os.close(theirs)
            asking.setblocking(False)
            line, held = await asyncio.open_unix_connection(sock=asking.dup())
        stderr = asyncio.StreamReader(limit=1 << 20)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stderr), os.fdopen(ours, "rb"))
        return cls(int(await line.readline()), line, held, stderr)

    async def _end(self, line: asyncio.StreamReader) -> int:
        self.returncode = int(await line.readline() or -signal.SIGKILL)
        self._held.close()
        return self.returncode

    async def wait(self) -> int:
        return await asyncio.shield(self._ending)

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
