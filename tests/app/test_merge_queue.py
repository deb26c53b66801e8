"""A group is answered as its pull requests were, and only then without looking again."""

from __future__ import annotations

import pytest

from app.analysis import Analysis, Comparison, Request

from .service import FAST, FILES, SLOW, Service
from .test_events import BLOCKS, CALLS, QUIET

TOO = """\
from fastapi import APIRouter

from shop.carriers import status_of

router = APIRouter()


@router.get("/too")
async def too() -> str:
    return status_of("2")
"""
"""What `SLOW` does, in a file of its own."""


@pytest.fixture
def analyses(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """What was analysed, in order."""
    seen: list[Request] = []
    real = Analysis.compare

    async def compare(self: Analysis, request: Request) -> Comparison:
        seen.append(request)
        return await real(self, request)

    monkeypatch.setattr(Analysis, "compare", compare)
    return seen


async def test_the_same_blobs_on_the_same_base_have_the_same_verdict(
    service: Service, analyses: list[Request]
) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "fast", FAST)
    before, position = len(analyses), len(service.github.log)

    group = await service.github.merge_group(repo, [pull.number])
    await service.idle()

    assert len(analyses) == before
    assert service.github.group_may_merge(group)
    (run,) = service.github.check_runs(repo, group.head_sha)
    assert run.output["summary"] == service.run(repo, pull).output["summary"]
    calls = [entry.operation for entry in service.calls_since(position)]
    assert sorted(calls) == ["checks/create", "checks/list-for-ref", "graphql", "repos/compare-commits"]


async def test_a_base_that_moved_on_is_looked_at_though_the_files_are_the_same(
    service: Service, analyses: list[Request]
) -> None:
    """The pull request calls a helper that another one, merged meanwhile, made slow."""
    repo = service.github.add_repo("octo/shop", private=True, files=QUIET, required_checks=["fastperf"])
    service.github.install("octo", [repo])
    pull = await service.reviewed(repo, "calls", CALLS)
    assert service.run(repo, pull).conclusion == "success"
    await service.github.push_base(repo, BLOCKS)
    before = len(analyses)

    group = await service.github.merge_group(repo, [pull.number])
    await service.idle()

    assert len(analyses) > before
    (run,) = service.github.check_runs(repo, group.head_sha)
    assert run.conclusion == "failure"


async def test_two_together_are_looked_at(service: Service, analyses: list[Request]) -> None:
    repo = service.shop()
    one = await service.reviewed(repo, "fast", FAST)
    other = await service.reviewed(repo, "news", {"shop/news.py": "NEWS = 1\n"})
    before = len(analyses)

    group = await service.github.merge_group(repo, [one.number, other.number])
    await service.idle()

    assert len(analyses) > before
    assert service.github.group_may_merge(group)


async def test_what_was_waived_on_the_pull_request_passes_the_queue(service: Service) -> None:
    repo = service.shop()
    repo.roles["octocat"] = "write"
    pull = await service.reviewed(repo, "slow", SLOW)
    await service.github.comment(repo, pull.number, "/fastperf ignore FP104 measured", user="octocat")
    await service.idle()
    assert service.run(repo, pull).conclusion == "success"
    await service.github.push_base(repo, {"shop/other.py": "OTHER = 1\n"})

    group = await service.github.merge_group(repo, [pull.number])
    await service.idle()

    (run,) = service.github.check_runs(repo, group.head_sha)
    assert (run.conclusion, run.output["title"]) == ("success", "no new performance problems · 1 ignored")


async def test_nobody_borrows_the_waivers_of_another_pull_request(service: Service) -> None:
    """A commit may claim to belong to any pull request: only one whose head is in the group is believed."""
    repo = service.shop()
    repo.roles["octocat"] = "write"
    waived = await service.reviewed(repo, "slow", SLOW)
    await service.github.comment(repo, waived.number, "/fastperf ignore FP104 measured", user="octocat")
    await service.idle()
    repo.git.commit(
        "sly",
        SLOW | {"README.md": "Sly.\n"},
        f"Merge pull request #{waived.number} from octo/slow",
        parent=repo.git.ref("main"),
    )
    sly = await service.github.open_pr(repo, "sly")
    await service.idle()

    group = await service.github.merge_group(repo, [sly.number])
    await service.idle()

    (run,) = service.github.check_runs(repo, group.head_sha)
    assert run.conclusion == "failure"


async def test_each_pull_request_of_a_squashed_group_brings_its_own_waivers_and_pause(
    service: Service,
) -> None:
    repo = service.shop()
    repo.roles["octocat"] = "write"
    waived = await service.reviewed(repo, "slow", SLOW)
    await service.github.comment(repo, waived.number, "/fastperf ignore FP104 measured", user="octocat")
    fast = await service.reviewed(repo, "news", {"shop/news.py": "NEWS = 1\n"})
    paused = await service.reviewed(repo, "too", {"shop/too.py": TOO})
    await service.github.comment(repo, paused.number, "/fastperf pause", user="octocat")
    repo.git.commit("revert-7-old", {"shop/too.py": TOO}, parent=repo.git.ref("main"))
    revert = await service.github.open_pr(repo, "revert-7-old", title='Revert "Old"')
    await service.idle()

    async def said(*numbers: int) -> tuple[str | None, str]:
        group = await service.github.merge_group(repo, numbers, squash=True)
        await service.idle()
        (run,) = service.github.check_runs(repo, group.head_sha)
        await service.github.destroy_group(group)
        return run.conclusion, run.output["title"]

    ignored = ("success", "no new performance problems · 1 ignored")
    assert await said(waived.number, fast.number) == ignored
    assert await said(fast.number, waived.number) == ignored
    assert await said(waived.number, revert.number) == ("success", "no new performance problems · 2 ignored")
    assert await said(waived.number, paused.number) == ("failure", "1 critical new · 1 ignored")
    assert await said(paused.number, revert.number, fast.number) == ("failure", "1 critical new")
    told = {pull.number: len(service.github.comments(repo, pull.number)) for pull in repo.pulls.values()}
    assert told == {waived.number: 2, fast.number: 1, paused.number: 1, revert.number: 1}


async def test_the_organisation_s_defaults_and_mildness_hold_in_the_queue(service: Service) -> None:
    defaults = service.github.add_repo("octo/.github", files={".github/fastperf.toml": 'fail_on = "never"\n'})
    repo = service.shop()
    service.github.install("octo", [repo, defaults])
    pull = await service.reviewed(repo, "slow", SLOW)
    await service.github.push_base(repo, {"shop/other.py": "OTHER = 1\n"})

    group = await service.github.merge_group(repo, [pull.number])
    await service.idle()

    (run,) = service.github.check_runs(repo, group.head_sha)
    assert run.conclusion == "neutral"
    assert service.github.comments(repo, pull.number) == []


async def test_a_revert_is_not_stopped_by_the_queue_either(service: Service) -> None:
    repo = service.shop()
    repo.git.commit("revert-7-fast", SLOW, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, "revert-7-fast", title='Revert "Answer at once"')
    await service.idle()
    await service.github.push_base(repo, {"shop/other.py": "OTHER = 1\n"})

    group = await service.github.merge_group(repo, [pull.number])
    await service.idle()

    assert service.github.group_may_merge(group)


async def test_a_group_of_more_than_three_hundred_files_is_answered(service: Service) -> None:
    repo = service.shop()
    files = {f"shop/part_{number}.txt": f"{number}\n" for number in range(310)}
    repo.git.commit("large", files, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, "large", tell=False)

    group = await service.github.merge_group(repo, [pull.number])
    await service.idle()

    (run,) = service.github.check_runs(repo, group.head_sha)
    assert (run.status, run.conclusion, run.output["title"]) == ("completed", "neutral", "not reviewed")


async def test_a_branch_that_names_no_pull_request_is_answered_by_the_base_s_configuration(
    service: Service,
) -> None:
    repo = service.shop()
    await service.github.push_base(repo, {".github/fastperf.toml": 'fail_on = "never"\n'})
    base = repo.git.ref("main") or ""
    head = repo.git.commit("strange", SLOW, parent=base)
    pull = await service.reviewed(repo, "files", {"shop/more.py": FILES["shop/carriers.py"]})
    group = await service.github.merge_group(repo, [pull.number], tell=False)
    repo.git.set_ref(group.head_ref, None)
    group.head_sha, group.head_ref = head, "refs/heads/gh-readonly-queue/main/strange"

    await service.github.queue_told(group)
    await service.idle()

    (run,) = service.github.check_runs(repo, head)
    assert run.conclusion == "neutral"


async def test_the_run_of_a_group_is_run_again_and_has_no_buttons(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "slow", SLOW)
    group = await service.github.merge_group(repo, [pull.number])
    await service.idle()
    (run,) = service.github.check_runs(repo, group.head_sha)
    assert not run.actions

    for again in (service.github.rerequest(repo, run.id), service.github.rerequest_suite(repo, run.suite.id)):
        before = len(service.github.calls("checks/update"))
        await again
        await service.idle()
        assert len(service.github.calls("checks/update")) == before + 1

    (run,) = service.github.check_runs(repo, group.head_sha)
    assert run.conclusion == "failure"


async def test_a_group_that_is_asked_about_several_times_at_once_has_one_run(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "fast", FAST)

    group = await service.github.merge_group(repo, [pull.number])
    for _ in range(3):
        await service.github.queue_told(group)
    await service.idle()

    (run,) = service.github.check_runs(repo, group.head_sha)
    assert run.conclusion == "success"
