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
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
import sqlalchemy as sa
import structlog
from cachetools import TTLCache
from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID, SetWorkflowTimeout, WorkflowHandleAsync
from dbos._dbos import _get_dbos_instance

from app import logs
from app.database import engine_options, is_outage, trouble
from app.jobs.stored import Serializer, StepFailedError, job_input, refuse_foreign_rows
from app.work import (
    ArriveJob,
    CommandJob,
    ForgetJob,
    MergeGroupJob,
    Outcome,
    RerunJob,
    ReviewJob,
    Swept,
    Work,
)

log = structlog.get_logger(__name__)
Value = TypeVar("Value")

REVIEWS: Final = "reviews"
HOUSEKEEPING: Final = "housekeeping"
ACTIVE: Final = ["DELAYED", "ENQUEUED", "PENDING"]
APPLICATION_VERSION: Final = "1"
"""Changes only when the order of steps does: jobs of another version wait for a process of that version."""
ENQUEUE_SECONDS: Final = 8.0
"""GitHub hangs up after ten."""
MOST_WAITING: Final = 200
"""Deliveries that may wait for the database at once; more are refused, to be redelivered by the sweep."""
MOST_REVIEWS: Final = 12
"""At once per machine. Most of the time of a busy installation's reviews is waiting for a turn to write: with fewer
places three or four such installations would have them all."""
MOST_ANALYSES: Final = 4
"""Of these, how many read and analyse at once. More would only wait for each other, and deliveries with them."""
QUICK_SECONDS: Final = 5.0
"""Two pushes within so long are quick: the review of the second waits a little for a third."""
PRESSED_SECONDS: Final = 5.0
"""What every push waits for a newer one while its installation has used much of its budget."""
QUICK_RESTART_SECONDS: Final = 60.0
"""A machine that starts again and again sweeps only so often."""
NOTHING_TO_CLEAN: Final = frozenset({"yielded", "done", "gone"})
LIMITED_TIMES: Final = 12
GROUP_PAUSES: Final = (15.0, 60.0, 180.0, 600.0, 900.0)
"""Between attempts to answer a merge group at all: a queue waits for an hour by default."""
LONGEST_PAUSE: Final = 3600.0
OUTAGE_SECONDS: Final = 2.0
"""Between attempts of a step that the database does not let pass."""
STRAY_SECONDS: Final = 20.0
"""A job of ours that the database calls running and that does not run here was left by an outage."""
LOOK_SECONDS: Final = 0.2
"""How often a drain looks whether jobs are left."""
RECOVERY_ATTEMPTS: Final = 5
JOB_SECONDS: Final = 6 * 3600.0
"""A job's whole life, waits for rate limits included."""
HEARTBEAT_SECONDS: Final = 4.0
LEASE_SECONDS: Final = 12.0
"""A machine that could not say for so long that it lives tells GitHub nothing more. The others wait longer
(`app.store.MACHINE_SECONDS`) before they take its jobs, so that no job is ever done in two places."""


class QueueUnavailableError(Exception):
    """The job could not be made durable in time: the delivery must not be acknowledged."""


class ComeBackLaterError(Exception):
    """GitHub wants no calls before `until`, a UNIX time: the job gives its place to others meanwhile."""

    def __init__(self, until: float) -> None:
        super().__init__(f"GitHub asks for patience until {until:.0f}")
        self.until = until


Wish = TypeVar("Wish", ReviewJob, CommandJob, RerunJob, MergeGroupJob, ForgetJob, ArriveJob)


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
        self.retention_days = retention_days
        self.sweep_schedule = sweep_schedule
        self.sweep_at_start = sweep_at_start
        self.engine_poll_seconds = engine_poll_seconds
        self.attempts = attempts
        self.first_pause = first_pause
        self.debounce_seconds = debounce_seconds
        self._asked: dict[str, float] = {}
        """When a review of a pull request was last asked for, as far as that was just now."""
        self._started = False
        self._waiting = 0
        self._running: dict[asyncio.Task[Any], str] = {}
        self._reviewing: dict[str, tuple[ReviewJob, asyncio.Event]] = {}
        self._analyses = asyncio.Semaphore(MOST_ANALYSES)
        self._untouched: set[str] = set()
        """Jobs gathered by this process whose publishing has not begun: nothing can be there already."""
        self._strays: dict[str, float] = {}
        """Jobs that should be running here and are not, and since when."""
        self._heart: asyncio.Task[None] | None = None
        self._on_event = on_event
        self._on_stage = on_stage
        self._asked_at: TTLCache[str, float] = TTLCache(maxsize=10_000, ttl=JOB_SECONDS)
        """When the reviews asked for here were asked for."""
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

    def _supersede_here(self, job: ReviewJob) -> None:
        """Spare the work of an analysis whose outcome nobody waits for. Only a short cut:
        the head is asked for again before anything is posted."""
        if (running := self._reviewing.get(job.key)) is None:
            return
        older, superseded = running
        if older.id != job.id and (job.force or not older.force):
            superseded.set()

    # ------------------------------------------------------------------ workflows

    async def _review(self, job: ReviewJob) -> Outcome:
        with self._known(
            "review", job.id, delivery=job.trigger, repository=job.repository.full_name, number=job.number
        ):
            if (asked := self._asked_at.get(job.id)) is not None:
                self._on_stage("wait", time.monotonic() - asked)
            try:
                gathered = await self._patiently("gather", self._gather, job)
                if gathered["status"] == "report":
                    published = await self._patiently("publish", self._publish, job, gathered)
                    gathered = {**gathered, **published}
                if gathered["status"] not in NOTHING_TO_CLEAN:
                    await self._patiently("clean_up", self.work.clean_up, job, gathered)
            except ComeBackLaterError:
                raise
            except Exception as error:
                if is_outage(error):
                    raise
                # Cancellation is no Exception and passes. What reaches this line was tried often enough.
                log.exception("review_failed", error=type(error).__name__)
                self._on_event("failed", 1)
                reason = _reason(error)
                await self._patiently("fault", self.work.conclude_fault, job, reason)
                return {"status": "fault", "reason": reason}
            log.info("review_done", status=gathered["status"])
            self._on_event("done", 1)
            if (asked := self._asked_at.pop(job.id, None)) is not None:
                self._on_stage("whole", time.monotonic() - asked)
            return {"status": gathered["status"], "head_sha": gathered.get("head_sha")}

    async def _command(self, job: CommandJob) -> Outcome:
        with self._known(
            "command", job.id, delivery=job.trigger, repository=job.repository.full_name, number=job.number
        ):
            wish = await self._patiently("command", self._answer_command, job)
            if wish.get("review"):
                await self._review_next(msgspec.convert(wish["review"], ReviewJob))
            return {"status": "done"}

    async def _rerun(self, job: RerunJob) -> Outcome:
        with self._known("rerun", job.id, delivery=job.trigger, repository=job.repository.full_name):
            found = await self._patiently("find", self._find_reruns, job)
            for review in msgspec.convert(found["reviews"], tuple[ReviewJob, ...]):
                await self._review_next(review)
            return {"status": "done"}

    async def _merge_group(self, job: MergeGroupJob) -> Outcome:
        with self._known("merge_group", job.id, delivery=job.trigger, repository=job.repository.full_name):
            try:
                return await self._patiently("merge_group", self.work.merge_group, job)
            except ComeBackLaterError:
                raise
            except Exception as error:
                if is_outage(error):
                    raise
                log.exception("merge_group_failed", error=type(error).__name__)
                self._on_event("failed", 1)
                reason = _reason(error)
            try:
                return await self._patiently("fault", self.work.conclude_group_fault, job, reason)
            except ComeBackLaterError:
                raise
            except Exception as error:  # GitHub cannot be told, and no sweep looks for groups
                if is_outage(error) or job.waits >= len(GROUP_PAUSES):
                    raise
                raise ComeBackLaterError(time.time() + GROUP_PAUSES[job.waits]) from error

    async def _forget(self, job: ForgetJob) -> Outcome:
        with self._known("forget", job.id, delivery=job.trigger, installation=job.installation_id):
            if job.reason not in {"permissions", "privatized"}:
                await self._step("cancel", self._cancel_of_installation, job)
            return await self._patiently("forget", self.work.forget, job)

    async def _arrive(self, job: ArriveJob) -> Outcome:
        with self._known("arrive", job.id, delivery=job.trigger, installation=job.installation_id):
            found = await self._patiently("look", self._find_open, job)
            await self._review_idle(found)
            return {"status": "done"}

    async def _sweep(self, at: Any, _context: Any) -> Outcome:
        with self._known("sweep", f"sweep:{at}"):
            await self._step("recover", self._look_for_dead)
            await self._step("retain", self._retain)
            try:
                swept = await self._patiently("sweep", self._find_undone)
            except ComeBackLaterError:
                return {"status": "limited"}  # the next one is not far
            await self._review_idle(swept)
            return {"status": "done"}

    async def _review_idle(self, found: Outcome) -> None:
        """Review what was found undone, unless somebody is at it."""
        for review in msgspec.convert(found["reviews"], tuple[ReviewJob, ...]):
            if not await self._step("busy", self._is_busy, review):
                await self._review_next(review)

    async def _review_next(self, review: ReviewJob) -> None:
        """From within a workflow: recorded there, so a second run enqueues nothing new."""
        with SetWorkflowID(review.id), SetEnqueueOptions(queue_partition_key=review.lane):
            await DBOS.enqueue_workflow_async(REVIEWS, self._review_workflow, msgspec.to_builtins(review))
        self._supersede_here(review)

    # ------------------------------------------------------------------ steps

    async def _superseded(self, job: ReviewJob) -> bool:
        """The first act: drop the waiting jobs that this one answers too, or make way for a stronger one.

        Their order does not matter, for this job has not asked for the head yet.
        """
        waiting = await DBOS.list_workflows_async(
            workflow_id_prefix=job.prefix, status=["DELAYED", "ENQUEUED"], load_output=False
        )
        others = [
            status
            for status in waiting
            if status.workflow_id != job.id and status.workflow_id.startswith(job.prefix)
        ]
        if not job.force and any(_forced(status.input) for status in others):
            return True
        if job.quiet and others:  # somebody pushed, or asked: that is answered aloud
            return True
        if others:
            await DBOS.cancel_workflows_async([status.workflow_id for status in others])
        return False

    async def _is_busy(self, review: ReviewJob) -> bool:
        """Whether the pull request has a job already, which a sweep must not interrupt."""
        present = await DBOS.list_workflows_async(
            workflow_id_prefix=review.prefix, status=ACTIVE, load_input=False, load_output=False
        )
        return any(status.workflow_id.startswith(review.prefix) for status in present)

    async def _gather(self, job: ReviewJob) -> Outcome:
        if await self._superseded(job):
            return {"status": "yielded"}
        superseded = asyncio.Event()
        self._reviewing[job.key] = (job, superseded)
        gathering = asyncio.create_task(self._in_turn(job))
        watching = asyncio.create_task(superseded.wait())
        try:
            await asyncio.wait({gathering, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not gathering.done():
                return {"status": "superseded"}
            gathered = gathering.result()
        finally:
            await _end(gathering, watching)
            if self._reviewing.get(job.key, (None,))[0] is job:
                del self._reviewing[job.key]
        if not job.waits:
            self._untouched.add(job.id)
        return gathered

    async def _in_turn(self, job: ReviewJob) -> Outcome:
        async with self._analyses:
            return await self.work.gather(job)

    async def _publish(self, job: ReviewJob, gathered: Outcome) -> Outcome:
        again = job.id not in self._untouched
        self._untouched.discard(job.id)
        return await self.work.publish(job, gathered, again=again)

    async def _answer_command(self, job: CommandJob) -> Outcome:
        return {"status": "done", "review": msgspec.to_builtins(await self.work.command(job))}

    async def _find_reruns(self, job: RerunJob) -> Outcome:
        return {"status": "done", "reviews": msgspec.to_builtins(await self.work.rerun(job))}

    async def _find_open(self, job: ArriveJob) -> Outcome:
        swept = await self.work.arrive(job)
        return {"status": "done", "reviews": msgspec.to_builtins(swept.reviews)}

    async def _find_undone(self) -> Outcome:
        swept: Swept = await self.work.sweep()
        if swept.reviews or swept.redelivered:
            self._on_event("redelivered", swept.redelivered)
            self._on_event("unanswered", len(swept.reviews))
            log.warning("sweep_found", reviews=len(swept.reviews), redelivered=swept.redelivered)
        return {"status": "done", "reviews": msgspec.to_builtins(swept.reviews)}

    async def _cancel_of_installation(self, job: ForgetJob) -> int:
        present = await DBOS.list_workflows_async(queue_name=REVIEWS, status=ACTIVE, load_output=False)
        gone = [status.workflow_id for status in present if _belongs(status.input, job)]
        if gone:
            await DBOS.cancel_workflows_async(gone)
        return len(gone)

    async def _look_for_dead(self) -> list[str]:
        return await self._recover(await self.work.heartbeat(self.machine_id))

    async def _recover(self, alive: frozenset[str]) -> list[str]:
        """Give the running jobs of machines that are gone back to their own queues; the machines."""
        pending = await DBOS.list_workflows_async(status="PENDING", load_input=False, load_output=False)
        await self._take_up_strays(
            {status.workflow_id for status in pending if status.executor_id == self.machine_id}
        )
        lost = {status.executor_id for status in pending if status.executor_id} - alive - {self.machine_id}
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
        self._strays = {job: since.get(job, now) for job in ours - set(self._running.values())}
        lost = [job for job, at in self._strays.items() if now - at >= STRAY_SECONDS]
        if lost:
            log.warning("jobs_queued_again", jobs=await asyncio.to_thread(self._requeue, lost))

    def _requeue(self, jobs: Sequence[str]) -> int:
        # As dbos' own recovery does for a whole machine.
        database = _get_dbos_instance()._sys_db
        return sum(database.reenqueue_for_recovery(job, [self.machine_id], HOUSEKEEPING) for job in jobs)

    async def _requeue_of(self, *machines: str) -> int:
        """Back to their queues with what these machines were doing, once, however many survivors do it now."""
        # dbos' own recovery at a start: unlike `resume_workflows` it leaves alone what somebody took meanwhile,
        # and counts the attempts, so that a job that ends machines is given up.
        handles = await asyncio.to_thread(DBOS._recover_pending_workflows, sorted(machines))
        return len(handles)

    async def _retain(self) -> int:
        """Finished jobs are kept as long as a delivery could be replayed, then deleted."""
        until = datetime.now(UTC) - timedelta(days=self.retention_days)
        old = await DBOS.list_workflows_async(
            completed_before=until.isoformat(), load_input=False, load_output=False, limit=500
        )
        if old:
            await DBOS.delete_workflows_async([status.workflow_id for status in old])
        return len(old)

    async def _step(self, name: str, function: Callable[..., Awaitable[Value]], *arguments: Any) -> Value:
        """A checkpoint: done once, read back afterwards. Tried again when the error is a passing one, and for as long as
        the database is away: without it nothing can be called a fault either."""

        async def run() -> Value:
            said = ""
            while True:
                try:
                    return await function(*arguments)
                except Exception as error:
                    if not is_outage(error):
                        raise
                    if said != (said := trouble(error)):
                        log.warning("database_awaited", step=name, reason=said)
                await asyncio.sleep(OUTAGE_SECONDS)

        return await DBOS.run_step_async(
            {
                "name": name,
                "retries_allowed": True,
                "max_attempts": self.attempts,
                "interval_seconds": self.first_pause,
                "backoff_rate": 2.0,
                "should_retry": self.work.is_transient,
            },
            run,
        )

    async def _patiently(
        self, name: str, function: Callable[..., Awaitable[Outcome]], *arguments: Any
    ) -> Outcome:
        """A step that GitHub may ask to come back later with: ComeBackLaterError."""

        async def attempt() -> Outcome:
            try:
                return await function(*arguments)
            except Exception as error:
                if (until := self.work.limited_until(error)) is None:
                    raise
                return {"status": "limited", "until": until}

        outcome = await self._step(name, attempt)
        if outcome.get("status") == "limited":
            raise ComeBackLaterError(outcome["until"])
        return outcome

    def _returning(
        self,
        name: str,
        kind: type[Wish],
        doing: Callable[[Wish], Coroutine[Any, Any, Outcome]],
        queue: str = HOUSEKEEPING,
        lane: Callable[[Wish], str | None] = lambda job: None,
    ) -> Callable[[Outcome], Coroutine[Any, Any, Outcome]]:
        """A workflow. One that GitHub asks for patience ends, and is queued again for later under another id: asleep
        it would keep its place from everybody else for up to an hour."""

        async def run(raw: Outcome) -> Outcome:
            job = msgspec.convert(raw, kind)
            try:
                return await doing(job)
            except ComeBackLaterError as error:
                if job.waits >= LIMITED_TIMES:
                    raise StepFailedError("GitHub's rate limit did not end") from None
                later = msgspec.structs.replace(job, waits=job.waits + 1)
                pause = min(max(1.0, error.until - time.time()), LONGEST_PAUSE)
            except Exception as error:
                if not is_outage(error):
                    raise
                log.warning("job_interrupted", job=job.id, kind=name, reason=trouble(error))
                raise asyncio.CancelledError from error  # no outcome: the job is still to be done
            log.warning("rate_limited", job=job.id, kind=name, seconds=round(pause, 1))
            with (
                SetWorkflowID(later.id),
                SetWorkflowTimeout(JOB_SECONDS),
                SetEnqueueOptions(queue_partition_key=lane(job), delay_seconds=pause),
            ):
                await DBOS.enqueue_workflow_async(queue, workflow, msgspec.to_builtins(later))
            return {"status": "later", "job": later.id}

        workflow: Callable[[Outcome], Coroutine[Any, Any, Outcome]] = DBOS.workflow(
            name=name, max_recovery_attempts=RECOVERY_ATTEMPTS
        )(run)
        return workflow

    @contextlib.contextmanager
    def _known(self, kind: str, job_id: str, **fields: Any) -> Iterator[None]:
        """Counts the job as running here, and names it on every log line."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a job runs inside a task")
        self._running[task] = DBOS.workflow_id or job_id
        try:
            with structlog.contextvars.bound_contextvars(job=job_id, kind=kind, **fields):
                yield
        finally:
            self._running.pop(task, None)
            self._untouched.discard(job_id)

    # ------------------------------------------------------------------ life

    async def start(self) -> None:
        """Migrate, recover what a crash of this machine left, and begin. Raises JobsError."""
        await asyncio.to_thread(refuse_foreign_rows, self.database_url)
        DBOS.destroy(destroy_registry=True)  # nothing of an earlier instance in this process
        self._review_workflow = self._returning(
            "review", ReviewJob, self._review, REVIEWS, lambda job: job.lane
        )
        self._command_workflow = self._returning("command", CommandJob, self._command)
        self._rerun_workflow = self._returning("rerun", RerunJob, self._rerun)
        self._merge_group_workflow = self._returning("merge_group", MergeGroupJob, self._merge_group)
        self._forget_workflow = self._returning("forget", ForgetJob, self._forget)
        self._arrive_workflow = self._returning("arrive", ArriveJob, self._arrive)

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
            await _end(self._heart)
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
        await _end(*_on_this_loop(self._running))
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
                    await _end(*_on_this_loop(self._running))

    async def _begin_anew(self) -> None:
        """After a silence the others may have our jobs: end ours, and queue again what nobody took."""
        await _end(*_on_this_loop(self._running))
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


def _forced(stored: Any) -> bool:
    return bool(job_input(stored).get("force"))


def _belongs(stored: Any, job: ForgetJob) -> bool:
    repository = job_input(stored).get("repository") or {}
    if job.reason == "transferred":
        return repository.get("id") in job.repository_ids
    if repository.get("installation_id") != job.installation_id:
        return False
    return not job.repository_ids or repository.get("id") in job.repository_ids


def _reason(error: Exception) -> str:
    """For the author of the pull request: what went wrong, without our insides."""
    if isinstance(error, StepFailedError):
        return str(error).partition(":")[0] or "unknown"
    return type(error).__name__


def _on_this_loop(tasks: Iterable[asyncio.Task[Any]]) -> list[asyncio.Task[Any]]:
    """Without those on the engine's own loop, which it uses while ours stands still and ends by itself."""
    loop = asyncio.get_running_loop()
    return [task for task in list(tasks) if task.get_loop() is loop]


async def _end(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
