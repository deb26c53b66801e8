"""What a worker process cannot do, tried in a process confined as a worker is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CONFINED = """\
import os, socket, sys
sys.path.insert(0, {root!r})
import msgspec
from app.analysis.worker import Limits, confine
confine(Limits(memory_bytes=1_500_000_000, file_seconds=2.0, task_seconds=20.0), os.getppid())
try:
    {attempt}
except PermissionError:
    print("refused")
else:
    print("done")
"""


@pytest.mark.parametrize(
    ("attempt", "outcome"),
    [
        ("socket.socket(socket.AF_INET, socket.SOCK_STREAM)", "refused"),
        ("socket.create_connection(('127.0.0.1', 9))", "refused"),
        ("socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)", "refused"),
        ("os.execv(sys.executable, [sys.executable, '-c', 'pass'])", "refused"),
        ("open('/dev/null', 'rb').read()", "done"),
        ("__import__('libcst').parse_module('x = 1')", "done"),
    ],
)
def test_a_confined_process_reaches_no_network_and_starts_no_program(attempt: str, outcome: str) -> None:
    script = CONFINED.format(root=str(ROOT), attempt=attempt)

    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )

    assert ran.stdout.strip() == outcome, ran.stderr
