"""What a worker process cannot do, tried in a process confined as a worker is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.analysis.confinement import shuts

ROOT = Path(__file__).parents[3]
CONFINED = """\
import os, socket, sys
sys.path.insert(0, {root!r})
import msgspec
from app.analysis.confinement import shut
from app.analysis.worker import Limits, confine, libraries
confine(Limits(memory_bytes=1_500_000_000, file_seconds=2.0, task_seconds=20.0), os.getppid())
try:
    {attempt}
except (PermissionError, RuntimeError):
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
        ("os.fork()", "refused"),
        ("os.kill(os.getppid(), 0)", "refused"),
        ("__import__('_thread').start_new_thread(print, ())", "refused"),
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


@pytest.mark.parametrize(
    ("attempt", "outcome"),
    [
        ("open('/etc/passwd')", "refused"),
        ("open('/proc/self/environ')", "refused"),
        ("open({root!r} + '/pyproject.toml')", "refused"),
        ("open({folder!r} + '/fastperf-credentials.json')", "refused"),
        ("os.listdir({folder!r} + '/archives')", "refused"),
        ("os.unlink({folder!r} + '/archives/source.tar.gz')", "refused"),
        ("open({folder!r} + '/archives/source.tar.gz').read()", "done"),
        ("__import__('sqlglot.dialects.duckdb'), __import__('lzma')", "done"),
    ],
)
def test_a_worker_at_work_reads_its_libraries_and_an_archive_that_it_was_told_of(
    tmp_path: Path, attempt: str, outcome: str
) -> None:
    (tmp_path / "archives").mkdir()
    for name in ("fastperf-credentials.json", "archives/source.tar.gz"):
        (tmp_path / name).write_text("text")
    last = f"""\
if not shut(libraries(), [{str(tmp_path / "archives")!r}]):
    print("cannot")
    sys.exit()
try:"""
    tried = attempt.format(root=str(ROOT), folder=str(tmp_path))
    script = CONFINED.format(root=str(ROOT), attempt=tried).replace("try:", last, 1)

    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )

    expected = outcome if shuts() else "cannot"  # an older kernel shuts no folders
    assert ran.stdout.strip() == expected, ran.stderr
