"""Analysis processes that are there at once: forked from one that has imported everything.

For tests that are about something else: a process that begins from nothing takes half a second, most of it imports.
What `app.analysis.pool` starts is then a small program that lends its pipes to the fork, and ends as that ends; the
fork confines itself as always. The tests of `tests/app/analysis` and of whole servers start the real ones.
"""

from __future__ import annotations

import array
import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
PREPARE = """\
import sys
sys.path.insert(0, {root!r})
from tests.app.prepared_workers import Workshop
Workshop({address!r}).serve()
"""
BOOT = """\
import array, os, signal, socket, sys
line = socket.socket(socket.AF_UNIX)
line.connect({address!r})
pipes = array.array("i", [0, 1])
line.sendmsg([sys.argv[4].encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, pipes)])
os.close(0)
os.close(1)
status = int(line.recv(16) or 0)
if status < 0:
    os.kill(os.getpid(), -status)
os._exit(max(0, status))
"""


@contextlib.contextmanager
def workshop(folder: Path) -> Iterator[str]:
    """Opens one; what `app.analysis.pool.BOOT` must be to use it."""
    address = str(folder / "workers")
    process = subprocess.Popen(
        [sys.executable, "-B", "-W", "ignore", "-c", PREPARE.format(root=str(ROOT), address=address)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd="/",
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"open\n"
        yield BOOT.format(address=address)
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


class Workshop:
    """Forks a worker for each who asks, until the one who opened it is gone."""

    def __init__(self, address: str) -> None:
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(address)
        self._listening.listen()
        self._selector = selectors.DefaultSelector()
        self._asked: dict[int, socket.socket] = {}

    def serve(self) -> None:
        from app.analysis import worker
        from rules.engine import registry

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
                elif key.fileobj is self._listening:
                    self._fork(worker)
                elif key.data in self._asked:  # who asked was ended
                    self._selector.unregister(key.fileobj)
                    self._asked.pop(key.data).close()
                    os.kill(key.data, signal.SIGKILL)

    def _fork(self, worker: ModuleType) -> None:
        line, _ = self._listening.accept()
        limits, pipes = _lent(line)
        pid = os.fork()
        if pid == 0:
            _become(worker, pipes, limits)
        for pipe in pipes:
            os.close(pipe)
        self._asked[pid] = line
        self._selector.register(line, selectors.EVENT_READ, pid)

    def _bury(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if (line := self._asked.pop(ended[0], None)) is None:
                    continue
                self._selector.unregister(line)
                with contextlib.suppress(OSError):
                    line.send(str(os.waitstatus_to_exitcode(ended[1])).encode())
                line.close()


def _lent(line: socket.socket) -> tuple[str, list[int]]:
    pipes = array.array("i")
    text, ancillary, _, _ = line.recvmsg(4096, socket.CMSG_SPACE(2 * pipes.itemsize))
    for _, _, data in ancillary:
        pipes.frombytes(data)
    return text.decode(), list(pipes)


def _become(worker: Any, pipes: list[int], limits: str) -> None:
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for target, pipe in enumerate(pipes):
            os.dup2(pipe, target)
        os.closerange(3, 1024)
        worker.main(os.getppid(), limits)
        status = 0
    finally:
        os._exit(status)
