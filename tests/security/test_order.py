"""Threats 25 to 29: what happens in between, beside and in our name."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import cast

import msgspec
import pytest
from aiohttp import ClientSession

from app.github.models import Repository
from app.jobs import Jobs
from app.pipeline import Pipeline
from app.server import METRICS
from app.work import Outcome, ReviewJob, Work
from tests.app.recorded_work import REPOSITORY, RecordedWork
from tests.app.service import FAST, FILES, SLOW, Service
from tests.app.test_events import BLOCKS, CALLS, QUIET

Starting = Callable[[Work], Awaitable[Jobs]]


@pytest.mark.parametrize("during", ["repos/compare-commits", "pulls/create-review"])
@pytest.mark.parametrize("action", ["deleted", "suspend", "removed"])
async def test_25_an_installation_that_ends_during_a_review_hears_nothing_more(
    service: Service, action: str, during: str
) -> None:
    repo = service.github.add_repo("octo/shop", private=True, files=FILES)
    installation = service.github.install("octo", [repo])
    await service.reviewed(repo, "fast", FAST)
    for status in (401, 403, 404, 422):
        service.github.expect(status)
    service.github.faults.latency(0.5, during)
    repo.git.commit("slow", SLOW, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, "slow")
    await service.github.until(lambda: service.github.calls("graphql" if "compare" in during else during))

    if action == "removed":
        await service.github.change_repositories(installation, remove=[repo])
    else:
        await service.github.installed(installation, action)
    position = len(service.github.log)
    await service.idle()

    if during == "repos/compare-commits":
        assert service.github.reviews(repo, pull.number) == []
        assert not [
            run for run in service.github.check_runs(repo, pull.head_sha) if run.status == "completed"
        ]
    writes = [each for each in service.calls_since(position) if each.method != "GET" and each.status < 300]
    assert [each.operation for each in writes if each.operation != "graphql"] == []
    assert isinstance(service.jobs.work, Pipeline)
    if action != "suspend":
        ours = Repository(installation_id=installation.id, id=repo.id, owner="octo", name="shop")
        for commit in (repo.git.ref("main"), pull.head_sha):
            assert await service.jobs.work.store.tree(ours, commit or "") is None


class TimedWork(RecordedWork):
    """Reviews that take a while, and when each began."""

    def __init__(self) -> None:
        super().__init__()
        self.began: dict[str, float] = {}

    async def gather(self, job: ReviewJob) -> Outcome:
        self.began[job.key] = time.monotonic()
        await asyncio.sleep(0.05)
        return await super().gather(job)


async def _waits(jobs: Jobs, work: TimedWork, first: int) -> list[float]:
    """How long each of nine quiet installations waits for its one review to begin."""
    asked: dict[str, float] = {}
    for number in range(first, first + 9):
        repository = msgspec.structs.replace(REPOSITORY, installation_id=number, id=number)
        job = ReviewJob(repository=repository, number=1, trigger=f"quiet-{number}")
        asked[job.key] = time.monotonic()
        await jobs.request_review(job)
        await asyncio.sleep(0.02)
    async with asyncio.timeout(30):
        while not asked.keys() <= work.began.keys():  # noqa: ASYNC110 - threads of the engine do the work
            await asyncio.sleep(0.01)
    return [work.began[key] - asked[key] for key in asked]


async def test_26_a_loud_installation_does_not_delay_the_quiet_ones(start_jobs: Starting) -> None:
    work = TimedWork()
    jobs = await start_jobs(work)
    alone = await _waits(jobs, work, 100)
    for number in range(150):
        await jobs.request_review(ReviewJob(repository=REPOSITORY, number=number, trigger="loud"))

    beside = await _waits(jobs, work, 200)

    loud_left = 150 - sum(key.startswith(f"{REPOSITORY.id}#") for key in work.began)
    assert loud_left > 0, "the loud one was done before the quiet ones asked"
    assert statistics.median(beside) < 3 * statistics.median(alone) + 1.0
    assert max(beside) < max(alone) + 3.0


@pytest.mark.parametrize(
    "operation",
    ["repos/compare-commits", "graphql", "pulls/get", "checks/create", "pulls/create-review", "git/get-tree"],
)
async def test_27_a_head_that_moves_in_between_never_gets_the_other_s_verdict(
    service: Service, operation: str
) -> None:
    """Whichever call the push comes before: success stands only at a commit that was analysed and is clean."""
    repo = service.shop()
    repo.git.commit("branch", SLOW, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, "branch", tell=False)
    slow = pull.head_sha
    service.github.expect(422, "pulls/create-review")  # its commit is gone
    service.github.force_push(repo, pull.number, FAST, op=operation)
    await service.github.pr_event(repo, pull.number, "opened")
    await service.idle()
    if pull.head_sha == slow:  # this review needed no such call
        await service.github.push(repo, pull.number, FAST)
        await service.idle()

    fast = pull.head_sha
    assert fast != slow
    assert {run.conclusion for run in service.github.check_runs(repo, slow)} <= {
        "failure",
        "neutral",
        "cancelled",
        "skipped",
        "stale",
    }
    assert [run.conclusion for run in service.github.check_runs(repo, fast)] == ["success"]
    for review in service.github.reviews(repo, pull.number):
        assert review.commit_id == slow
    assert service.github.may_merge(repo, pull.number)


async def test_27_a_clean_head_that_becomes_slow_is_not_mergeable(service: Service) -> None:
    repo = service.shop()
    repo.git.commit("branch", FAST, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, "branch", tell=False)
    service.github.force_push(repo, pull.number, SLOW, op="checks/create")
    await service.github.pr_event(repo, pull.number, "opened")
    await service.idle()

    assert [run.conclusion for run in service.github.check_runs(repo, pull.head_sha)] == ["failure"]
    assert not service.github.may_merge(repo, pull.number)


async def test_28_two_clean_changes_that_are_slow_together_do_not_pass_the_merge_queue(
    service: Service,
) -> None:
    repo = service.github.add_repo("octo/shop", private=True, files=QUIET, required_checks=["fastperf"])
    service.github.install("octo", [repo])
    one = await service.reviewed(repo, "calls", CALLS)
    other = await service.reviewed(repo, "blocks", BLOCKS)
    assert service.run(repo, one).conclusion == service.run(repo, other).conclusion == "success"

    alone = await service.github.merge_group(repo, [one.number])
    await service.idle()
    assert service.github.group_may_merge(alone)
    await service.github.destroy_group(alone)
    together = await service.github.merge_group(repo, [one.number, other.number])
    await service.idle()

    (run,) = service.github.check_runs(repo, together.head_sha)
    assert run.conclusion == "failure"
    assert not service.github.group_may_merge(together)


async def test_29_a_check_of_our_name_by_another_app_is_neither_believed_nor_touched(
    service: Service,
) -> None:
    repo = service.shop()
    repo.git.commit("slow", SLOW, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, "slow", tell=False)
    spoofed = service.github.foreign_check(repo, pull.head_sha, "fastperf", "success")

    await service.github.pr_event(repo, pull.number, "opened")
    await service.idle()

    ours = [run for run in service.github.check_runs(repo, pull.head_sha) if run.id != spoofed.id]
    assert [run.conclusion for run in ours] == ["failure"]
    assert spoofed.conclusion == "success"
    assert not service.github.may_merge(repo, pull.number)


@pytest.fixture
def _looking_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.server.FIRST_SECONDS", 0.0)
    monkeypatch.setattr("app.server.AGAIN_SECONDS", 0.2)


@pytest.mark.usefixtures("_looking_at_once")
async def test_29_a_check_that_anybody_may_make_is_found_and_said(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    """By rules and by branch protection; what is required of us, or not at all, is nothing to say."""
    own = int(service.github.app_id)
    repos = []
    for name, protection, rules in (
        ("open", {}, [("lint", None), ("fastperf", None)]),
        ("classic", {"fastperf": -1}, []),
        ("elsewhere", {}, [("fastperf", own + 1)]),
        ("pinned", {"fastperf": own}, []),
        ("ruled", {}, [("fastperf", own), ("fastperf", None)]),
        ("free", {"lint": own}, [("lint", None)]),
    ):
        repo = service.github.add_repo(f"octo/{name}", files=QUIET, required_checks=list(protection))
        repo.pins, repo.rulesets = dict(protection), list(rules)
        repos.append(repo)
    service.github.install("octo", repos)

    def told() -> list[tuple[str, str, str]]:
        lines = [
            cast("dict[str, str]", record.msg) for record in caplog.records if record.name == "app.pinning"
        ]
        return [(line["repository"], line["branch"], line["required_of"]) for line in lines]

    await service.github.until(lambda: len(told()) > 3, 60)  # it looks for the second time
    assert set(told()) == {
        ("octo/open", "main", "any source"),
        ("octo/classic", "main", "any source"),
        ("octo/elsewhere", "main", "another app"),
    }
    assert b"fastperf_checks_not_pinned 3.0" in await asyncio.to_thread(service.app[METRICS].text)
    async with ClientSession() as session, session.get(f"{service.url}/setup") as answer:
        page = await answer.text()
    assert "3 of 5 repositories" in page
    assert "octo/classic" not in page
