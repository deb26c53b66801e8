"""What each kind of job does, step by step.

Every step may run twice. One review runs per pull request at a time; it asks GitHub for the head, so whatever order
the deliveries came in, the newest commit is what gets reviewed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec
import structlog
from cachetools import TTLCache
from dbos import DBOS, SetEnqueueOptions, SetWorkflowID, SetWorkflowTimeout

from app.database import is_outage, trouble
from app.jobs.lease import HOUSEKEEPING, Lease
from app.jobs.running import Running, end
from app.jobs.stored import StepFailedError, job_input
from app.work import (
    ArriveJob,
    CommandJob,
    ForgetJob,
    MergeGroupJob,
    Outcome,
    RerunJob,
    ReviewJob,
    Swept,
    ThreadJob,
    Work,
)

log = structlog.get_logger(__name__)
Value = TypeVar("Value")

REVIEWS: Final = "reviews"
ACTIVE: Final = ["DELAYED", "ENQUEUED", "PENDING"]
MOST_ANALYSES: Final = 4
"""How many of the reviews here read and analyse at once. More would only wait for each other, and deliveries with
them."""
NOTHING_TO_CLEAN: Final = frozenset({"yielded", "done", "gone"})
LIMITED_TIMES: Final = 12
GROUP_PAUSES: Final = (15.0, 60.0, 180.0, 600.0, 900.0)
"""Between attempts to answer a merge group at all: a queue waits for an hour by default."""
LONGEST_PAUSE: Final = 3600.0
RECOVERY_ATTEMPTS: Final = 5
OUTAGE_SECONDS: Final = 2.0
"""Between attempts of a step that the database does not let pass."""
JOB_SECONDS: Final = 6 * 3600.0
"""A job's whole life, waits for rate limits included."""

Wish = TypeVar("Wish", ReviewJob, CommandJob, RerunJob, MergeGroupJob, ForgetJob, ArriveJob, ThreadJob)
Workflow = Callable[[Outcome], Coroutine[Any, Any, Outcome]]


class ComeBackLaterError(Exception):
    """GitHub wants no calls before `until`, a UNIX time: the job gives its place to others meanwhile."""

    def __init__(self, until: float) -> None:
        super().__init__(f"GitHub asks for patience until {until:.0f}")
        self.until = until


class Workflows:
    """Makes workflows of the engine, one for each kind of job, out of the steps that `work` does."""

    def __init__(
        self,
        work: Work,
        lease: Lease,
        running: Running,
        *,
        attempts: int,
        first_pause: float,
        retention_days: int,
        on_event: Callable[[str, int], None],
        on_stage: Callable[[str, float], None],
    ) -> None:
        self.work = work
        self.lease = lease
        self.running = running
        self.attempts = attempts
        self.first_pause = first_pause
        self.retention_days = retention_days
        self._on_event = on_event
        self._on_stage = on_stage
        self._reviewing: dict[str, tuple[ReviewJob, asyncio.Event]] = {}
        self._analyses = asyncio.Semaphore(MOST_ANALYSES)
        self._untouched: set[str] = set()
        """Jobs gathered by this process whose publishing has not begun: nothing can be there already."""
        self._asked_at: TTLCache[str, float] = TTLCache(maxsize=10_000, ttl=JOB_SECONDS)
        """When the reviews asked for here were asked for."""

    def register(self) -> None:
        """Tell the engine of them; once for each start of it."""
        self.review = self._returning("review", ReviewJob, self._review, REVIEWS, lambda job: job.lane)
        self.command = self._returning("command", CommandJob, self._command)
        self.rerun = self._returning("rerun", RerunJob, self._rerun)
        self.merge_group = self._returning("merge_group", MergeGroupJob, self._merge_group)
        self.forget = self._returning("forget", ForgetJob, self._forget)
        self.thread = self._returning("thread", ThreadJob, self._thread)
        self.arrive = self._returning("arrive", ArriveJob, self._arrive)

        async def sweep(at: Any, context: Any) -> Outcome:
            return await self._sweep(at, context)

        self.sweep = DBOS.workflow(name="sweep")(sweep)

    def asked(self, job: ReviewJob) -> None:
        """A review was asked for here and now."""
        self._asked_at.setdefault(job.id, time.monotonic())
        self._supersede_here(job)

    def _supersede_here(self, job: ReviewJob) -> None:
        """Spare the work of an analysis whose outcome nobody waits for. Only a short cut:
        the head is asked for again before anything is posted."""
        if (running := self._reviewing.get(job.key)) is None:
            return
        older, superseded = running
        if older.id != job.id and job.answers(older):
            superseded.set()

    async def _review(self, job: ReviewJob) -> Outcome:
        with self._known(
            "review", job.id, delivery=job.trigger, repository=job.repository.full_name, number=job.number
        ):
            if (asked := self._asked_at.get(job.id)) is not None:
                self._on_stage("wait", time.monotonic() - asked)
            gathered: Outcome = {}
            try:
                gathered = await self._patiently("gather", self._gather, job)
                if gathered["status"] == "report":
                    published = await self._patiently("publish", self._publish, job, gathered)
                    gathered = {**gathered, **published}
                if gathered["status"] not in NOTHING_TO_CLEAN:
                    cleaned = await self._patiently("clean_up", self.work.clean_up, job, gathered)
                    await self._review_bereft(cleaned)
            except ComeBackLaterError:
                raise
            except Exception as error:
                if is_outage(error):
                    raise
                # Cancellation is no Exception and passes. What reaches this line was tried often enough.
                log.exception("review_failed", error=type(error).__name__)
                self._on_event("failed", 1)
                reason = _reason(error)
                if not await self._has_verdict(job, gathered):
                    concluded = await self._patiently("fault", self.work.conclude_fault, job, reason)
                    await self._review_bereft(concluded)
                return {"status": "fault", "reason": reason}
            log.info("review_done", status=gathered["status"])
            self._on_event("done", 1)
            if (asked := self._asked_at.pop(job.id, None)) is not None:
                self._on_stage("whole", time.monotonic() - asked)
            return {"status": gathered["status"], "head_sha": gathered.get("head_sha")}

    async def _has_verdict(self, job: ReviewJob, gathered: Outcome) -> bool:
        """Whether the check run says what the analysis found, after a fault that came later: that comments cannot be
        written is no reason to let pass what fails."""
        if gathered.get("status") != "report":
            return gathered.get("status") == "published"
        try:
            await self._patiently("verdict", self._publish, job, {**gathered, "comments": []})
        except ComeBackLaterError:
            raise
        except Exception as error:
            if is_outage(error):
                raise
            log.warning("verdict_not_said", error=type(error).__name__)
            return False
        return True

    async def _command(self, job: CommandJob) -> Outcome:
        with self._known(
            "command", job.id, delivery=job.trigger, repository=job.repository.full_name, number=job.number
        ):
            try:
                wish = await self._patiently("command", self._answer_command, job)
            except ComeBackLaterError:
                raise
            except Exception as error:
                if is_outage(error):
                    raise
                log.exception("command_failed", error=type(error).__name__)
                self._on_event("failed", 1)
                return await self._patiently("fault", self.work.refuse_command, job)
            if wish.get("review"):
                await self._review_next(msgspec.convert(wish["review"], ReviewJob))
            return {"status": "done"}

    async def _rerun(self, job: RerunJob) -> Outcome:
        with self._known("rerun", job.id, delivery=job.trigger, repository=job.repository.full_name):
            found = await self._patiently("find", self._find_reruns, job)
            for review in msgspec.convert(found["reviews"], tuple[ReviewJob, ...]):
                await self._review_next(review)
            return {"status": "done"}

    async def _thread(self, job: ThreadJob) -> Outcome:
        with self._known(
            "thread", job.id, delivery=job.trigger, repository=job.repository.full_name, number=job.number
        ):
            return await self._patiently("thread", self.work.thread, job)

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
            if job.reason != "privatized":
                await self._step("cancel", self._cancel_of_installation, job)
            return await self._patiently("forget", self.work.forget, job)

    async def _arrive(self, job: ArriveJob) -> Outcome:
        with self._known("arrive", job.id, delivery=job.trigger, installation=job.installation_id):
            found = await self._patiently("look", self._find_open, job)
            await self._review_idle(found)
            return {"status": "done"}

    async def _sweep(self, at: Any, _context: Any) -> Outcome:
        with self._known("sweep", f"sweep:{at}"):
            await self._step("recover", self.lease.look_for_dead)
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

    async def _review_bereft(self, outcome: Outcome) -> None:
        """Review those that shared a commit with the pull request, which has left it."""
        for review in msgspec.convert(outcome.get("reviews", ()), tuple[ReviewJob, ...]):
            await self._review_next(review)

    async def _review_next(self, review: ReviewJob) -> None:
        """From within a workflow: recorded there, so a second run enqueues nothing new."""
        with SetWorkflowID(review.id), SetEnqueueOptions(queue_partition_key=review.lane):
            await DBOS.enqueue_workflow_async(REVIEWS, self.review, msgspec.to_builtins(review))
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
            (status.workflow_id, _wished(status.input, job))
            for status in waiting
            if status.workflow_id != job.id and status.workflow_id.startswith(job.prefix)
        ]
        if any(other.answers(job) and not job.answers(other) for _, other in others):
            return True
        if answered := [job_id for job_id, other in others if job.answers(other)]:
            await DBOS.cancel_workflows_async(answered)
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
            await end(gathering, watching)
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
    ) -> Workflow:
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

        workflow: Workflow = DBOS.workflow(name=name, max_recovery_attempts=RECOVERY_ATTEMPTS)(run)
        return workflow

    @contextlib.contextmanager
    def _known(self, kind: str, job_id: str, **fields: Any) -> Iterator[None]:
        try:
            with self.running.known(kind, job_id, **fields):
                yield
        finally:
            self._untouched.discard(job_id)


def _wished(stored: Any, like: ReviewJob) -> ReviewJob:
    """A review of the same pull request, as far as it decides which of them is done."""
    wish = job_input(stored)
    return msgspec.structs.replace(like, force=bool(wish.get("force")), quiet=bool(wish.get("quiet")))


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
