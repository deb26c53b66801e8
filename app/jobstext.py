"""Jobs as an operator reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from rich.table import Table
from rich.text import Text

from app.jobs.admin import StoredJob
from app.printable import visible

_STYLES = {"failed": "red", "given up": "bold red", "running": "green", "cancelled": "dim", "done": "dim"}


def as_json(jobs: Sequence[StoredJob]) -> str:
    return msgspec.json.format(msgspec.json.encode(jobs), indent=2).decode() + "\n"


def as_table(jobs: Sequence[StoredJob]) -> Table | Text:
    """One line a job: what, where, how long ago."""
    if not jobs:
        return Text("No job waits or runs.")
    table = Table(box=None, pad_edge=False)
    for heading in ("state", "pull request", "age", "tries", "machine", "job"):
        table.add_column(heading, no_wrap=True, justify="right" if heading in ("age", "tries") else "left")
    now = datetime.now(UTC)
    for job in jobs:
        table.add_row(
            Text(job.state, _STYLES.get(job.state, "")),
            visible(_pull(job)),
            age((now - job.created).total_seconds()),
            str(job.attempts),
            visible(job.machine),
            visible(job.id),
        )
    return table


def as_text(job: StoredJob) -> Text:
    """Everything known of one job."""
    text = Text()
    for label, value in (
        ("job", job.id),
        ("kind", job.kind),
        ("state", job.state),
        ("pull request", _pull(job)),
        ("machine", job.machine),
        ("created", f"{job.created:%Y-%m-%d %H:%M:%S} UTC"),
        ("changed", f"{job.updated:%Y-%m-%d %H:%M:%S} UTC"),
        ("tries", str(job.attempts)),
        ("outcome", job.outcome),
        ("error", job.error),
    ):
        if value:
            text.append(f"{label:<13}", "dim")
            text.append(f"{visible(value)}\n")
    text.rstrip()
    return text


def age(seconds: float) -> str:
    """`12 s`, `5 min`, `3 h`, `2 d`."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def _pull(job: StoredJob) -> str:
    return f"{job.repository} #{job.number}" if job.number is not None else job.repository
