"""People, owners and GitHub at their worst: each scene ends with one completed check and nothing said twice."""

from __future__ import annotations

import asyncio

import pytest

from app.github.models import Repository
from app.pipeline import Pipeline
from tests.fakegithub.state import Pull, Repo

from .service import FAST, SLOW, Service

LOCKED = ("issues/create-comment", "reactions/create-for-issue-comment", "pulls/create-review")


async def _opened(service: Service, repo: Repo, files: dict[str, str], *, tell: bool = True) -> Pull:
    repo.git.commit("topic", files, parent=repo.git.ref("main"))
    return await service.github.open_pr(repo, "topic", tell=tell)


async def test_a_comment_that_somebody_deleted_is_not_said_again(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "slow", SLOW)
    (thread,) = service.github.threads(repo, pull.number)
    pull.threads.remove(thread)

    await service.github.push(repo, pull.number, {"README.md": "More.\n"})
    await service.idle()

    assert service.run(repo, pull).conclusion == "failure"
    assert service.github.threads(repo, pull.number) == []


async def test_a_rescan_a_push_and_the_queue_at_once(service: Service) -> None:
    repo = service.shop()
    repo.roles["octocat"] = "write"
    pull = await service.reviewed(repo, "fast", FAST)

    _, _, group, _ = await asyncio.gather(
        service.github.comment(repo, pull.number, "/fastperf rescan"),
        service.github.push(repo, pull.number, SLOW),
        service.github.merge_group(repo, [pull.number]),
        service.jobs.sweep_now(),
    )
    await service.idle()

    assert service.run(repo, pull).conclusion == "failure"
    assert len(service.github.reviews(repo, pull.number)) == 1
    (run,) = service.github.check_runs(repo, group.head_sha)
    assert run.status == "completed"


async def test_a_base_that_changes_while_it_is_reviewed(service: Service) -> None:
    """What was slow on the old base is no news on the new one."""
    repo = service.shop()
    repo.git.commit("next", SLOW, parent=repo.git.ref("main"))
    repo.git.commit("topic", {"README.md": "x\n"}, parent=repo.git.ref("next"))
    pull = await service.github.open_pr(repo, "topic", tell=False)
    changed: list[asyncio.Task[object]] = []
    loop = asyncio.get_running_loop()

    def change() -> None:
        loop.call_soon_threadsafe(
            lambda: changed.append(
                loop.create_task(service.github.pr_event(repo, pull.number, "edited", base="next"))
            )
        )

    service.github.faults.call(change, "git/get-tree")
    await service.github.pr_event(repo, pull.number, "opened")
    await service.idle()
    await service.idle()

    assert changed
    assert service.run(repo, pull).conclusion == "success"


async def test_a_fork_that_goes_while_it_is_reviewed(service: Service) -> None:
    repo = service.shop()
    fork = service.github.fork(repo, "maria")
    fork.git.commit("topic", SLOW, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, fork, branch="topic", tell=False)

    service.github.faults.call(lambda: setattr(pull, "head_repo", None), "git/get-tree")
    await service.github.pr_event(repo, pull.number, "opened")
    await service.idle()

    assert service.run(repo, pull).conclusion == "failure"


async def test_an_installation_suspended_in_the_middle_and_back(service: Service) -> None:
    repo = service.shop()
    pull = await _opened(service, repo, SLOW, tell=False)
    (installation,) = service.github.state.installations.values()
    service.github.expect(403)
    service.github.expect(401)
    service.github.faults.call(lambda: service.github.suspend(installation), "git/get-tree")
    await service.github.pr_event(repo, pull.number, "opened")
    await service.idle()
    assert [run.status for run in service.github.check_runs(repo)] in ([], ["in_progress"])

    await service.github.installed(installation, "unsuspend")
    await service.idle()

    assert service.run(repo, pull).conclusion == "failure"


async def test_a_repository_renamed_in_the_middle(service: Service) -> None:
    repo = service.shop()
    pull = await _opened(service, repo, SLOW, tell=False)
    service.github.faults.call(lambda: service.github.rename(repo, "store"), "git/get-tree")

    await service.github.pr_event(repo, pull.number, "opened")
    await service.idle()

    assert service.run(repo, pull).conclusion == "failure"
    assert len(service.github.reviews(repo, pull.number)) == 1


async def test_a_transferred_repository_begins_anew_with_its_new_owner(service: Service) -> None:
    """What was stored under the old owner goes; the new owner's installation reviews as on the first day."""
    repo = service.shop()
    pull = await service.reviewed(repo, "slow", SLOW)
    work = service.jobs.work
    assert isinstance(work, Pipeline)
    (old,) = service.github.state.installations
    known = Repository(old, repo.id, "octo", "shop")
    await work.store.waive(known, pull.number, [])
    new = service.github.install("acme", [])

    (told,) = await service.github.repository_event(repo, "transferred", owner="acme", installation=new)
    await service.idle()

    assert told.status_code == 202
    assert await work.store.tree(known, pull.base_sha) is None
    assert await work.store.reviews(known, pull.head_sha) == []

    await service.github.push(repo, pull.number, {"README.md": "More.\n"})
    await service.idle()
    assert service.run(repo, pull).conclusion == "failure"
    assert (
        len(service.github.reviews(repo, pull.number)) == 1
    )  # what stands on the line is known by its marker


async def test_a_locked_conversation_keeps_nothing_from_being_done(service: Service) -> None:
    repo = service.shop()
    repo.roles["octocat"] = "write"
    for operation in LOCKED:
        service.github.expect(403, operation)
        service.github.faults.status(403, operation, times=None)
    pull = await service.reviewed(repo, "slow", SLOW)
    run = service.run(repo, pull)
    assert "GitHub lets nobody comment on this pull request" in run.output["summary"]

    (mark,) = run.annotations
    for order in (f"/fastperf ignore {mark['title']} it is quick", "/fastperf help\n/fastperf rescan"):
        await service.github.comment(repo, pull.number, order)
        await service.idle()

    assert service.run(repo, pull).conclusion == "success"
    service.github.faults.clear()
    service.github.expect(422, "issues/create-comment")
    service.github.faults.status(422, "issues/create-comment", times=None)  # it is full
    await service.github.comment(repo, pull.number, f"/fastperf help\n/fastperf unignore {mark['title']}")
    await service.idle()
    assert service.run(repo, pull).conclusion == "failure"
    group = await service.github.merge_group(repo, [pull.number])
    await service.idle()
    assert not service.github.group_may_merge(group)


async def test_ten_long_answers_are_one_comment(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.surveys.diagnosed", lambda found, links, detail=None: "x" * 40_000)
    monkeypatch.setattr("app.surveys.audited", lambda result, links, detail=None: "y" * 40_000)
    repo = service.shop()
    repo.roles["octocat"] = "write"
    pull = await service.reviewed(repo, "fast", FAST)

    await service.github.comment(
        repo, pull.number, "/fastperf diagnose GET /orders/{number}\n/fastperf audit"
    )
    await service.idle()

    (answer,) = [
        each.body for each in service.github.comments(repo, pull.number) if "fastperf:answer" in each.body
    ]
    assert len(answer.encode()) <= 65_536
    assert "the others left it no room" in answer
    assert "[The whole answer](https://fastperf.example/reviews/" in answer


async def test_a_fork_that_calls_itself_a_revert_is_gated_like_any_other(service: Service) -> None:
    repo = service.shop()
    fork = service.github.fork(repo, "maria")
    fork.git.commit("revert-1-fast", SLOW, parent=repo.git.ref("main"))

    pull = await service.github.open_pr(repo, fork, branch="revert-1-fast", title='Revert "Fast"')
    await service.idle()

    assert service.run(repo, pull).conclusion == "failure"


async def test_what_cannot_be_answered_is_not_tried_with_every_sweep(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.sweep.SWEEP_SECONDS", 0.001)  # each sweep's wish is another one
    repo = service.shop()
    pull = await _opened(service, repo, FAST, tell=False)
    service.github.expect(403, "checks/create")
    service.github.faults.status(403, "checks/create", times=None)
    for _ in range(3):
        await service.jobs.sweep_now()
        await service.idle()

    assert len(service.github.calls("checks/create")) <= 3  # one review, and its last resort
    assert service.github.check_runs(repo, pull.head_sha) == []


async def test_two_groups_that_fail_at_once_are_told_once(service: Service) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "slow", SLOW)
    service.github.faults.latency(0.3, "issues/list-comments")

    for _ in range(2):
        await service.github.merge_group(repo, [pull.number])
    await service.idle()

    assert len(service.github.comments(repo, pull.number)) == 1


async def test_a_fault_of_ours_leaves_no_queue_waiting(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "fast", FAST)

    async def broken(*_: object) -> None:
        raise LookupError("a mistake of ours")

    monkeypatch.setattr("app.merge_queue.MergeQueue.answer", broken)
    monkeypatch.setattr("app.jobs.workflows.GROUP_PAUSES", (0.1, 0.1, 0.1))
    service.github.faults.status(503, "checks/create", times=4)  # nor can it be said at once

    group = await service.github.merge_group(repo, [pull.number])
    await service.idle()

    (run,) = service.github.check_runs(repo, group.head_sha)
    assert run.conclusion == "neutral"
    assert service.github.group_may_merge(group)

    await service.github.rerequest(repo, run.id)
    await service.idle()
    recorded = await service.jobs.work.store.recorded(action="fault")  # type: ignore[attr-defined]  # the pipeline's
    assert [line.number for line in recorded] == [pull.number] * 2
