"""The durable engine: queues, wishes, schedules, and how it starts and ends.

A job is in the database before its delivery is answered, and its id is made of the delivery's GUID. What jobs do is
in `app.jobs.workflows`, whose machine they belong to in `app.jobs.lease`.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec
import sqlalchemy as sa
import structlog
from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID, SetWorkflowTimeout, WorkflowHandleAsync

from app import logs
from app.database import engine_options, trouble
from app.jobs.lease import HOUSEKEEPING, Lease
from app.jobs.running import Running, end
from app.jobs.stored import Serializer, refuse_foreign_rows
from app.jobs.workflows import ACTIVE, JOB_SECONDS, REVIEWS, Workflows
from app.work import (
    ArriveJob,
    CommandJob,
    ForgetJob,
    MergeGroupJob,
    Outcome,
    RerunJob,
    ReviewJob,
    ThreadJob,
    Work,
)

log = structlog.get_logger(__name__)

APPLICATION_VERSION: Final = "1"
"""Changes only when the order of steps does: jobs of another version wait for a process of that version."""
ENQUEUE_SECONDS: Final = 8.0
"""GitHub hangs up after ten."""
MOST_WAITING: Final = 200
"""Deliveries that may wait for the database at once; more are refused, to be redelivered by the sweep."""
MOST_REVIEWS: Final = 12
"""At once per machine. Most of the time of a busy installation's reviews is waiting for a turn to write: with fewer
places three or four such installations would have them all."""
QUICK_SECONDS: Final = 5.0
"""Two pushes within so long are quick: the review of the second waits a little for a third."""
PRESSED_SECONDS: Final = 5.0
"""What every push waits for a newer one while its installation has used much of its budget."""
QUICK_RESTART_SECONDS: Final = 60.0
"""A machine that starts again and again sweeps only so often."""
LOOK_SECONDS: Final = 0.2
"""How often a drain looks whether jobs are left."""


class QueueUnavailableError(Exception):
    """The job could not be made durable in time: the delivery must not be acknowledged."""


class Waiting(NamedTuple):
    """What a queue holds: waiting and running jobs, and for how long the oldest of those waiting has waited."""

    jobs: int = 0
    oldest_seconds: float = 0.0


class Jobs:
    """Durable wishes and their doing. Start it inside the running loop, on which the steps then run.

    There is one per process, for dbos is global. `poll_seconds` is how long an idle queue sleeps.
    """

    def __init__(
        self,
        work: Work,
        *,
        database_url: str,
        machine_id: str = "local",
        poll_seconds: float = 0.2,
        drain_seconds: float = 20.0,
        retention_days: int = 30,
        sweep_schedule: str = "*/5 * * * *",
        sweep_at_start: bool = False,
        engine_poll_seconds: float = 1.0,
        attempts: int = 5,
        first_pause: float = 1.0,
        debounce_seconds: float = 2.0,
        on_event: Callable[[str, int], None] = lambda event, count: None,
        on_stage: Callable[[str, float], None] = lambda stage, seconds: None,
    ) -> None:
        """`on_event` hears how often what happened: `done`, `failed`, `refused` (a delivery that could not be stored),
        `recovered` (another machine's), `lapsed` (the right to speak), `missed_beat`, `redelivered` and `unanswered`
        (what the sweep found). `on_stage` hears how long reviews waited (`wait`) and took as a whole (`whole`)."""
        self.work = work
        self.database_url = database_url
        self.machine_id = machine_id
        self.poll_seconds = poll_seconds
        self.drain_seconds = drain_seconds
        self.sweep_schedule = sweep_schedule
        self.sweep_at_start = sweep_at_start
        self.engine_poll_seconds = engine_poll_seconds
        self.debounce_seconds = debounce_seconds
        self._asked: dict[str, float] = {}
        """When a review of a pull request was last asked for, as far as that was just now."""
        self._started = False
        self._waiting = 0
        self._heart: asyncio.Task[None] | None = None
        self._on_event = on_event
        self._running = Running()
        shared = not database_url.startswith("sqlite")
        self._lease = Lease(work, machine_id, self._running, shared=shared, on_event=on_event)
        self._workflows = Workflows(
            work,
            self._lease,
            self._running,
            attempts=attempts,
            first_pause=first_pause,
            retention_days=retention_days,
            on_event=on_event,
            on_stage=on_stage,
        )

    # ------------------------------------------------------------------ wishes

    async def request_review(self, job: ReviewJob) -> str:
        """Durable when it returns. Raises QueueUnavailableError when it could not be made so in time."""
        await self._enqueue(
            REVIEWS, self._workflows.review, job, job.id, partition=job.lane, delay=self._pause_for(job)
        )
        self._workflows.asked(job)
        return job.id

    def _pause_for(self, job: ReviewJob) -> float:
        """How long a review waits for more pushes: not at all, unless one came just before or calls are scarce."""
        now = time.monotonic()
        self._asked = {key: at for key, at in self._asked.items() if now - at < QUICK_SECONDS}
        quick = job.key in self._asked
        self._asked[job.key] = now
        if job.force:
            return 0.0
        if self.work.is_pressed(job.repository.installation_id):
            return PRESSED_SECONDS
        return self.debounce_seconds if quick else 0.0

    async def request_command(self, job: CommandJob) -> str:
        await self._enqueue(HOUSEKEEPING, self._workflows.command, job, job.id)
        return job.id

    async def request_thread(self, job: ThreadJob) -> str:
        await self._enqueue(HOUSEKEEPING, self._workflows.thread, job, job.id)
        return job.id

    async def request_rerun(self, job: RerunJob) -> str:
        await self._enqueue(HOUSEKEEPING, self._workflows.rerun, job, job.id)
        return job.id

    async def request_merge_group(self, job: MergeGroupJob) -> str:
        await self._enqueue(HOUSEKEEPING, self._workflows.merge_group, job, job.id)
        return job.id

    async def end_merge_group(self, job: MergeGroupJob) -> bool:
        """Drop the jobs of a merge group that is no more; whether there were any."""
        present = await DBOS.list_workflows_async(
            workflow_id_prefix=job.prefix, status=ACTIVE, load_input=False, load_output=False
        )
        ours = [status.workflow_id for status in present if status.workflow_id.startswith(job.prefix)]
        if ours:
            await DBOS.cancel_workflows_async(ours)
        return bool(ours)

    async def request_arrival(self, job: ArriveJob) -> str:
        await self._enqueue(HOUSEKEEPING, self._workflows.arrive, job, job.id)
        return job.id

    async def request_forget(self, job: ForgetJob) -> str:
        await self._enqueue(HOUSEKEEPING, self._workflows.forget, job, job.id)
        return job.id

    @property
    def accepting(self) -> bool:
        return self._started and self._waiting < MOST_WAITING

    async def _enqueue(
        self,
        queue: str,
        workflow: Callable[[Any], Coroutine[Any, Any, Outcome]],
        job: msgspec.Struct,
        job_id: str,
        partition: str | None = None,
        delay: float = 0.0,
    ) -> None:
        """The one durable write of a delivery; an id that is known already changes nothing."""
        if not self.accepting:
            raise QueueUnavailableError("the queue takes no jobs at the moment")
        self._waiting += 1
        try:
            async with asyncio.timeout(ENQUEUE_SECONDS):
                with (
                    SetWorkflowID(job_id),
                    SetWorkflowTimeout(JOB_SECONDS),
                    SetEnqueueOptions(queue_partition_key=partition, delay_seconds=delay or None),
                ):
                    await DBOS.enqueue_workflow_async(queue, workflow, msgspec.to_builtins(job))
        except (TimeoutError, sa.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
            log.error("enqueue_failed", job=job_id, error=type(error).__name__, reason=trouble(error))
            self._on_event("refused", 1)
            raise QueueUnavailableError("the job could not be stored") from error
        finally:
            self._waiting -= 1

    # ------------------------------------------------------------------ life

    async def start(self) -> None:
        """Migrate, recover what a crash of this machine left, and begin. Raises JobsError."""
        await asyncio.to_thread(refuse_foreign_rows, self.database_url)
        DBOS.destroy(destroy_registry=True)  # nothing of an earlier instance in this process
        self._workflows.register()
        DBOS(config=self._configuration())
        logs.quiet_engine()
        await self._lease.take()
        DBOS.launch()  # inside the loop: steps run on it and may use its sessions
        await DBOS.register_queue_async(
            REVIEWS,
            partition_concurrency=1,
            worker_concurrency=MOST_REVIEWS,
            polling_interval_sec=self.poll_seconds,
        )
        await DBOS.register_queue_async(
            HOUSEKEEPING, worker_concurrency=4, polling_interval_sec=self.poll_seconds
        )
        await DBOS.apply_schedules_async(
            [
                {
                    "schedule_name": "sweep",
                    "workflow_fn": self._workflows.sweep,  # type: ignore[typeddict-item]  # ours returns a value
                    "schedule": self.sweep_schedule,
                    "context": None,
                }
            ]
        )
        self._heart = asyncio.create_task(self._lease.keep())
        self._started = True
        if self.sweep_at_start:
            with SetWorkflowID(f"sweep:start:{self.machine_id}:{int(time.time() // QUICK_RESTART_SECONDS)}"):
                await DBOS.enqueue_workflow_async(
                    HOUSEKEEPING, self._workflows.sweep, datetime.now(UTC), None
                )

    async def close(self) -> None:
        """Take nothing more, finish what can be finished in time, and leave the rest for recovery."""
        if not self._started:
            return
        self._started = False
        self._lease.only_keep()
        # Destroying stops the queues first, then waits for running jobs in whole seconds; what still runs
        # shortly before the end is cancelled here, for without its database a step would count as failed.
        patience = int(self.drain_seconds)
        destroying = asyncio.create_task(
            asyncio.to_thread(
                DBOS.destroy, workflow_completion_timeout_sec=patience + 2 if self._running or patience else 0
            )
        )
        deadline = time.monotonic() + self.drain_seconds
        while self._running and time.monotonic() < deadline:
            if ours := self._running.on_this_loop():
                await asyncio.wait(ours, timeout=min(LOOK_SECONDS, deadline - time.monotonic()))
            else:
                await asyncio.sleep(min(LOOK_SECONDS, max(0.0, deadline - time.monotonic())))
        if self._heart is not None:
            await end(self._heart)
        if self._running:
            log.warning("jobs_left_for_recovery", jobs=len(self._running))
        await self._running.end()
        await destroying
        with contextlib.suppress(sa.exc.SQLAlchemyError):  # else the others notice a little later
            await self.work.leave(self.machine_id)
        # The engine made its threads the loop's own and has just ended them.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(4))

    async def sweep_now(self) -> Outcome:
        """One sweep outside its schedule, waited for."""
        with SetWorkflowID(f"sweep:{time.time_ns()}"):
            handle = await DBOS.start_workflow_async(self._workflows.sweep, datetime.now(UTC), None)
        return await handle.get_result(polling_interval_sec=0.02)

    async def waiting(self) -> dict[str, Waiting]:
        """Waiting and running jobs by queue."""
        present = await DBOS.list_workflows_async(
            status=ACTIVE, queues_only=True, load_input=False, load_output=False, limit=10_000
        )
        now = time.time()
        found = {REVIEWS: Waiting(), HOUSEKEEPING: Waiting()}
        for status in present:
            if (before := found.get(status.queue_name or "")) is None:
                continue
            age = now - (status.created_at or 0) / 1000 if status.status != "PENDING" else 0.0
            found[status.queue_name or ""] = Waiting(before.jobs + 1, max(before.oldest_seconds, age))
        return found

    async def depth(self) -> dict[str, int]:
        """Waiting and running jobs by queue."""
        return {queue: found.jobs for queue, found in (await self.waiting()).items()}

    async def idle(self) -> None:
        """Wait until no job waits or runs. For tests and tools."""
        while any((await self.depth()).values()):  # noqa: ASYNC110 - what we wait for happens in a database
            await asyncio.sleep(0.02)

    async def result(self, job_id: str) -> Outcome:
        """Wait for a job, and for those that came back in its place, and return what was left. For tests and tools."""
        while True:
            handle: WorkflowHandleAsync[Outcome] = await DBOS.retrieve_workflow_async(job_id)
            outcome = await handle.get_result(polling_interval_sec=0.02)
            if outcome["status"] != "later":
                return outcome
            job_id = outcome["job"]

    async def status(self, job_id: str) -> str | None:
        """`SUCCESS`, `PENDING`, … or None for an unknown job."""
        status = await DBOS.get_workflow_status_async(job_id)
        return None if status is None else status.status

    @property
    def may_speak(self) -> bool:
        """Whether our jobs are surely still ours: what must be true whenever GitHub is told something."""
        return self._lease.may_speak

    def _configuration(self) -> DBOSConfig:
        configuration: DBOSConfig = {
            "name": "fastperf",
            "system_database_url": self.database_url,
            "application_version": APPLICATION_VERSION,
            "executor_id": self.machine_id,
            "max_executor_threads": 8,
            "sys_db_pool_size": 5,
            "log_level": "WARNING",
            "serializer": Serializer(),
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": self.engine_poll_seconds,
        }
        if options := engine_options(self.database_url):
            configuration["db_engine_kwargs"] = options
        return configuration
