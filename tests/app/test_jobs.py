from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from dbos._dbos import _get_dbos_instance

from app.jobs import Jobs, JobsError, QueueUnavailableError, Serializer, StepFailedError
from app.jobs.engine import MOST_REVIEWS
from app.jobs.lease import MOST_FORGIVEN
from app.work import CommandJob, ForgetJob, Outcome, RerunJob, ReviewJob, Swept

from .conftest import Starting
from .recorded_work import REPOSITORY, LimitError, PassingError, RecordedWork, review


async def test_a_review_is_gathered_published_and_cleaned_up_once(start_jobs: Starting) -> None:
    work = RecordedWork()
    jobs = await start_jobs(work)

    job = await jobs.request_review(review("a"))

    assert (await jobs.result(job))["status"] == "published"
    assert [step for step, _ in work.done] == ["gather", "publish", "clean_up"]
    assert work.again == [False]


async def test_the_same_delivery_twice_is_one_job_even_after_it_ended(start_jobs: Starting) -> None:
    work = RecordedWork()
    jobs = await start_jobs(work)

    await asyncio.gather(*(jobs.request_review(review("a")) for _ in range(10)))
    await jobs.result(review("a").id)
    await jobs.request_review(review("a"))
    await jobs.request_review(review("b"))
    await jobs.result(review("b").id)

    assert [identity for step, identity in work.done if step == "gather"] == [review("a").id, review("b").id]


async def test_a_burst_of_pushes_is_one_review_and_never_two_at_once(start_jobs: Starting) -> None:
    work = RecordedWork()
    work.gate.clear()
    jobs = await start_jobs(work)

    for index in range(12):
        await jobs.request_review(review(f"push-{index:02}"))
    await asyncio.wait_for(work.gathering.wait(), 10)
    work.gate.set()
    await jobs.idle()

    assert 1 <= work.count("publish") <= 2
    assert work.most_at_once[review("x").key] == 1


async def test_a_newer_push_ends_the_analysis_of_the_older_one(start_jobs: Starting) -> None:
    work = RecordedWork()
    work.gate.clear()
    jobs = await start_jobs(work)

    older = await jobs.request_review(review("older"))
    await asyncio.wait_for(work.gathering.wait(), 10)
    newer = await jobs.request_review(review("newer"))

    assert (await jobs.result(older))["status"] == "superseded"
    assert ("clean_up", f"{older} superseded") in work.done
    work.gate.set()
    assert (await jobs.result(newer))["status"] == "published"


async def test_a_push_does_not_swallow_a_rescan_that_waits(start_jobs: Starting) -> None:
    work = RecordedWork()
    work.gate.clear()
    jobs = await start_jobs(work)

    await jobs.request_review(review("running", force=True))
    await asyncio.wait_for(work.gathering.wait(), 10)
    await jobs.request_review(review("another", number=1))
    rescan = await jobs.request_review(review("rescan", force=True))
    await jobs.request_review(review("push"))
    work.gate.set()

    assert (await jobs.result(rescan))["status"] == "published"
    assert ("publish", rescan) in work.done


async def test_an_answer_without_a_word_makes_way_for_a_push(start_jobs: Starting) -> None:
    work = RecordedWork()
    work.gate.clear()
    jobs = await start_jobs(work)

    await jobs.request_review(review("running", force=True))
    await asyncio.wait_for(work.gathering.wait(), 10)
    quiet = await jobs.request_review(msgspec.structs.replace(review("quiet"), quiet=True))
    push = await jobs.request_review(review("push"))
    work.gate.set()

    assert (await jobs.result(push))["status"] == "published"
    await jobs.idle()
    assert ("publish", quiet) not in work.done


async def test_other_pull_requests_do_not_wait(start_jobs: Starting) -> None:
    work = RecordedWork()
    work.gate.clear()
    jobs = await start_jobs(work)

    await jobs.request_review(review("a", number=1))
    await asyncio.wait_for(work.gathering.wait(), 10)
    work.gathering.clear()
    await jobs.request_review(review("b", number=2))
    await asyncio.wait_for(work.gathering.wait(), 10)
    work.gate.set()

    assert (await jobs.result(review("a", number=1).id))["status"] == "published"
    assert (await jobs.result(review("b", number=2).id))["status"] == "published"


async def test_a_passing_error_is_tried_again_and_then_looks_before_it_writes(start_jobs: Starting) -> None:
    work = RecordedWork()
    work.fail = {"gather": [PassingError()], "publish": [PassingError(), PassingError()]}
    jobs = await start_jobs(work)

    job = await jobs.request_review(review("a"))

    assert (await jobs.result(job))["status"] == "published"
    assert work.again == [False, True, True]


async def test_a_job_whose_end_could_not_be_written_down_does_not_keep_its_lane(
    start_jobs: Starting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.lease.HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr("app.jobs.lease.STRAY_SECONDS", 0.2)
    monkeypatch.setattr("app.work.LANES", 1)
    jobs = await start_jobs(work := RecordedWork())
    database = _get_dbos_instance()._sys_db
    write, lost = database.update_workflow_outcome, []

    def fail(*arguments: Any, **options: Any) -> bool:
        if len(lost) < 2:  # the engine writes down at once that it failed
            lost.append(arguments[0])
            raise sa.exc.OperationalError("UPDATE", None, sqlite3.OperationalError("disk I/O error"))
        return write(*arguments, **options)

    monkeypatch.setattr(database, "update_workflow_outcome", fail)
    first = await jobs.request_review(review("a", number=1))
    second = await jobs.request_review(review("b", number=2))

    assert (await jobs.result(first))["status"] == "published"
    assert (await jobs.result(second))["status"] == "published"
    assert lost
    assert [identity for step, identity in work.done if step == "publish"].count(first) == 1


async def test_a_job_that_is_queued_again_has_as_long_as_before_to_begin(
    start_jobs: Starting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.lease.STRAY_SECONDS", 0.2)
    lease = (await start_jobs(RecordedWork()))._lease
    queued: list[str] = []

    def requeue(jobs: list[str]) -> int:
        queued.extend(jobs)
        return len(jobs)

    monkeypatch.setattr(lease, "_requeue", requeue)
    for expected in ([], ["a"], ["a", "a"]):
        for _ in range(3):
            await lease._take_up_strays({"a"})
            assert queued == expected
        await asyncio.sleep(0.25)


async def test_a_job_is_not_given_up_for_outages_but_for_beginning_anew_for_ever(
    start_jobs: Starting,
) -> None:
    work = RecordedWork()
    work.gate.clear()
    jobs = await start_jobs(work)

    async def interrupted(job: str, most: int) -> int:
        """How often it begins anew until it is given up, or `most` times."""
        for times in range(most):
            async with asyncio.timeout(10):
                while not work.gathering.is_set():
                    if await jobs.status(job) == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
                        return times
                    await asyncio.sleep(0.01)
            work.gathering.clear()
            await jobs._lease._begin_anew()
        return most

    job = await jobs.request_review(review("a", number=1))
    assert await interrupted(job, MOST_FORGIVEN) == MOST_FORGIVEN
    await asyncio.wait_for(work.gathering.wait(), 10)
    work.gate.set()
    assert (await jobs.result(job))["status"] == "published"

    work.gate.clear()
    work.gathering.clear()
    job = await jobs.request_review(review("b", number=2))
    assert MOST_FORGIVEN < await interrupted(job, 100) < MOST_FORGIVEN + 10


async def test_an_outage_of_the_database_ends_no_job(
    start_jobs: Starting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.lease.HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr("app.jobs.lease.STRAY_SECONDS", 0.2)
    monkeypatch.setattr("app.jobs.workflows.OUTAGE_SECONDS", 0.01)
    work = RecordedWork()
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    work.fail = {"gather": [sa.exc.OperationalError("INSERT", None, full) for _ in range(20)]}
    jobs = await start_jobs(work)
    database = _get_dbos_instance()._sys_db
    record, lost = database.record_operation_result, []

    def fail_once(*arguments: Any, **options: Any) -> None:
        if not lost:
            lost.append(arguments)
            raise sa.exc.OperationalError("INSERT", None, full)
        record(*arguments, **options)

    monkeypatch.setattr(database, "record_operation_result", fail_once)
    job = await jobs.request_review(review("a"))

    assert (await jobs.result(job))["status"] == "published"
    assert lost
    assert work.count("fault") == 0
    assert work.count("publish") == 1


async def test_a_lasting_error_concludes_the_check_run_with_a_reason(start_jobs: Starting) -> None:
    work = RecordedWork()
    work.fail = {"publish": [ValueError("secret insides"), ValueError("again, without comments")]}
    jobs = await start_jobs(work)

    job = await jobs.request_review(review("a"))

    assert await jobs.result(job) == {"status": "fault", "reason": "ValueError"}
    assert ("fault", "ValueError") in work.done

    for number, step in enumerate(("publish", "clean_up")):  # the verdict is said, or was: it stands
        work.fail = {step: [ValueError("comments cannot be written")]}
        job = await jobs.request_review(review(step, 2 + number))
        assert (await jobs.result(job))["status"] == "fault"
    assert work.count("fault") == 1


async def test_a_rate_limit_is_waited_for(start_jobs: Starting) -> None:
    work = RecordedWork()
    work.fail = {"gather": [LimitError(time.time() + 0.5)]}
    jobs = await start_jobs(work)
    began = time.monotonic()

    job = await jobs.request_review(review("a"))

    assert (await jobs.result(job))["status"] == "published"
    assert time.monotonic() - began >= 0.9
    assert work.count("fault") == 0


class WithoutBudget(RecordedWork):
    """GitHub hears nothing of these installations for an hour."""

    def __init__(self, *installations: int) -> None:
        super().__init__()
        self.limited = frozenset(installations)
        self.refused: list[str] = []

    def _look(self, job: ReviewJob | CommandJob) -> None:
        if job.repository.installation_id in self.limited:
            self.refused.append(job.id)
            raise LimitError(time.time() + 3600)

    async def gather(self, job: ReviewJob) -> Outcome:
        self._look(job)
        return await super().gather(job)

    async def command(self, job: CommandJob) -> ReviewJob | None:
        self._look(job)
        return await super().command(job)


async def test_installations_that_must_wait_for_an_hour_take_no_place_from_others(
    start_jobs: Starting,
) -> None:
    loud = range(100, 100 + MOST_REVIEWS)
    work = WithoutBudget(*loud)
    jobs = await start_jobs(work)
    for installation in loud:
        theirs = msgspec.structs.replace(REPOSITORY, installation_id=installation, id=installation)
        await jobs.request_review(ReviewJob(repository=theirs, number=1, trigger="a"))
        await jobs.request_command(
            CommandJob(
                repository=theirs, number=1, trigger="a", author="ann", pull_author="ann", body="/fastperf"
            )
        )
    async with asyncio.timeout(20):
        while len(work.refused) < 2 * len(loud):  # noqa: ASYNC110 - threads of the engine do the work
            await asyncio.sleep(0.01)

    command = CommandJob(
        repository=REPOSITORY, number=1, trigger="q", author="ann", pull_author="ann", body="/fastperf"
    )
    async with asyncio.timeout(10):
        assert (await jobs.result(await jobs.request_review(review("quiet"))))["status"] == "published"
        assert (await jobs.result(await jobs.request_command(command)))["status"] == "done"
    assert len(work.refused) == len(set(work.refused)) == 2 * len(loud)


async def test_what_comes_back_after_a_limit_looks_before_it_writes(start_jobs: Starting) -> None:
    work = RecordedWork()
    work.fail = {"publish": [LimitError(time.time())]}
    jobs = await start_jobs(work)

    job = await jobs.request_review(review("a"))

    assert (await jobs.result(job))["status"] == "published"
    assert work.again == [False, True]


async def test_a_job_that_was_running_is_taken_up_by_the_next_process(
    database: str, start_jobs: Starting
) -> None:
    first = RecordedWork()
    first.gate.clear()
    jobs = await start_jobs(first)
    job = await jobs.request_review(review("a"))
    await asyncio.wait_for(first.gathering.wait(), 10)
    await jobs.close()

    second = RecordedWork()
    again = await start_jobs(second)

    assert (await again.result(job))["status"] == "published"
    assert first.done == []
    assert [step for step, _ in second.done] == ["gather", "publish", "clean_up"]


async def test_jobs_of_a_dead_machine_go_back_to_their_queue(database: str, start_jobs: Starting) -> None:
    first = RecordedWork()
    first.gate.clear()
    jobs = await start_jobs(first)
    job = await jobs.request_review(review("a"))
    await asyncio.wait_for(first.gathering.wait(), 10)
    await jobs.close()
    await asyncio.to_thread(_rename_executor, database, "gone")

    second = RecordedWork()
    again = await start_jobs(second)
    await asyncio.sleep(0.2)
    assert second.done == []
    recovered = await again._lease.recover(frozenset({"local"}))

    assert recovered == ["gone"]
    assert (await again.result(job))["status"] == "published"


def _rename_executor(database: str, name: str) -> None:
    with sqlite3.connect(database.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE workflow_status SET executor_id = ? WHERE status = 'PENDING'", (name,))


async def test_a_closed_engine_takes_no_jobs(start_jobs: Starting) -> None:
    jobs = await start_jobs(RecordedWork())
    await jobs.close()

    with pytest.raises(QueueUnavailableError):
        await jobs.request_review(review("a"))


async def test_a_command_may_lead_to_a_review(start_jobs: Starting) -> None:
    work = RecordedWork()
    work.next_review = review("comment-5", force=True)
    jobs = await start_jobs(work)

    job = await jobs.request_command(
        CommandJob(
            repository=REPOSITORY, number=1, trigger="d", author="a", pull_author="a", body="/fastperf rescan"
        )
    )

    assert (await jobs.result(job))["status"] == "done"
    assert (await jobs.result(review("comment-5").id))["status"] == "published"


async def test_a_rerun_reviews_each_pull_request_of_the_commit(start_jobs: Starting) -> None:
    work = RecordedWork()
    jobs = await start_jobs(work)

    await jobs.result(
        await jobs.request_rerun(
            RerunJob(repository=REPOSITORY, head_sha="f" * 40, numbers=(1, 2), trigger="t")
        )
    )

    for number in (1, 2):
        assert (await jobs.result(review("t", number).id))["status"] == "published"


async def test_an_uninstalled_app_stops_its_jobs_and_forgets(start_jobs: Starting) -> None:
    work = RecordedWork()
    work.gate.clear()
    jobs = await start_jobs(work)
    job = await jobs.request_review(review("a"))
    await asyncio.wait_for(work.gathering.wait(), 10)

    await jobs.result(
        await jobs.request_forget(ForgetJob(installation_id=1, repository_ids=(), trigger="gone"))
    )
    work.gate.set()

    assert await jobs.status(job) == "CANCELLED"
    assert work.count("forget") == 1
    assert work.count("publish") == 0


async def test_a_sweep_reviews_what_was_missed(start_jobs: Starting) -> None:
    work = RecordedWork()
    work.swept = Swept(reviews=(review("sweep-abc"),))
    jobs = await start_jobs(work)

    await jobs.sweep_now()

    assert (await jobs.result(review("sweep-abc").id))["status"] == "published"


async def test_a_sweep_interrupts_nobody(start_jobs: Starting) -> None:
    work = RecordedWork()
    work.gate.clear()
    work.swept = Swept(reviews=(review("sweep-abc"),))
    jobs = await start_jobs(work)
    job = await jobs.request_review(review("a"))
    await asyncio.wait_for(work.gathering.wait(), 10)

    await jobs.sweep_now()
    work.gate.set()

    assert (await jobs.result(job))["status"] == "published"
    assert await jobs.status(review("sweep-abc").id) is None


async def test_rows_of_another_serializer_keep_the_engine_from_starting(
    database: str, start_jobs: Starting
) -> None:
    jobs = await start_jobs(RecordedWork())
    await jobs.result(await jobs.request_review(review("a")))
    await jobs.close()
    await asyncio.to_thread(_pickle_row, database)

    with pytest.raises(JobsError, match="py_pickle"):
        await start_jobs(RecordedWork())


def _pickle_row(database: str) -> None:
    with sqlite3.connect(database.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE workflow_status SET serialization = 'py_pickle'")


async def test_nothing_pickled_is_ever_stored(database: str, start_jobs: Starting) -> None:
    work = RecordedWork()
    work.fail = {"publish": [ValueError("x")]}
    jobs = await start_jobs(work)
    await jobs.result(await jobs.request_review(review("a")))
    await jobs.close()

    kinds = await asyncio.to_thread(_serializations, database)
    assert kinds == {Serializer.NAME}


def _serializations(database: str) -> set[str]:
    with sqlite3.connect(database.removeprefix("sqlite:///")) as connection:
        return {
            row[0]
            for table in ("workflow_status", "operation_outputs")
            for row in connection.execute(f"SELECT DISTINCT serialization FROM {table}")
            if row[0] is not None
        }


def test_an_error_comes_back_as_a_failed_step_and_values_as_they_were() -> None:
    serializer = Serializer()
    value = {"args": (1, "two"), "kwargs": {}}

    assert serializer.deserialize(serializer.serialize(value)) == {"args": [1, "two"], "kwargs": {}}
    error = serializer.deserialize(serializer.serialize(RuntimeError("no")))
    assert isinstance(error, StepFailedError)
    assert str(error) == "RuntimeError: no"
    with pytest.raises(TypeError):
        serializer.serialize({"file": Path("x")})


async def test_the_database_is_in_wal_mode(database: str, start_jobs: Starting) -> None:
    jobs: Jobs = await start_jobs(RecordedWork())
    await jobs.result(await jobs.request_review(review("a")))

    mode = await asyncio.to_thread(_journal_mode, database)
    assert mode == "wal"


def _journal_mode(database: str) -> str:
    with sqlite3.connect(database.removeprefix("sqlite:///")) as connection:
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


async def test_a_job_on_the_engines_own_loop_does_not_break_the_drain(start_jobs: Starting) -> None:
    """The engine runs a job there when it takes one while our loop stands still."""
    jobs = await start_jobs(RecordedWork())
    begun, release = threading.Event(), threading.Event()

    async def elsewhere() -> None:
        with jobs._running.known("review", "elsewhere"):
            begun.set()
            await asyncio.get_running_loop().run_in_executor(None, release.wait)

    other = threading.Thread(target=lambda: asyncio.run(elsewhere()))
    other.start()
    await asyncio.to_thread(begun.wait, 10)
    try:
        await jobs.close()
    finally:
        release.set()
        other.join(10)

    with pytest.raises(QueueUnavailableError):
        await jobs.request_review(review("a"))


async def test_a_draining_machine_goes_on_saying_that_it_lives(
    start_jobs: Starting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last reviews have as long as the drain is, not only as long as the lease."""
    monkeypatch.setattr("app.jobs.lease.HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr("app.jobs.lease.LEASE_SECONDS", 2.0)
    work = RecordedWork()
    work.gate.clear()
    jobs = await start_jobs(work)
    jobs.drain_seconds = 10.0
    jobs._lease._shared = True
    spoke: list[bool] = []
    work.on_publish = lambda: spoke.append(jobs.may_speak)
    await jobs.request_review(review("a"))
    await asyncio.wait_for(work.gathering.wait(), 10)

    closing = asyncio.create_task(jobs.close())
    await asyncio.sleep(3.0)
    work.gate.set()
    await closing

    assert spoke == [True]


async def test_a_loud_installation_leaves_a_place_to_the_others(start_jobs: Starting) -> None:
    work = RecordedWork()
    work.gate.clear()
    jobs = await start_jobs(work)
    for number in range(60):
        await jobs.request_review(review("loud", number))
    await asyncio.wait_for(work.gathering.wait(), 10)
    await asyncio.sleep(0.3)  # it takes all the places it can get
    quiet = msgspec.structs.replace(REPOSITORY, installation_id=REPOSITORY.installation_id + 1, id=77)
    work.gathering.clear()

    await jobs.request_review(msgspec.structs.replace(review("quiet", 1), repository=quiet))
    await asyncio.wait_for(work.gathering.wait(), 10)

    assert work.most_at_once["77#1"] == 1
    work.gate.set()
    await jobs.idle()
    assert work.count("publish") == 61


async def test_quick_pushes_wait_for_each_other(start_jobs: Starting) -> None:
    work = RecordedWork()
    jobs = await start_jobs(work)
    jobs.debounce_seconds = 1.0

    await jobs.request_review(review("push-0"))
    while not work.count("gather"):  # noqa: ASYNC110 - nobody tells when a step begins
        await asyncio.sleep(0.01)
    for index in range(1, 4):
        await jobs.request_review(review(f"push-{index}"))
    await jobs.idle()

    gathered = [identity for step, identity in work.done if step == "gather"]
    assert gathered[0] == review("push-0").id  # the first waits for nobody
    assert len(gathered) == 2  # and one of the others, which asks for the newest head, stands for all


async def test_a_rescan_does_not_wait_for_pushes(start_jobs: Starting) -> None:
    work = RecordedWork()
    jobs = await start_jobs(work)
    jobs.debounce_seconds = 60.0
    await jobs.request_review(review("push"))

    job = await jobs.request_review(review("rescan", force=True))

    assert (await asyncio.wait_for(jobs.result(job), 10))["status"] == "published"
