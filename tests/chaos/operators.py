"""What an operator does to a server that works, and what a stranger puts into a pull request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from app import backup
from app.jobs import JobsError
from app.jobs.admin import JobsAdmin
from tests.fakegithub.state import Pull

from . import postgres
from .storm import Storm

SWEEPS: Final = "0 0 1 1 *"
"""One at the start, and no other."""


async def cancel_a_job(storm: Storm) -> None:
    """`fastperf jobs cancel` in the middle of it, after which somebody asks anew."""
    pull = await storm.act()
    await asyncio.sleep(storm.random.random())
    if await asyncio.to_thread(_cancelled, storm, pull):
        await storm.github.comment(storm.shop, pull.number, "/fastperf rescan")


async def retry_a_job(storm: Storm) -> None:
    """`fastperf jobs cancel` by mistake, and `retry`: of jobs that were superseded meanwhile, too."""
    pull = await storm.act()
    await asyncio.sleep(storm.random.random())
    cancelled = await asyncio.to_thread(_cancelled, storm, pull)
    await asyncio.sleep(storm.random.random())
    await asyncio.to_thread(_retried, storm, cancelled)


def _cancelled(storm: Storm, pull: Pull) -> list[str]:
    """The reviews of a pull request that were still open."""
    cancelled = []
    with JobsAdmin(storm.database) as admin:
        for job in admin.jobs(most=1000):
            if job.kind == "review" and job.number == pull.number:
                try:
                    admin.cancel(job.id)
                except JobsError:  # it was done in between
                    continue
                cancelled.append(job.id)
    storm.counts["jobs cancelled"] += len(cancelled)
    return cancelled


def _retried(storm: Storm, jobs: list[str]) -> None:
    with JobsAdmin(storm.database) as admin:
        for job in jobs:
            admin.retry(job)


async def restore_a_backup(storm: Storm) -> None:
    """Of the middle of a review, to which all machines go back; a pull request may have come since."""
    await storm.act()
    await asyncio.sleep(storm.random.random())
    since = len(storm.github.deliveries)
    storm.counts["backups"] += 1
    copy = storm.folder / f"backup-{storm.counts['backups']}"
    save, bring_back = (
        (backup.backup, backup.restore)
        if storm.database.startswith("sqlite")
        else (postgres.save, postgres.bring_back)
    )
    await asyncio.to_thread(save, storm.database, copy)
    if storm.random.random() < 0.5:
        await storm.open()
    await asyncio.sleep(storm.random.random() * 1.5)
    for machine in storm.machines:
        await machine.end()
    storm.taken_back.update(delivery.guid for delivery in storm.github.deliveries[since:])
    await asyncio.to_thread(bring_back, storm.database, copy)
    for machine in storm.machines:
        machine.sweeps = SWEEPS
        await storm.start_again(machine)


async def open_hostile_source(storm: Storm) -> None:
    """A file that crashes the process that reads it, or never lets it go, beside a problem that is to be said."""
    name = storm.random.choice(("crashes", "loops"))
    pull = await storm.open(slow=True, more={f"shop/{name}.py": "LIMIT = 1\n"})
    storm.hostile.add(pull.number)


FAULTS: Final[tuple[Callable[[Storm], Awaitable[None]], ...]] = (
    *(cancel_a_job, retry_a_job, restore_a_backup),
    open_hostile_source,
)
