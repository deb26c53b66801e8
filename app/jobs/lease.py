"""Whether this machine's jobs are its own: it says again and again that it lives, and takes over from the silent."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import sqlalchemy as sa
import structlog
from dbos import DBOS
from dbos._dbos import _get_dbos_instance

from app.database import trouble
from app.jobs.running import Running
from app.work import Work

log = structlog.get_logger(__name__)

HEARTBEAT_SECONDS: Final = 4.0
LEASE_SECONDS: Final = 12.0
"""A machine that could not say for so long that it lives tells GitHub nothing more. The others wait longer
(`app.store.MACHINE_SECONDS`) before they take its jobs, so that no job is ever done in two places."""
STRAY_SECONDS: Final = 20.0
"""A job of ours that the database calls running and that does not run here was left by an outage."""
MOST_FORGIVEN: Final = 10
"""How often a job is begun anew by the process that had it without that being held against it."""
MOST_REMEMBERED: Final = 10_000
HOUSEKEEPING: Final = "housekeeping"


class Lease:
    """The right to do jobs and to tell GitHub of them."""

    def __init__(
        self,
        work: Work,
        machine_id: str,
        running: Running,
        *,
        shared: bool,
        on_event: Callable[[str, int], None],
    ) -> None:
        """`shared`: whether other machines may take over our jobs."""
        self._work = work
        self._machine_id = machine_id
        self._running = running
        self._shared = shared
        self._on_event = on_event
        self._held_until = 0.0
        self._leaving = False
        self._strays: dict[str, float] = {}
        """Jobs that should be running here and are not, and since when."""
        self._forgiven: Counter[str] = Counter()

    async def take(self) -> None:
        """Before this machine takes a job: else the others take that for a lost one."""
        began = time.monotonic()
        await self._work.heartbeat(self._machine_id)
        self._held_until = began + LEASE_SECONDS

    @property
    def may_speak(self) -> bool:
        """Whether our jobs are surely still ours: what must be true whenever GitHub is told something."""
        return not self._shared or time.monotonic() < self._held_until

    def only_keep(self) -> None:
        """From now on: say that this machine lives, for the jobs that still run here, and take over nothing."""
        self._leaving = True

    async def keep(self) -> None:
        """Say again and again that this machine lives, and take over from those that no longer do."""
        lapsed = False
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            began = time.monotonic()
            lapsed = lapsed or not self.may_speak
            try:
                async with asyncio.timeout(LEASE_SECONDS - HEARTBEAT_SECONDS):
                    alive = await self._work.heartbeat(self._machine_id)
                if self._leaving:
                    if lapsed:  # the others may have our jobs
                        await self._running.end()
                    else:
                        self._held_until = began + LEASE_SECONDS
                    continue
                if lapsed:
                    await self._begin_anew()
                    lapsed = False
                self._held_until = began + LEASE_SECONDS
                await self.recover(alive)
            except Exception as error:  # one missed beat is no reason to stop the heart
                log.error("heartbeat_failed", error=type(error).__name__, reason=trouble(error))
                self._on_event("missed_beat", 1)
                if not self.may_speak and not lapsed:
                    lapsed = True
                    self._on_event("lapsed", 1)
                    log.error("jobs_stopped", jobs=len(self._running))
                    await self._running.end()

    async def _begin_anew(self) -> None:
        """After a silence the others may have our jobs: end ours, and queue again what nobody took."""
        await self._running.end()
        pending = await DBOS.list_workflows_async(status="PENDING", load_input=False, load_output=False)
        ours = [status.workflow_id for status in pending if status.executor_id == self._machine_id]
        await asyncio.to_thread(self._forgive, ours)
        log.warning("jobs_queued_again", jobs=await self._requeue_of(self._machine_id))

    async def look_for_dead(self) -> list[str]:
        return await self.recover(await self._work.heartbeat(self._machine_id))

    async def recover(self, alive: frozenset[str]) -> list[str]:
        """Give the running jobs of machines that are gone back to their own queues; the machines."""
        pending = await DBOS.list_workflows_async(status="PENDING", load_input=False, load_output=False)
        await self._take_up_strays(
            {status.workflow_id for status in pending if status.executor_id == self._machine_id}
        )
        lost = {status.executor_id for status in pending if status.executor_id} - alive - {self._machine_id}
        if not lost:
            return []
        jobs = await self._requeue_of(*lost)
        log.warning("jobs_recovered", machines=sorted(lost), jobs=jobs)
        self._on_event("recovered", jobs)
        return sorted(lost)

    async def _take_up_strays(self, ours: set[str]) -> None:
        """Queue those again that an outage of the database ended when not even their end could be written down: they
        would keep their lanes from others until the next start."""
        now = time.monotonic()
        since = self._strays
        self._strays = {job: since.get(job, now) for job in ours - self._running.ids}
        lost = [job for job, at in self._strays.items() if now - at >= STRAY_SECONDS]
        if lost:
            for job in lost:  # has as long again: it leaves its queue a moment before it is seen to run
                del self._strays[job]
            log.warning("jobs_queued_again", jobs=await asyncio.to_thread(self._requeue, lost))

    def _forgive(self, jobs: Sequence[str]) -> None:
        """Take back that these were tried: a job is given up that ends processes, and this one lives.

        Only so often: one that keeps the loop from turning would have it begin anew for ever.
        """
        if len(self._forgiven) > MOST_REMEMBERED:
            self._forgiven.clear()
        self._forgiven.update(jobs)
        forgiven = [job for job in jobs if self._forgiven[job] <= MOST_FORGIVEN]
        database = _get_dbos_instance()._sys_db
        row = database.tables.workflow_status.c
        tried = (
            sa.update(database.tables.workflow_status)
            .where(row.workflow_uuid.in_(forgiven), row.executor_id == self._machine_id)
            .where(row.status == "PENDING", row.recovery_attempts > 0)
            .values(recovery_attempts=row.recovery_attempts - 1)
        )
        with database.engine.begin() as connection:
            connection.execute(tried)

    def _requeue(self, jobs: Sequence[str]) -> int:
        self._forgive(jobs)
        # As dbos' own recovery does for a whole machine.
        database = _get_dbos_instance()._sys_db
        return sum(database.reenqueue_for_recovery(job, [self._machine_id], HOUSEKEEPING) for job in jobs)

    async def _requeue_of(self, *machines: str) -> int:
        """Back to their queues with what these machines were doing, once, however many survivors do it now."""
        # dbos' own recovery at a start: unlike `resume_workflows` it leaves alone what somebody took meanwhile,
        # and counts the attempts, so that a job that ends machines is given up.
        handles = await asyncio.to_thread(DBOS._recover_pending_workflows, sorted(machines))
        return len(handles)
