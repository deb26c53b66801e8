"""The button *Apply fixes*, on the stand-in: whom it obeys, what it commits, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from app.pipeline import Pipeline
from app.store import Store
from tests.fakegithub.github import PERMISSIONS
from tests.fakegithub.state import Pull, Repo

from .service import FILES, Service
from .test_complaints import HEAD

SLEEPS = {
    "shop/main.py": HEAD.replace("import time\n", "import asyncio\nimport time\n\nSTARTED = time.time()\n", 1)
    + '\n\n@app.get("/slow")\nasync def slow() -> None:\n    await asyncio.sleep(0)\n    time.sleep(1)\n'
    + '\n\n@app.get("/slower")\nasync def slower() -> None:\n    await asyncio.sleep(0)\n    time.sleep(2)\n'
}
"""Two problems whose proven fixes are one line each."""


def _shop(service: Service, **permissions: str) -> Repo:
    repo = service.github.add_repo("octo/shop", private=True, files=FILES, required_checks=["fastperf"])
    repo.roles["octocat"] = "write"
    granted = {**PERMISSIONS, "contents": "write", **permissions}
    service.github.app.permissions = dict(granted)
    service.github.install("octo", [repo], permissions=granted)
    return repo


def _buttons(service: Service, repo: Repo, pull: Pull) -> list[str]:
    return [action["identifier"] for action in service.run(repo, pull).actions]


async def _press(service: Service, repo: Repo, pull: Pull, user: str = "octocat") -> None:
    await service.github.press(repo, service.run(repo, pull).id, "apply", user=user)
    await service.idle()


async def _is_recorded_once(service: Service, pull: Pull) -> None:
    assert isinstance(service.jobs.work, Pipeline)
    (line,) = await service.jobs.work.store.recorded(action="apply")
    assert line.actor == "octocat"
    assert line.detail.startswith(
        f"2 fixes in {pull.head_sha}: FP101 blocking-call-in-async at shop/main.py:"
    )
    assert line.detail.count("FP101") == 2
    assert "Asked for" not in line.detail


async def test_proven_fixes_become_one_commit_that_turns_the_check_green(service: Service) -> None:
    repo = _shop(service)
    pull = await service.reviewed(repo, "slow", SLEEPS)
    assert service.run(repo, pull).conclusion == "failure"
    assert _buttons(service, repo, pull) == ["rescan", "apply", "ignore"]
    before = pull.head_sha

    await _press(service, repo, pull)

    commit = repo.git.commit_info(pull.head_sha)
    assert commit is not None
    assert commit.parents == (before,)
    assert commit.author_name == "fastperf"
    assert commit.message.startswith(
        "Apply fixes of fastperf\n\nFP101 blocking-call-in-async at shop/main.py:"
    )
    (pressed,) = [each for each in service.github.deliveries if each.action == "requested_action"]
    assert commit.message.endswith(
        f"Asked for by octocat on #{pull.number}.\n\nFastperf-Delivery: {pressed.guid}"
    )
    entry = repo.git.entry(pull.head_sha, "shop/main.py")
    assert entry is not None
    assert (repo.git.blob(entry[1]) or b"").decode() == SLEEPS["shop/main.py"].replace(
        "    time.sleep(", "    await asyncio.sleep("
    )
    assert service.run(repo, pull).conclusion == "success"
    assert _buttons(service, repo, pull) == ["rescan"]
    assert all(each.minimized == "RESOLVED" for each in service.github.review_comments(repo, pull.number))
    assert service.github.comments(repo, pull.number) == []
    await _is_recorded_once(service, pull)


async def test_an_older_enterprise_server_is_told_apart_and_spared_what_it_lacks(service: Service) -> None:
    """No commits by the API, no folding of comments, no log of deliveries: the rest goes on, with the reason."""
    repo = _shop(service)
    service.github.world.enterprise = "3.1.4"
    service.github.world.lacks = {"createCommitOnBranch", "minimizeComment", "deliveries"}
    service.github.expect(404, "apps/list-webhook-deliveries")
    service.github.expect("undefinedField", "graphql")
    pull = await service.reviewed(repo, "slow", SLEEPS)

    await _press(service, repo, pull)
    (answer,) = service.github.comments(repo, pull.number)
    assert "GitHub Enterprise Server 3.1.4 takes no commits this way" in answer.body

    await service.github.push(repo, pull.number, FILES)
    await service.idle()
    assert service.run(repo, pull).conclusion == "success"
    said = service.github.review_comments(repo, pull.number)
    assert [(each.body.startswith("**Fixed in "), each.minimized) for each in said] == [(True, None)] * 2

    await service.jobs.sweep_now()
    assert service.github.calls("apps/list-webhook-deliveries")


@pytest.mark.parametrize("contents", ["read", "write"])
async def test_there_is_no_button_without_the_owner_s_leave_or_for_a_fork(
    service: Service, contents: str
) -> None:
    repo = _shop(service, contents=contents)
    fork = service.github.fork(repo, "maria")
    source = repo if contents == "read" else fork
    source.git.commit("slow", SLEEPS, parent=source.git.ref("main"))

    pull = await service.github.open_pr(repo, source if source is fork else "slow", branch="slow")
    await service.idle()

    assert _buttons(service, repo, pull) == ["rescan", "ignore"]


async def test_a_button_that_should_not_be_there_commits_nothing(service: Service) -> None:
    """Whatever a payload claims: leave, fork and head are looked at when it is pressed."""
    repo = _shop(service)
    fork = service.github.fork(repo, "maria")
    fork.git.commit("slow", SLEEPS, parent=fork.git.ref("main"))
    pull = await service.github.open_pr(repo, fork, branch="slow", author="maria")
    await service.idle()
    run = service.run(repo, pull)
    run.actions.append({"label": "Apply fixes", "description": "x", "identifier": "apply"})
    before = pull.head_sha

    await _press(service, repo, pull)

    assert pull.head_sha == before
    (answer,) = service.github.comments(repo, pull.number)
    assert answer.body.startswith("The branch belongs to a fork")


async def test_who_ignores_the_problems_of_a_shared_head_leaves_the_others_the_button(
    service: Service,
) -> None:
    repo = _shop(service)
    pull = await service.reviewed(repo, "slow", SLEEPS)
    repo.git.set_ref("refs/heads/twin", pull.head_sha)
    twin = await service.github.open_pr(repo, "twin", branch="twin")
    await service.github.comment(repo, twin.number, "/fastperf ignore FP101 both are fine", user="octocat")
    await service.idle()
    assert _buttons(service, repo, twin) == ["rescan", "apply", "ignore"]

    await _press(service, repo, pull)

    assert service.run(repo, pull).conclusion == "success"
    assert pull.head_sha != twin.head_sha


async def test_a_stranger_presses_in_vain(service: Service) -> None:
    repo = _shop(service)
    pull = await service.reviewed(repo, "slow", SLEEPS)
    before = pull.head_sha

    await _press(service, repo, pull, user="stranger")

    assert pull.head_sha == before
    assert service.github.comments(repo, pull.number) == []


async def test_a_head_that_moves_before_the_commit_is_left_alone(service: Service) -> None:
    repo = _shop(service)
    pull = await service.reviewed(repo, "slow", SLEEPS)
    service.github.expect("STALE_DATA", "graphql")
    # The state and what was replaced are the first questions that the button asks, the commit the last of GraphQL.
    service.github.force_push(repo, pull.number, {"README.md": "Mine.\n"} | SLEEPS, op="graphql", after=3)

    await _press(service, repo, pull)
    await service.idle()

    commit = repo.git.commit_info(pull.head_sha)
    assert commit is not None
    assert commit.message == "Forced"
    assert isinstance(service.jobs.work, Pipeline)
    assert await service.jobs.work.store.recorded(action="apply") == []
    assert service.run(repo, pull).conclusion == "failure"


async def test_an_old_button_does_nothing_to_a_newer_commit(service: Service) -> None:
    repo = _shop(service)
    pull = await service.reviewed(repo, "slow", SLEEPS)
    old = service.run(repo, pull)
    await service.github.push(repo, pull.number, {"README.md": "More.\n"})
    await service.idle()
    newer = pull.head_sha

    await service.github.press(repo, old.id, "apply")
    await service.idle()

    assert pull.head_sha == newer


async def test_a_protected_branch_is_said_to_be_one(service: Service) -> None:
    repo = _shop(service)
    pull = await service.reviewed(repo, "slow", SLEEPS)
    repo.protected.add("slow")
    service.github.expect("UNPROCESSABLE", "graphql")

    await _press(service, repo, pull)

    (answer,) = service.github.comments(repo, pull.number)
    assert "it is protected" in answer.body


@pytest.mark.parametrize("fault", ["commit_then_status", "commit_then_drop", "status"])
async def test_a_fault_while_committing_makes_one_commit(service: Service, fault: str) -> None:
    repo = _shop(service)
    pull = await service.reviewed(repo, "slow", SLEEPS)
    before = pull.head_sha
    service.github.faults.add(fault, "graphql", after=3, times=1)

    await _press(service, repo, pull)

    commit = repo.git.commit_info(pull.head_sha)
    assert commit is not None
    assert commit.parents == (before,)
    assert service.run(repo, pull).conclusion == "success"
    await _is_recorded_once(service, pull)


async def test_a_server_that_ends_after_the_commit_leaves_the_line_to_the_next_one(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = _shop(service)
    pull = await service.reviewed(repo, "slow", SLEEPS)
    record, ended = Store.record, list[str]()

    async def end_once(self: Store, entry_id: str, *line: Any) -> None:
        if entry_id.endswith(":apply") and not ended:
            ended.append(pull.head_sha)
            raise ConnectionError
        await record(self, entry_id, *line)

    monkeypatch.setattr(Store, "record", end_once)

    await _press(service, repo, pull)

    assert ended == [pull.head_sha]  # the commit was there
    await _is_recorded_once(service, pull)


@pytest.mark.parametrize("afterwards", ["the head before", "another after one on top"])
async def test_a_commit_that_somebody_took_away_before_its_line_was_there_is_recorded_and_not_made_again(
    service: Service, monkeypatch: pytest.MonkeyPatch, afterwards: str
) -> None:
    repo = _shop(service)
    pull = await service.reviewed(repo, "slow", SLEEPS)
    before, record, made = pull.head_sha, Store.record, list[str]()

    async def end_once(self: Store, entry_id: str, *line: Any) -> None:
        if not entry_id.endswith(":apply") or made:
            await record(self, entry_id, *line)
            return
        made.append(pull.head_sha)
        if afterwards == "another after one on top":
            await service.github.push(repo, pull.number, {"README.md": "On top.\n"})
        if afterwards == "the head before":
            await service.github.push(repo, pull.number, {}, sha=before)
        else:
            await service.github.push(repo, pull.number, SLEEPS | {"README.md": "Mine.\n"}, force=True)
        raise ConnectionError

    monkeypatch.setattr(Store, "record", end_once)

    await _press(service, repo, pull)

    (commit,) = made
    assert commit not in (before, pull.head_sha)
    assert len(pull.heads) == (4 if afterwards == "another after one on top" else 3)
    assert isinstance(service.jobs.work, Pipeline)
    (line,) = await service.jobs.work.store.recorded(action="apply")
    assert line.detail.startswith(f"2 fixes in {commit}: FP101")
    assert service.github.comments(repo, pull.number) == []


async def test_a_file_keeps_its_newlines_and_its_mode(service: Service) -> None:
    repo = _shop(service)
    raw = SLEEPS["shop/main.py"].replace("\n", "\r\n").encode()
    repo.git.commit("slow", {"shop/main.py": ("100755", raw)}, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, "slow")
    await service.idle()

    await _press(service, repo, pull)

    entry = repo.git.entry(pull.head_sha, "shop/main.py")
    assert entry is not None
    assert entry[0] == "100755"
    assert repo.git.blob(entry[1]) == raw.replace(b"    time.sleep(", b"    await asyncio.sleep(")


async def test_fixes_that_do_not_hold_together_are_not_committed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = _shop(service)
    pull = await service.reviewed(repo, "slow", SLEEPS)
    before = pull.head_sha
    monkeypatch.setattr("app.assessment.edits.apply", lambda raw, changes: raw)  # mends nothing

    await _press(service, repo, pull)

    assert pull.head_sha == before
    (answer,) = service.github.comments(repo, pull.number)
    assert answer.body.startswith("Applied together these fixes do not prove themselves")
