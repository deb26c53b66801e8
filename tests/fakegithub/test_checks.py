"""Check runs: their states, limits and buttons; suites; the gate that branch protection makes of them."""

from __future__ import annotations

from typing import Any

import gidgethub
import pytest

from tests.fakegithub.client import installed, receiver
from tests.fakegithub.github import FakeGitHub
from tests.fakegithub.state import Pull

ROOT = "/repos/octo/shop"
LONG = 65_535


async def opened(github: FakeGitHub) -> tuple[Pull, Any]:
    repo = github.add_repo("octo/shop", private=True, files={"a.py": "one\n"}, required_checks=["fastperf"])
    repo.git.commit("feature", {"a.py": "two\n"}, parent=repo.git.ref("main"))
    installation = github.install("octo", [repo])
    return await github.open_pr(repo, "feature"), installation


def annotation(number: int = 1, **more: Any) -> dict[str, Any]:
    made = {
        "path": "a.py",
        "start_line": number,
        "end_line": number,
        "annotation_level": "notice",
        "message": "m",
    }
    return {**made, **more}


def output(**more: Any) -> dict[str, Any]:
    return {"title": "t", "summary": "s", **more}


async def test_annotations_are_appended_fifty_at_a_time(fakegithub: FakeGitHub) -> None:
    pull, installation = await opened(fakegithub)
    expected = fakegithub.expect(422)
    async with installed(fakegithub, installation) as client:
        run = {"name": "fastperf", "head_sha": pull.head_sha}
        many = [annotation(n) for n in range(1, 52)]
        with pytest.raises(
            gidgethub.GitHubException, match="No more than 50 items are allowed; 51 were supplied"
        ):
            await client.post(f"{ROOT}/check-runs", data={**run, "output": output(annotations=many)})
        first = await client.post(f"{ROOT}/check-runs", data={**run, "output": output(annotations=many[:50])})
        path = f"{ROOT}/check-runs/{first['id']}"
        again = await client.patch(path, data={"output": output(annotations=many[50:])})
        assert again["output"]["annotations_count"] == 51
        listed = [item["start_line"] async for item in client.getiter(f"{path}/annotations?per_page=50")]
        assert listed == list(range(1, 52))
        assert (await client.getitem(path))["status"] == "queued"
    assert expected.met == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"output": output(summary="x" * (LONG + 1))},
            "Only 65535 characters are allowed; 65536 were supplied",
        ),
        ({"output": output(text="ü" * LONG)}, "text exceeds a maximum bytesize of 65535"),
        ({"status": "completed"}, "conclusion"),
        ({"completed_at": "2026-01-01T00:00:00Z"}, "conclusion"),
        ({"conclusion": "stale"}, "stale"),
        ({"conclusion": "fine"}, "is not a member of"),
        ({"completed_at": "yesterday", "conclusion": "success"}, "is not a valid date-time"),
        ({"output": {"summary": "s"}}, '"title" wasn\'t supplied'),
        ({"output": output(annotations=[annotation(0)])}, "start_line"),
        ({"output": output(annotations=[annotation(2, end_line=3, start_column=1)])}, "start_column"),
        ({"output": output(annotations=[annotation(title="x" * 256)])}, "255"),
        (
            {"actions": [{"label": "l", "description": "d", "identifier": str(n)} for n in range(4)]},
            "No more than 3",
        ),
        ({"actions": [{"label": "x" * 21, "description": "d", "identifier": "i"}]}, "Only 20 characters"),
        ({"head_sha": "0" * 40}, "No commit found for SHA"),
        ({"colour": "red"}, '"colour" is not a permitted key'),
    ],
)
async def test_a_run_that_github_refuses(
    fakegithub: FakeGitHub, change: dict[str, Any], message: str
) -> None:
    pull, installation = await opened(fakegithub)
    fakegithub.expect(422, "checks/create")
    async with installed(fakegithub, installation) as client:
        with pytest.raises(gidgethub.GitHubException) as refused:
            await client.post(f"{ROOT}/check-runs", data={"name": "n", "head_sha": pull.head_sha, **change})
    assert message in str(refused.value)
    assert fakegithub.check_runs("octo/shop") == []


async def test_the_gate_follows_the_newest_run_on_the_head(fakegithub: FakeGitHub) -> None:
    pull, installation = await opened(fakegithub)
    github = fakegithub
    assert github.merge_blockers("octo/shop", 1) == ["required check 'fastperf' was never reported"]
    async with installed(github, installation) as client:

        async def conclude(conclusion: str) -> bool:
            data = {"name": "fastperf", "head_sha": pull.head_sha, "conclusion": conclusion}
            await client.post(f"{ROOT}/check-runs", data=data)
            return github.may_merge("octo/shop", 1)

        said = {
            "failure": False,
            "success": True,
            "timed_out": False,
            "neutral": True,
            "cancelled": False,
            "skipped": True,
        }
        assert {conclusion: await conclude(conclusion) for conclusion in said} == said
        assert (await client.getitem(f"{ROOT}/pulls/1"))["mergeable_state"] == "clean"
        latest = await client.getitem(f"{ROOT}/commits/feature/check-runs?filter=latest")
        assert (latest["total_count"], latest["check_runs"][0]["conclusion"]) == (1, "skipped")
        every = await client.getitem(f"{ROOT}/commits/feature/check-runs?filter=all&app_id={github.app_id}")
        assert every["total_count"] == len(said)
        await github.push("octo/shop", 1, {"a.py": "three\n"})
        assert not github.may_merge("octo/shop", 1)
        await conclude("success")
        await github.pr_event("octo/shop", 1, "converted_to_draft")
        assert github.merge_blockers("octo/shop", 1) == ["the pull request is a draft"]


async def test_another_app_may_take_the_name_but_not_the_run(fakegithub: FakeGitHub) -> None:
    pull, installation = await opened(fakegithub)
    foreign = fakegithub.foreign_check("octo/shop", pull.head_sha, "fastperf", "success")
    assert fakegithub.check_runs("octo/shop") == []
    fakegithub.expect(403, "checks/update")
    async with installed(fakegithub, installation) as client:
        with pytest.raises(gidgethub.BadRequest):
            await client.patch(f"{ROOT}/check-runs/{foreign.id}", data={"conclusion": "failure"})


async def test_a_conflict_blocks(fakegithub: FakeGitHub) -> None:
    _, installation = await opened(fakegithub)
    await fakegithub.push_base("octo/shop", {"a.py": "other\n"})
    await fakegithub.pr_event("octo/shop", 1, "edited", base="main")
    assert "the branches conflict" in fakegithub.merge_blockers("octo/shop", 1)
    async with installed(fakegithub, installation) as client:
        pull = await client.getitem(f"{ROOT}/pulls/1")
    assert (pull["mergeable"], pull["mergeable_state"]) == (False, "dirty")


async def test_people_press_buttons_and_run_again(fakegithub: FakeGitHub) -> None:
    pull, installation = await opened(fakegithub)
    github = fakegithub
    async with receiver(github) as hook, installed(github, installation) as client:
        actions = [{"label": "Re-scan", "description": "Scan again", "identifier": "rescan"}]
        data = {"name": "fastperf", "head_sha": pull.head_sha, "actions": actions, "external_id": "e"}
        run = await client.post(f"{ROOT}/check-runs", data=data)
        with pytest.raises(ValueError, match="no button"):
            await github.press("octo/shop", run["id"], "rescan")
        await client.patch(f"{ROOT}/check-runs/{run['id']}", data={"conclusion": "failure"})
        await github.press("octo/shop", run["id"], "rescan")
        await github.rerequest("octo/shop", run["id"])
        suite = run["check_suite"]["id"]
        shown = await client.getitem(f"{ROOT}/check-suites/{suite}")
        assert (shown["status"], shown["conclusion"]) == ("queued", None)
        assert github.check_runs("octo/shop")[0].conclusion == "failure", "the run itself is not changed"
        await client.post(f"{ROOT}/check-runs/{run['id']}/rerequest", data=None)
        await client.post(f"{ROOT}/check-suites/{suite}/rerequest", data=None)
        runs = await client.getitem(f"{ROOT}/check-suites/{suite}/check-runs")
        assert [found["id"] for found in runs["check_runs"]] == [run["id"]]
        suites = await client.getitem(f"{ROOT}/commits/{pull.head_sha}/check-suites?app_id={github.app_id}")
        assert [found["id"] for found in suites["check_suites"]] == [suite]
        made = await client.post(f"{ROOT}/check-suites", data={"head_sha": pull.base_sha})
        assert made["head_sha"] == pull.base_sha
        await github.settle()
        names = hook.names()
        for name in ("check_run.requested_action", "check_run.rerequested", "check_suite.rerequested"):
            assert name in names
        pressed = next(event for event in hook.events if event.data.get("requested_action"))
        assert pressed.data["requested_action"] == {"identifier": "rescan"}
        assert pressed.data["check_run"]["external_id"] == "e"


async def test_forks_share_objects_and_hide_their_pull_requests(fakegithub: FakeGitHub) -> None:
    repo = fakegithub.add_repo("octo/shop", files={"a.py": "one\n"})
    installation = fakegithub.install("octo", [repo])
    fork = fakegithub.fork(repo, "stranger")
    fork.git.commit("main", {"a.py": "two\n"})
    async with receiver(fakegithub) as hook, installed(fakegithub, installation) as client:
        pull = await fakegithub.open_pr(repo, fork, branch="main")
        assert hook.names() == ["pull_request.opened"], "no suite for a push that was not seen"
        payload = hook.events[0].data["pull_request"]
        assert (payload["head"]["label"], payload["head"]["repo"]["fork"]) == ("stranger:main", True)
        compared = await client.getitem(f"{ROOT}/compare/main...stranger:main")
        assert [file["filename"] for file in compared["files"]] == ["a.py"]
        blob = compared["files"][0]["sha"]
        assert (await client.getitem(f"{ROOT}/git/blobs/{blob}"))["size"] == 4
        data = {"name": "fastperf", "head_sha": pull.head_sha, "conclusion": "success"}
        run = await client.post(f"{ROOT}/check-runs", data=data)
        assert run["pull_requests"] == []
        suite = await client.getitem(f"{ROOT}/check-suites/{run['check_suite']['id']}")
        assert (suite["head_branch"], suite["pull_requests"]) == (None, [])
        await fakegithub.push(repo, 1, {"b.py": "b\n"})
        await fakegithub.settle()
        assert hook.names()[-1] == "pull_request.synchronize"


async def test_a_merge_group_waits_for_a_check_on_its_own_commit(fakegithub: FakeGitHub) -> None:
    repo = fakegithub.add_repo("octo/shop", files={"a.py": "one\n"}, required_checks=["fastperf"])
    installation = fakegithub.install("octo", [repo])
    for name in ("x", "y"):
        repo.git.commit(name, {f"{name}.py": "1\n"}, parent=repo.git.ref("main"))
        await fakegithub.open_pr(repo, name)
    async with receiver(fakegithub) as hook, installed(fakegithub, installation) as client:
        group = await fakegithub.merge_group(repo, [1, 2])
        payload = hook.events[-1].data["merge_group"]
        assert payload["head_ref"].startswith("refs/heads/gh-readonly-queue/main/pr-2-")
        assert payload["head_commit"]["id"] == payload["head_sha"] == group.head_sha
        names = [
            entry["path"] for entry in (await client.getitem(f"{ROOT}/git/trees/{group.head_sha}"))["tree"]
        ]
        assert names == ["a.py", "x.py", "y.py"]
        assert not fakegithub.group_may_merge(group)
        data = {"name": "fastperf", "head_sha": group.head_sha, "conclusion": "success"}
        await client.post(f"{ROOT}/check-runs", data=data)
        assert fakegithub.group_may_merge(group)
        await fakegithub.destroy_group(group, "merged")
        await fakegithub.settle()
        assert "merge_group.destroyed" in hook.names()
