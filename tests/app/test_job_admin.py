from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from app.jobs import JobsError
from app.jobs.admin import JobsAdmin
from app.jobs.stored import StepFailedError
from app.jobstext import age
from tests.cli.program import fastperf

from .conftest import Starting
from .recorded_work import RecordedWork, review

Value = TypeVar("Value")


async def asked(database: str, question: Callable[[JobsAdmin], Value]) -> Value:
    def ask() -> Value:
        with JobsAdmin(database) as admin:
            return question(admin)

    return await asyncio.to_thread(ask)


async def test_open_jobs_are_listed_with_what_they_are_about(start_jobs: Starting, database: str) -> None:
    work = RecordedWork()
    work.gate.clear()
    jobs = await start_jobs(work)
    running = await jobs.request_review(review("a", number=3))
    await asyncio.wait_for(work.gathering.wait(), 10)

    (job,) = await asked(database, lambda admin: admin.jobs())

    assert (job.id, job.state, job.repository, job.number) == (running, "running", "octo/shop", 3)
    assert job.machine == "local"
    work.gate.set()
    await jobs.result(running)
    assert await asked(database, lambda admin: admin.jobs()) == []
    (done,) = [
        entry for entry in await asked(database, lambda admin: admin.jobs(finished=True)) if entry.number == 3
    ]
    assert (done.state, done.outcome) == ("done", "published")


async def test_a_cancelled_job_publishes_nothing_and_can_be_tried_again(
    start_jobs: Starting, database: str
) -> None:
    work = RecordedWork()
    work.gate.clear()
    jobs = await start_jobs(work)
    job_id = await jobs.request_review(review("a"))
    await asyncio.wait_for(work.gathering.wait(), 10)

    cancelled = await asked(database, lambda admin: admin.cancel(job_id))
    assert cancelled.state == "cancelled"
    work.gate.set()
    await jobs.idle()
    assert work.count("publish") == 0

    await asked(database, lambda admin: admin.retry(job_id))
    assert (await jobs.result(job_id))["status"] == "published"
    assert work.count("publish") == 1


async def test_a_failed_job_goes_on_with_the_step_that_failed(start_jobs: Starting, database: str) -> None:
    work = RecordedWork()
    # Published neither with its comments nor without, and not as a fault.
    work.fail = {"publish": [RuntimeError("no"), RuntimeError("no")], "fault": [RuntimeError("nor this")]}
    jobs = await start_jobs(work)
    job_id = await jobs.request_review(review("a"))
    with pytest.raises(StepFailedError):
        await jobs.result(job_id)
    assert (await asked(database, lambda admin: admin.job(job_id))).state == "failed"

    assert (await asked(database, lambda admin: admin.retry(job_id))).state in {"waiting", "running", "done"}

    assert (await asyncio.wait_for(jobs.result(job_id), 10))["status"] == "published"
    assert (work.count("gather"), work.count("publish")) == (1, 3)


async def test_a_job_that_is_tried_again_waits_for_the_other_of_its_pull_request(
    start_jobs: Starting, database: str
) -> None:
    work = RecordedWork()
    work.gate.clear()
    jobs = await start_jobs(work)
    cancelled = await jobs.request_review(review("a"))
    await asyncio.wait_for(work.gathering.wait(), 10)
    await asked(database, lambda admin: admin.cancel(cancelled))
    work.gate.set()
    await jobs.idle()
    work.gate.clear()
    work.gathering.clear()
    other = await jobs.request_review(review("b", force=True))
    await asyncio.wait_for(work.gathering.wait(), 10)

    await asked(database, lambda admin: admin.retry(cancelled))
    await asyncio.sleep(0.3)  # it begins if it can
    work.gate.set()

    await jobs.result(other)
    await jobs.result(cancelled)
    assert work.most_at_once[review("a").key] == 1


async def test_what_cannot_be_done_is_said(start_jobs: Starting, database: str) -> None:
    jobs = await start_jobs(RecordedWork())
    job_id = await jobs.request_review(review("a"))
    await jobs.result(job_id)

    for question, complaint in (
        (lambda admin: admin.job("review:none"), "there is no job"),
        (lambda admin: admin.cancel(job_id), "is done already"),
        (lambda admin: admin.retry(job_id), "only what failed or was cancelled"),
    ):
        with pytest.raises(JobsError, match=complaint):
            await asked(database, question)


async def test_the_command_line_reads_beside_a_running_server(
    start_jobs: Starting, database: str, tmp_path: Path
) -> None:
    jobs = await start_jobs(RecordedWork())
    job_id = await jobs.request_review(review("a", number=12))
    await jobs.result(job_id)

    async def run(*arguments: str) -> tuple[int, str, str]:
        done = await asyncio.to_thread(
            fastperf, "jobs", *arguments, folder=tmp_path, environment={"FASTPERF_DATABASE_URL": database}
        )
        return done.returncode, done.stdout, done.stderr

    assert await run() == (0, "No job waits or runs.\n", "")
    status, listed, _ = await run("list", "--all", "--output-format", "json")
    entries: list[dict[str, Any]] = json.loads(listed)
    assert status == 0
    assert [entry["number"] for entry in entries if entry["id"] == job_id] == [12]
    status, shown, _ = await run("show", job_id)
    assert status == 0
    assert "octo/shop #12" in shown
    assert (await run("show"))[0] == 2
    status, _, complaint = await run("cancel", job_id)
    assert (status, complaint) == (2, f"fastperf: {job_id} is done already\n")


def test_a_database_that_no_server_used_is_said(tmp_path: Path) -> None:
    done = fastperf("jobs", folder=tmp_path)

    assert done.returncode == 2
    assert done.stderr == "fastperf: no server has used this database yet\n"
    assert list(tmp_path.iterdir()) == []


def test_ages_are_short() -> None:
    assert [age(seconds) for seconds in (-1, 5, 90, 7200, 200_000)] == ["0 s", "5 s", "2 min", "2 h", "2 d"]
