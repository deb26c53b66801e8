"""Servers that are there at once: forked from one that has imported everything, as `tests.app.prepared_workers` does it
for analysis processes. Each is a process of its own, which may be killed at any point; only its imports are shared.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import ctypes
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.analysis.worker import PR_SET_PDEATHSIG
from tests.app.process import ROOT

PREPARE = """\
import sys
sys.path.insert(0, {root!r})
from tests.chaos.prepared_servers import Hatchery
Hatchery({address!r}).serve()
"""


@contextlib.contextmanager
def hatchery(folder: Path) -> Iterator[str]:
    """Opens one; its address."""
    address = str(folder / "servers")
    process = subprocess.Popen(
        [sys.executable, "-B", "-c", PREPARE.format(root=str(ROOT), address=address)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"open\n"
        yield address
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


class Hatchery:
    """Forks a server for each who asks and tells how it ended, until the one who opened it is gone."""

    def __init__(self, address: str) -> None:
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(address)
        self._listening.listen()
        self._selector = selectors.DefaultSelector()
        self._lines: dict[int, socket.socket] = {}

    def serve(self) -> None:
        from rules.engine import registry
        from tests.chaos import launcher

        registry.cards()
        awake, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for source in (self._listening, awake, 0):
            self._selector.register(source, selectors.EVENT_READ)
        os.write(1, b"open\n")
        while True:
            for key, _ in self._selector.select():
                if key.fileobj == 0:
                    return
                if key.fileobj == awake:
                    os.read(awake, 4096)
                    self._bury()
                else:
                    self._fork(launcher.run)

    def _fork(self, run: object) -> None:
        line, _ = self._listening.accept()
        descriptors = array.array("i")
        text, ancillary, _, _ = line.recvmsg(65_536, socket.CMSG_SPACE(descriptors.itemsize))
        for _, _, data in ancillary:
            descriptors.frombytes(data)
        pid = os.fork()
        if pid == 0:
            _become(run, json.loads(text), descriptors[0])
        os.close(descriptors[0])
        self._lines[pid] = line
        line.send(f"{pid}\n".encode())

    def _bury(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                line = self._lines.pop(ended[0])
                with contextlib.suppress(OSError):
                    line.send(f"{os.waitstatus_to_exitcode(ended[1])}\n".encode())
                line.close()


def _become(run: object, environment: Mapping[str, str], errors: int) -> None:
    status = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # none outlives the hatchery
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for target, descriptor in enumerate((nowhere, nowhere, errors)):
            os.dup2(descriptor, target)
        os.closerange(3, 1024)
        os.environ.clear()
        os.environ.update(environment)
        assert callable(run)
        run()
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.stderr.flush()
        os._exit(status)


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
            asking.connect(address)
            sent = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs]))]
            asking.sendmsg([json.dumps(dict(environment)).encode()], sent)
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
