"""Running the command line as a person does."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner

from app.cli import cli

LAUNCHER = Path(__file__).resolve().parents[2] / "fastperf.py"


def fastperf(
    *arguments: str | Path, folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `fastperf` in `folder`, its output in a pipe."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FASTPERF_")}
    return subprocess.run(
        [sys.executable, str(LAUNCHER), *map(str, arguments)],
        cwd=folder,
        env=inherited | dict(environment or {}),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def called(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """As `fastperf`, in this process: a tenth of the time, for tests that need no program of their own."""
    with contextlib.chdir(folder):
        done = CliRunner().invoke(cli, [str(each) for each in arguments], prog_name="fastperf")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)
