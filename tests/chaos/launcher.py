"""`fastperf serve`, run so that it can be hurt: `python tests/chaos/launcher.py`.

The program itself knows nothing of this. Its libraries are wrapped, from outside, where it writes: each write has a
name and two or three moments ("before", "after", "committed"), and the process kills itself at the one it is told.

CHAOS_ORDER   a file with the moment and which time it passes, as in `committed INSERT workflow_status#2`;
              read at the start and at SIGUSR1
CHAOS_POINTS  a file to which the name of each moment is appended
CHAOS_NEXT    if set, this is the version after the present one: it has one more step of the tables
SIGUSR2       the disk is full, or no longer
CHAOS_WORKERS what an analysis process begins with, in place of the program's own
CHAOS_PACE    seconds between heartbeats; the lease is 3 times as long, the patience with others 5 times
CHAOS_SWEEP   a schedule of sweeps, of which one comes at the start; there are none without it
CHAOS_FRAGILE if set, files called `crashes.py` crash the process that reads them, and `loops.py` never lets it go
"""

from __future__ import annotations

import functools
import os
import re
import resource
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import aiohttp  # noqa: E402 - our own packages are found from here on
import sqlalchemy as sa  # noqa: E402
from sqlalchemy.engine.default import DefaultDialect  # noqa: E402

import app.analysis.pool  # noqa: E402
import app.jobs.engine  # noqa: E402
import app.jobs.lease  # noqa: E402
import app.migrations  # noqa: E402
import app.server  # noqa: E402
import app.store  # noqa: E402
from app.analysis.pool import Worker  # noqa: E402
from app.cli import main  # noqa: E402
from app.webhook import Webhook  # noqa: E402

WRITE = re.compile(
    r"\s*(INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE(?: IF NOT EXISTS)?|ALTER TABLE)"
    r"\s+(?:\"?(?:dbos|main)\"?\.)?\"?(\w+)",
    re.IGNORECASE,
)
NOISE = frozenset({"fastperf_machines", "dbos_migrations", "queues", "application_versions"})
"""Written at any time, whatever is done."""


FRAGILE = """\
from app.analysis.worker import Connection
def begin(self, path, stage, blob="", begun=Connection.begin):
    begun(self, path, stage, blob)
    if path.endswith("crashes.py"):
        import os
        os.abort()
    while path.endswith("loops.py"):
        pass
Connection.begin = begin
"""
"""What a parser does on source that somebody made for it; real ones are in `tests/app/analysis/hostile_sources.py`."""


class Points:
    """Counts the moments, and ends the process at the one that is chosen."""

    def __init__(self, order: str, file: str) -> None:
        self._order = Path(order)
        self._file = Path(file) if file else None
        self._kill, self._times = "", 0
        self._seen: Counter[str] = Counter()

    def obey(self, *_: Any) -> None:
        self._kill, _, times = self._order.read_text().strip().partition("#")
        self._times = int(times or 1)
        self._seen.clear()

    def at(self, name: str) -> None:
        self._seen[name] += 1
        if self._file is not None:
            with self._file.open("a") as file:
                file.write(f"{name}\n")
        if name == self._kill and self._seen[name] == self._times:
            os.kill(os.getpid(), signal.SIGKILL)


def watch_database(points: Points) -> None:
    last: dict[int, str] = {}

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def before(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        if name := _written(statement, values):
            points.at(f"before {name}")

    @sa.event.listens_for(sa.Engine, "after_cursor_execute")
    def after(_: Any, cursor: Any, statement: str, values: Any, *__: Any) -> None:
        if name := _written(statement, values):
            last[id(cursor.connection)] = name
            points.at(f"after {name}")

    committing = DefaultDialect.do_commit

    def do_commit(self: Any, connection: Any) -> None:
        name = last.pop(id(getattr(connection, "dbapi_connection", connection)), "")
        committing(self, connection)
        if name:
            points.at(f"committed {name}")

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]  # that is what this file is for


def _written(statement: str, values: Any) -> str:
    found = WRITE.match(statement)
    if found is None or found[2] in NOISE:
        return ""
    fixes = found[2] == "fastperf_log" and "apply" in (
        values.values() if isinstance(values, dict) else values
    )
    return f"{found[1].split()[0].upper()} {found[2]}{' of fixes' if fixes else ''}"


def watch_calls(points: Points) -> None:
    calling = aiohttp.ClientSession._request

    async def request(self: Any, method: str, url: Any, **options: Any) -> Any:
        name = f"{method} {_place(str(url))}"
        asked = options.get("data") or b""
        if method == "POST" and name.endswith("graphql") and b"mutation" in asked:
            name = "POST commit" if b"createCommitOnBranch" in asked else "POST mutation"
        points.at(f"before {name}")
        answer = await calling(self, method, url, **options)
        points.at(f"after {name}")
        return answer

    aiohttp.ClientSession._request = request  # type: ignore[method-assign]  # as above


def _place(url: str) -> str:
    """The last word of an address that is no number, sha or name of a repository."""
    words = url.partition("?")[0].split("/")
    known = (
        "check-runs",
        "reviews",
        "comments",
        "graphql",
        "compare",
        "access_tokens",
        "annotations",
        "attempts",
        "deliveries",
        "reactions",
        "trees",
    )
    return next((word for word in reversed(words) if word in known), "other")


def watch_analysis(points: Points) -> None:
    asking = Worker.ask

    async def ask(self: Any, *arguments: Any, **options: Any) -> Any:
        points.at("before analysis")
        answer = await asking(self, *arguments, **options)
        points.at("after analysis")
        return answer

    sending = Worker._send

    async def send(self: Any, task: Any) -> None:
        await sending(self, task)
        points.at("in analysis")

    Worker.ask = ask  # type: ignore[method-assign]  # as above
    Worker._send = send  # type: ignore[method-assign]  # as above


def watch_deliveries(points: Points) -> None:
    handling = Webhook.handle

    async def handle(self: Any, request: Any) -> Any:
        answer = await handling(self, request)
        points.at("before the answer")
        return answer

    Webhook.handle = handle  # type: ignore[method-assign]  # as above


def keep_pace(seconds: float) -> None:
    """Nothing else that a test waits for: no sweep, short polls."""
    app.jobs.lease.HEARTBEAT_SECONDS = seconds  # type: ignore[misc]  # as above
    app.jobs.lease.LEASE_SECONDS = 3 * seconds  # type: ignore[misc]  # as above
    app.store.MACHINE_SECONDS = 5 * seconds  # type: ignore[misc]  # as above
    app.jobs.engine.QUICK_RESTART_SECONDS = 0.001  # type: ignore[misc]  # as above


def fill_disk(*_: Any) -> None:
    """As if the disk were full: no file may grow. The same signal once more makes room again."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0 if soft == hard else hard, hard))


def be_the_next_version() -> None:
    def change(connection: sa.Connection) -> None:
        connection.execute(
            sa.text("ALTER TABLE fastperf_reviews ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'")
        )

    app.store.migrate = functools.partial(  # type: ignore[assignment]  # as above
        app.migrations.migrate,
        steps=(*app.migrations.STEPS, app.migrations.Step(app.migrations.STEPS[-1].version + 1, change)),
    )
    app.store.version = lambda: "next"


def run() -> None:
    """Serve, with what the environment says."""
    points = Points(os.environ.get("CHAOS_ORDER", ""), os.environ.get("CHAOS_POINTS", ""))
    if os.environ.get("CHAOS_ORDER"):
        points.obey()
    signal.signal(signal.SIGUSR1, points.obey)
    watch_database(points)
    watch_calls(points)
    watch_analysis(points)
    watch_deliveries(points)
    signal.signal(signal.SIGUSR2, fill_disk)
    if os.environ.get("CHAOS_NEXT"):
        be_the_next_version()
    app.analysis.pool.BOOT = os.environ.get("CHAOS_WORKERS") or app.analysis.pool.BOOT
    if os.environ.get("CHAOS_FRAGILE"):
        app.analysis.pool.BOOT = app.analysis.pool.BOOT.replace("main(int", f"{FRAGILE}main(int")
    if pace := os.environ.get("CHAOS_PACE"):
        keep_pace(float(pace))
    app.server.build = functools.partial(
        app.server.build,
        poll_seconds=0.1,
        sweep_schedule=os.environ.get("CHAOS_SWEEP") or "0 0 1 1 *",
        sweep_at_start=bool(os.environ.get("CHAOS_SWEEP")),
        debounce_seconds=0.0,
    )
    sys.argv = ["fastperf", "serve"]
    main()


if __name__ == "__main__":
    run()
