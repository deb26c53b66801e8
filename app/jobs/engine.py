"""The durable engine: queues, superseding, recovery, schedules.

A job is in the database before its delivery is answered, its id is made of the delivery's GUID, and every
step may run twice. One review runs per pull request at a time; it asks GitHub for the head, so whatever
order the deliveries came in, the newest commit is what gets reviewed.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec
import sqlalchemy as sa
import structlog
from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID, SetWorkflowTimeout, WorkflowHandleAsync

from app import logs
from app.database import engine_options, trouble
from app.jobs.stored import Serializer, refuse_foreign_rows
from app.jobs.workflows import ACTIVE, HOUSEKEEPING, JOB_SECONDS, REVIEWS, Workflows, end
from app.work import (
    ArriveJob,
    CommandJob,
    ForgetJob,
    MergeGroupJob,
    Outcome,
    RerunJob,
    ReviewJob,
    Work,
)

log = structlog.get_logger(__name__)

APPLICATION_VERSION: Final = "1"
"""Changes only when the order of steps does: jobs of another version wait for a process of that version."""
ENQUEUE_SECONDS: Final = 8.0
"""GitHub hangs up after ten."""
MOST_WAITING: Final = 200
"""Deliveries that may wait for the database at once; more are refused, to be redelivered by the sweep."""
MOST_REVIEWS: Final = 4
"""At once per machine. More would only wait for each other's writes, and deliveries with them."""
QUICK_SECONDS: Final = 5.0
"""Two pushes within so long are quick: the review of the second waits a little for a third."""
PRESSED_SECONDS: Final = 5.0
"""What every push waits for a newer one while its installation has used much of its budget."""
QUICK_RESTART_SECONDS: Final = 60.0
"""A machine that starts again and again sweeps only so often."""
LOOK_SECONDS: Final = 0.2
"""How often a drain looks whether jobs are left."""
RECOVERY_ATTEMPTS: Final = 5
HEARTBEAT_SECONDS: Final = 4.0
LEASE_SECONDS: Final = 12.0
"""A machine that could not say for so long that it lives tells GitHub nothing more. The others wait longer
(`app.store.MACHINE_SECONDS`) before they take its jobs, so that no job is ever done in two places."""


class QueueUnavailableError(Exception):
    """The job could not be made durable in time: the delivery must not be acknowledged."""


class Waiting(NamedTuple):
    """What a queue holds: waiting and running jobs, and for how long the oldest of those waiting has waited."""

    jobs: int = 0
    oldest_seconds: float = 0.0


class Jobs(Workflows):
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
        super().__init__(
            work,
            machine_id,
            retention_days=retention_days,
            attempts=attempts,
            first_pause=first_pause,
            on_event=on_event,
            on_stage=on_stage,
        )
        self.database_url = database_url
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
        self._shared = not database_url.startswith("sqlite")
        """Whether other machines may take over our jobs."""
        self._held_until = 0.0

    # ------------------------------------------------------------------ wishes

    async def request_review(self, job: ReviewJob) -> str:
        """Durable when it returns. Raises QueueUnavailableError when it could not be made so in time."""
        await self._enqueue(
            REVIEWS, self._review_workflow, job, job.id, partition=job.lane, delay=self._pause_for(job)
        )
        self._asked_at.setdefault(job.id, time.monotonic())
        self._supersede_here(job)
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
        await self._enqueue(HOUSEKEEPING, self._command_workflow, job, job.id)
        return job.id

    async def request_rerun(self, job: RerunJob) -> str:
        await self._enqueue(HOUSEKEEPING, self._rerun_workflow, job, job.id)
        return job.id

    async def request_merge_group(self, job: MergeGroupJob) -> str:
        await self._enqueue(HOUSEKEEPING, self._merge_group_workflow, job, job.id)
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
        await self._enqueue(HOUSEKEEPING, self._arrive_workflow, job, job.id)
        return job.id

    async def request_forget(self, job: ForgetJob) -> str:
        await self._enqueue(HOUSEKEEPING, self._forget_workflow, job, job.id)
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
        self._review_workflow = _workflow("review", self._review)
        self._command_workflow = _workflow("command", self._command)
        self._rerun_workflow = _workflow("rerun", self._rerun)
        self._merge_group_workflow = _workflow("merge_group", self._merge_group)
        self._forget_workflow = _workflow("forget", self._forget)
        self._arrive_workflow = _workflow("arrive", self._arrive)

        async def sweep(at: Any, context: Any) -> Outcome:
            return await self._sweep(at, context)

        self._sweep_workflow = DBOS.workflow(name="sweep")(sweep)
        DBOS(config=self._configuration())
        logs.quiet_engine()
        began = time.monotonic()
        await self.work.heartbeat(
            self.machine_id
        )  # before it takes a job: else the others take that for a lost one
        self._held_until = began + LEASE_SECONDS
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
                    "workflow_fn": self._sweep_workflow,  # type: ignore[typeddict-item]  # ours returns a value
                    "schedule": self.sweep_schedule,
                    "context": None,
                }
            ]
        )
        self._heart = asyncio.create_task(self._beat())
        self._started = True
        if self.sweep_at_start:
            with SetWorkflowID(f"sweep:start:{self.machine_id}:{int(time.time() // QUICK_RESTART_SECONDS)}"):
                await DBOS.enqueue_workflow_async(HOUSEKEEPING, self._sweep_workflow, datetime.now(UTC), None)

    async def close(self) -> None:
        """Take nothing more, finish what can be finished in time, and leave the rest for recovery."""
        if not self._started:
            return
        self._started = False
        if self._heart is not None:
            await end(self._heart)
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
            if ours := _on_this_loop(self._running):
                await asyncio.wait(ours, timeout=min(LOOK_SECONDS, deadline - time.monotonic()))
            else:
                await asyncio.sleep(min(LOOK_SECONDS, max(0.0, deadline - time.monotonic())))
        if self._running:
            log.warning("jobs_left_for_recovery", jobs=len(self._running))
        await end(*_on_this_loop(self._running))
        await destroying
        with contextlib.suppress(sa.exc.SQLAlchemyError):  # else the others notice a little later
            await self.work.leave(self.machine_id)
        # The engine made its threads the loop's own and has just ended them.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(4))

    async def sweep_now(self) -> Outcome:
        """One sweep outside its schedule, waited for."""
        with SetWorkflowID(f"sweep:{time.time_ns()}"):
            handle = await DBOS.start_workflow_async(self._sweep_workflow, datetime.now(UTC), None)
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
        """Wait for a job and return what it left. For tests and tools."""
        handle: WorkflowHandleAsync[Outcome] = await DBOS.retrieve_workflow_async(job_id)
        return await handle.get_result(polling_interval_sec=0.02)

    async def status(self, job_id: str) -> str | None:
        """`SUCCESS`, `PENDING`, … or None for an unknown job."""
        status = await DBOS.get_workflow_status_async(job_id)
        return None if status is None else status.status

    @property
    def may_speak(self) -> bool:
        """Whether our jobs are surely still ours: what must be true whenever GitHub is told something."""
        return not self._shared or time.monotonic() < self._held_until

    async def _beat(self) -> None:
        """Say again and again that this machine lives, and take over from those that no longer do."""
        lapsed = False
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            began = time.monotonic()
            lapsed = lapsed or not self.may_speak
            try:
                async with asyncio.timeout(LEASE_SECONDS - HEARTBEAT_SECONDS):
                    alive = await self.work.heartbeat(self.machine_id)
                if lapsed:
                    await self._begin_anew()
                    lapsed = False
                self._held_until = began + LEASE_SECONDS
                await self._recover(alive)
            except Exception as error:  # one missed beat is no reason to stop the heart
                log.error("heartbeat_failed", error=type(error).__name__, reason=trouble(error))
                self._on_event("missed_beat", 1)
                if not self.may_speak and not lapsed:
                    lapsed = True
                    self._on_event("lapsed", 1)
                    log.error("jobs_stopped", jobs=len(self._running))
                    await end(*_on_this_loop(self._running))

    async def _begin_anew(self) -> None:
        """After a silence the others may have our jobs: end ours, and queue again what nobody took."""
        await end(*_on_this_loop(self._running))
        jobs = await self._requeue_of(self.machine_id)
        log.warning("jobs_queued_again", jobs=jobs)

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


def _workflow(
    name: str, function: Callable[[Outcome], Coroutine[Any, Any, Outcome]]
) -> Callable[[Outcome], Coroutine[Any, Any, Outcome]]:
    async def run(raw: Outcome) -> Outcome:
        return await function(raw)

    return DBOS.workflow(name=name, max_recovery_attempts=RECOVERY_ATTEMPTS)(run)


def _on_this_loop(tasks: Iterable[asyncio.Task[Any]]) -> list[asyncio.Task[Any]]:
    """Without those on the engine's own loop, which it uses while ours stands still and ends by itself."""
    loop = asyncio.get_running_loop()
    return [task for task in list(tasks) if task.get_loop() is loop]
