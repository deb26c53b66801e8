"""Several machines on one PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable

import pytest

from tests.app.process import ROOT, AppProcess, environment_for
from tests.app.service import FILES, SLOW
from tests.chaos.line import Line, server_of
from tests.fakegithub import FakeGitHub
from tests.fakegithub.state import Pull, Repo

TAKE_OVER_SECONDS = 30.0
LAUNCHER = ROOT / "tests" / "chaos" / "launcher.py"
PARTING = [
    pytest.param(Line.cut, id="refused"),
    pytest.param(lambda line: _quietly(line.hush), id="silent"),
]


async def _quietly(hush: Callable[[], None]) -> None:
    hush()


@contextlib.asynccontextmanager
async def line_to(postgres_url: str) -> AsyncIterator[tuple[Line, str]]:
    """A line of one machine's own to the database, and the URL at its near end."""
    async with Line(server_of(postgres_url)) as line:
        yield line, line.near(postgres_url)


def shop(github: FakeGitHub) -> Repo:
    repo = github.add_repo("octo/shop", private=True, files=FILES, required_checks=["fastperf"])
    github.install("octo", [repo])
    repo.git.commit("slow", SLOW, parent=repo.git.ref("main"))
    return repo


def completed(github: FakeGitHub, repo: Repo, pull: Pull) -> bool:
    return any(run.status == "completed" for run in github.check_runs(repo, pull.head_sha))


def assert_said_once(github: FakeGitHub, repo: Repo, pull: Pull) -> None:
    (run,) = github.check_runs(repo, pull.head_sha)
    assert (run.status, run.conclusion) == ("completed", "failure")
    assert len(github.reviews(repo, pull.number)) == 1
    assert len(github.review_comments(repo, pull.number)) == 1


def machine(github: FakeGitHub, database: str, name: str) -> AppProcess:
    return AppProcess(environment_for(github, database, FASTPERF_MACHINE_ID=name))


def quick_machine(github: FakeGitHub, database: str, name: str) -> AppProcess:
    """Its heart beats four times as fast, and so do the others wait."""
    return AppProcess(environment_for(github, database, FASTPERF_MACHINE_ID=name, CHAOS_PACE="1"), [LAUNCHER])


async def test_a_survivor_takes_over_what_a_dead_machine_was_doing(
    fakegithub: FakeGitHub, postgres_url: str
) -> None:
    repo = shop(fakegithub)
    survivor = await machine(fakegithub, postgres_url, "survivor").start()
    dying = await machine(fakegithub, postgres_url, "dying").start()
    fakegithub.webhook_url = f"{dying.url}/webhook"
    fakegithub.faults.latency(2.0, "repos/compare-commits", times=1)
    survivor.signal(signal.SIGSTOP)  # so that it is the other one that takes the job
    pull = await fakegithub.open_pr(repo, "slow")
    await fakegithub.until(lambda: fakegithub.calls("graphql"), 30)
    dying.signal(signal.SIGKILL)
    survivor.signal(signal.SIGCONT)
    assert await dying.ended() == -signal.SIGKILL
    died = time.monotonic()
    try:
        await fakegithub.until(lambda: completed(fakegithub, repo, pull), TAKE_OVER_SECONDS + 10)
        took = time.monotonic() - died
        await asyncio.sleep(1.0)
    finally:
        fakegithub.webhook_url = None
        await survivor.stop()

    assert took < TAKE_OVER_SECONDS
    assert_said_once(fakegithub, repo, pull)


@pytest.mark.parametrize("part", PARTING)
async def test_a_machine_that_lost_the_database_says_nothing_while_another_does_its_job(
    fakegithub: FakeGitHub, postgres_url: str, part: Callable[[Line], object]
) -> None:
    """The network parts while one machine has seen that no review stands, and has not posted it yet."""
    repo = shop(fakegithub)
    async with line_to(postgres_url) as (line, near):
        lonely = await quick_machine(fakegithub, near, "lonely").start()
        fakegithub.webhook_url = f"{lonely.url}/webhook"
        answer = asyncio.Event()
        held = fakegithub.faults.late(answer, "graphql", after=1)
        pull = await fakegithub.open_pr(repo, "slow")
        await fakegithub.until(lambda: held.struck, 30)
        await part(line)  # type: ignore[misc]  # a coroutine in both cases
        other = await quick_machine(fakegithub, postgres_url, "other").start()
        try:
            await fakegithub.until(lambda: fakegithub.reviews(repo, pull.number), TAKE_OVER_SECONDS + 15)
            answer.set()
            await asyncio.sleep(1.0)
            await line.heal()
            repo.git.commit("later", SLOW | {"README.md": "Later.\n"}, parent=repo.git.ref("main"))
            await other.stop()
            later = await fakegithub.open_pr(repo, "later")
            await fakegithub.until(lambda: completed(fakegithub, repo, later), 60)
            await asyncio.sleep(1.0)
        finally:
            fakegithub.webhook_url = None
            await other.kill()
            await lonely.kill()

    assert_said_once(fakegithub, repo, pull)
    assert_said_once(fakegithub, repo, later)


async def test_two_machines_share_the_work_and_do_none_twice(
    fakegithub: FakeGitHub, postgres_url: str
) -> None:
    repo = fakegithub.add_repo("octo/shop", private=True, files=FILES)
    fakegithub.install("octo", [repo])
    machines = [await machine(fakegithub, postgres_url, name).start() for name in ("first", "second")]
    pulls = []
    try:
        for number in range(8):
            fakegithub.webhook_url = f"{machines[number % 2].url}/webhook"
            branch = f"slow-{number}"
            files = SLOW | {"README.md": f"Number {number}\n"}
            repo.git.commit(branch, files, parent=repo.git.ref("main"))
            pulls.append(await fakegithub.open_pr(repo, branch))
        await fakegithub.until(lambda: all(completed(fakegithub, repo, pull) for pull in pulls), 60)
        await asyncio.sleep(1.0)
    finally:
        fakegithub.webhook_url = None
        for each in machines:
            await each.stop()

    for pull in pulls:
        assert len(fakegithub.check_runs(repo, pull.head_sha)) == 1
        assert len(fakegithub.reviews(repo, pull.number)) == 1
    # A sweep that comes by meanwhile may ask again, finds it done and publishes nothing.
    done = [
        sum(line["event"] == "review_done" and line["status"] == "published" for line in each.lines)
        for each in machines
    ]
    assert sum(done) == len(pulls)


async def test_two_machines_at_one_moment_make_one_check_run_on_a_shared_head(
    fakegithub: FakeGitHub, postgres_url: str
) -> None:
    """Each has one of two pull requests with the same head, and both are about to make the run."""
    repo = shop(fakegithub)
    repo.git.commit("next", {"README.md": "Next.\n"}, parent=repo.git.ref("main"))
    first = await machine(fakegithub, postgres_url, "first").start()
    second = await machine(fakegithub, postgres_url, "second").start()
    fakegithub.webhook_url = f"{first.url}/webhook"
    making = fakegithub.faults.latency(8.0, "checks/create", times=2)
    read = fakegithub.faults.latency(3.0, "repos/compare-commits", times=1)
    try:
        second.signal(signal.SIGSTOP)
        one = await fakegithub.open_pr(repo, "slow")
        await fakegithub.until(lambda: read.struck, 30)
        first.signal(signal.SIGSTOP)
        second.signal(signal.SIGCONT)
        fakegithub.webhook_url = f"{second.url}/webhook"
        other = await fakegithub.open_pr(repo, "slow", "next")
        await fakegithub.until(lambda: making.struck, 30)
        first.signal(signal.SIGCONT)
        await fakegithub.until(
            lambda: all(fakegithub.reviews(repo, pull.number) for pull in (one, other)), 60
        )
        await fakegithub.until(lambda: completed(fakegithub, repo, one), 60)
        await asyncio.sleep(3.0)
    finally:
        fakegithub.webhook_url = None
        for each in (first, second):
            each.signal(signal.SIGCONT)
            await each.stop()

    (run,) = fakegithub.check_runs(repo, one.head_sha)
    assert (run.status, run.conclusion) == ("completed", "failure")
    assert "also the head of other pull requests" in run.output["summary"]
    done = [sum(line["event"] == "review_done" for line in each.lines) for each in (first, second)]
    assert done == [1, 1]
