from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import LAUNCHER, fastperf
from tests.cli.test_check import SHOP, write

SECONDS = 120.0


class Watching:
    """A `check --watch` that runs until the test ends; `line` waits for its next line with `word`."""

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, str(LAUNCHER), "check", "--watch"],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            # Tests that a shell runs in its background inherit a SIGINT that is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.timer = threading.Timer(SECONDS, self.process.kill)
        self.timer.start()

    def line(self, word: str) -> str:
        assert self.process.stdout is not None
        seen = []
        for line in self.process.stdout:
            seen.append(line)
            if word in line:
                return line
        raise AssertionError(f"{word!r} was not said:\n{''.join(seen)}")

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(SECONDS)


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[tuple[Watching, Path]]:
    folder = tmp_path / "shop"
    write(folder, SHOP)
    watch = Watching(folder)
    yield watch, folder
    watch.timer.cancel()
    if watch.process.poll() is None:
        watch.process.kill()
    watch.process.communicate()


def test_a_change_is_checked_until_the_user_interrupts(watching: tuple[Watching, Path]) -> None:
    watch, folder = watching
    watch.line("Found ")

    write(folder, {"notes.md": "nothing to analyse\n"})
    write(folder, {"shop/api.py": "x = 1\n", "shop/clients.py": "y = 1\n"})
    assert "shop/" in watch.line(" changed")
    watch.line("No performance problems")

    write(folder, {"pyproject.toml": "[tool.fastperf]\nfail_on = 'sometimes'\n"})
    watch.line("pyproject.toml changed")
    watch.line("pyproject.toml:2")

    write(folder, SHOP)
    watch.line("Found ")
    assert watch.interrupt() == 0


def test_watching_changes_nothing(tmp_path: Path) -> None:
    done = fastperf("check", "--watch", "--fix", folder=tmp_path)

    assert done.returncode == 2
    assert "--watch" in done.stderr
