"""Every REST operation of the data file, called once by gidgethub and checked against its schema."""

from __future__ import annotations

import base64
import json
from typing import Any

import gidgethub.apps
import pytest

from tests.fakegithub import spec
from tests.fakegithub.call import HANDLERS
from tests.fakegithub.client import api, installed, receiver
from tests.fakegithub.github import PERMISSIONS, FakeGitHub

FILES: dict[str, Any] = {
    "a.py": "one\ntwo\nthree\n",
    "pkg/b.py": "b\n",
    "link": ("120000", "pkg/b.py"),
    "loose": ("120000", "nowhere"),
    "sub": ("160000", "1" * 40),
    "blob.bin": b"\0\1\2",
}
ROOT = "/repos/octo/shop"


def test_every_operation_is_implemented() -> None:
    assert set(HANDLERS) == set(spec.load().ops)


async def test_reading_a_repository(fakegithub: FakeGitHub) -> None:
    repo = fakegithub.add_repo("octo/shop", private=True, files=FILES, organization=True)
    repo.git.commit(
        "feature",
        {"a.py": "one\n2\nthree\n", "pkg/c.py": "b\n", "pkg/b.py": None},
        parent=repo.git.ref("main"),
    )
    pull = await fakegithub.open_pr(repo, "feature", title="Second")
    head, base = pull.head_sha, pull.base_sha
    async with installed(
        fakegithub, fakegithub.install("octo", [repo], permissions={**PERMISSIONS, "statuses": "write"})
    ) as client:
        get = client.getitem
        assert (await get(ROOT))["full_name"] == "octo/shop"
        assert [commit["sha"] for commit in await get(f"{ROOT}/commits?sha=feature")] == [head, base]
        commit = await get(f"{ROOT}/commits/feature")
        assert [(f["filename"], f["status"], f.get("previous_filename")) for f in commit["files"]] == [
            ("a.py", "modified", None),
            ("pkg/c.py", "renamed", "pkg/b.py"),
        ]
        assert "patch" not in commit["files"][1]
        assert (await get(f"{ROOT}/git/commits/{head}"))["parents"][0]["sha"] == base
        assert (await get(f"{ROOT}/git/ref/heads/feature"))["object"]["sha"] == head
        assert (await get(f"{ROOT}/git/ref/pull/1/head"))["object"]["sha"] == head
        assert [p["number"] for p in await get(f"{ROOT}/commits/{head}/pulls")] == [1]

        text = await get(f"{ROOT}/contents/a.py?ref=feature")
        assert base64.b64decode(text["content"]) == b"one\n2\nthree\n"
        assert {entry["name"]: entry["type"] for entry in await get(f"{ROOT}/contents/")} == {
            "a.py": "file",
            "blob.bin": "file",
            "link": "symlink",
            "loose": "symlink",
            "pkg": "dir",
            "sub": "submodule",
        }
        assert (await get(f"{ROOT}/contents/link"))["type"] == "file"
        assert (await get(f"{ROOT}/contents/loose"))["target"] == "nowhere"
        assert (await get(f"{ROOT}/contents/sub"))["type"] == "submodule"
        raw = await get(f"{ROOT}/contents/a.py", accept="application/vnd.github.raw+json")
        assert raw == "one\ntwo\nthree\n"
        tree = await get(f"{ROOT}/git/trees/main")
        assert [(entry["path"], entry["mode"]) for entry in tree["tree"]] == [
            ("a.py", "100644"),
            ("blob.bin", "100644"),
            ("link", "120000"),
            ("loose", "120000"),
            ("pkg", "040000"),
            ("sub", "160000"),
        ]
        status = {"state": "failure", "context": "ci", "description": "red"}
        await client.post(f"{ROOT}/statuses/{head}", data=status)
        combined = await get(f"{ROOT}/commits/{head}/status")
        assert (combined["state"], combined["total_count"]) == ("failure", 1)


async def test_reading_pull_requests(fakegithub: FakeGitHub) -> None:
    repo = fakegithub.add_repo("octo/shop", private=True, files=FILES)
    many = {f"many/{n:03}.py": f"{n}\n" for n in range(130)}
    repo.git.commit("many", many, parent=repo.git.ref("main"))
    repo.git.commit("few", {"a.py": "1\n"}, parent=repo.git.ref("main"))
    await fakegithub.open_pr(repo, "many", author="alice")
    await fakegithub.open_pr(repo, "few", draft=True)
    await fakegithub.pr_event(repo, 2, "labeled", label="slow")
    async with installed(fakegithub, fakegithub.install("octo", [repo])) as client:
        get = client.getitem
        pull = await get(f"{ROOT}/pulls/1")
        assert (pull["changed_files"], pull["additions"], pull["mergeable_state"]) == (130, 130, "clean")
        listed = [file["filename"] async for file in client.getiter(f"{ROOT}/pulls/1/files?per_page=100")]
        assert listed == sorted(many)
        assert [p["number"] for p in await get(f"{ROOT}/pulls?state=open")] == [2, 1]
        assert [p["number"] for p in await get(f"{ROOT}/pulls?head=octo:many&base=main")] == [1]
        assert [len(c["sha"]) for c in await get(f"{ROOT}/pulls/1/commits")] == [40]
        diff = await get(f"{ROOT}/pulls/2", accept="application/vnd.github.diff")
        assert diff.startswith("diff --git a/a.py b/a.py\n")
        issue = await get(f"{ROOT}/issues/2")
        assert (issue["draft"], [label["name"] for label in issue["labels"]]) == (True, ["slow"])
        await client.post(f"{ROOT}/issues/2/labels", data={"labels": ["fastperf"]})
        names = [label["name"] for label in await get(f"{ROOT}/issues/2/labels")]
        assert names == ["slow", "fastperf"]


async def test_a_diff_that_is_too_large_is_refused(fakegithub: FakeGitHub) -> None:
    repo = fakegithub.add_repo("octo/shop", files=FILES)
    repo.git.commit("huge", {f"f{n}.py": "x\n" for n in range(301)}, parent=repo.git.ref("main"))
    await fakegithub.open_pr(repo, "huge")
    fakegithub.expect(406, "pulls/get")
    async with installed(fakegithub, fakegithub.install("octo", [repo])) as client:
        with pytest.raises(gidgethub.BadRequest, match="exceeded the maximum number of files"):
            await client.getitem(f"{ROOT}/pulls/1", accept="application/vnd.github.v3.diff")
        pull = fakegithub.state.repos[repo.id].pulls[1]
        compared = await client.getitem(f"{ROOT}/compare/{pull.base_sha}...{pull.head_sha}")
        assert len(compared["files"]) == 300


async def test_comments_of_the_conversation(fakegithub: FakeGitHub) -> None:
    repo = fakegithub.add_repo("octo/shop", files=FILES)
    repo.git.commit("few", {"a.py": "1\n"}, parent=repo.git.ref("main"))
    await fakegithub.open_pr(repo, "few")
    async with installed(fakegithub, fakegithub.install("octo", [repo])) as client:
        made = await client.post(f"{ROOT}/issues/1/comments", data={"body": "one"})
        path = f"{ROOT}/issues/comments/{made['id']}"
        assert (await client.patch(path, data={"body": "two"}))["body"] == "two"
        assert (await client.getitem(path))["body"] == "two"
        assert [c["id"] for c in await client.getitem(f"{ROOT}/issues/1/comments")] == [made["id"]]
        reaction = await client.post(f"{path}/reactions", data={"content": "-1"})
        assert [r["content"] for r in await client.getitem(f"{path}/reactions")] == ["-1"]
        await client.delete(f"{path}/reactions/{reaction['id']}")
        assert await client.getitem(f"{path}/reactions") == []
        await client.delete(path)
        assert await client.getitem(f"{ROOT}/issues/1/comments") == []
        fakegithub.expect(422)
        with pytest.raises(gidgethub.GitHubException):
            await client.post(f"{path}/reactions", data={"content": "thumbs"})


async def test_the_app_reads_itself_and_its_webhook(fakegithub: FakeGitHub) -> None:
    repo = fakegithub.add_repo("octo/shop", files=FILES)
    installation = fakegithub.install("octo", [repo])
    signed = gidgethub.apps.get_jwt(app_id=fakegithub.app_id, private_key=fakegithub.private_key)
    async with receiver(fakegithub, status=500), api(fakegithub) as client:

        async def get(path: str) -> Any:
            return await client.getitem(path, jwt=signed)

        assert (await get("/app"))["permissions"] == fakegithub.app.permissions
        assert [i["id"] for i in await get("/app/installations")] == [installation.id]
        assert (await get(f"/app/installations/{installation.id}"))["app_slug"] == "fastperf"
        assert (await get(f"{ROOT}/installation"))["id"] == installation.id
        assert (await get("/app/hook/config"))["secret"] == "********"
        for _ in range(5):
            await fakegithub.ping()
        listed = [
            d async for d in client.getiter("/app/hook/deliveries?per_page=2&status=failure", jwt=signed)
        ]
        assert [d["status_code"] for d in listed] == [500] * 5
        assert [d["id"] for d in listed] == [d.id for d in reversed(fakegithub.deliveries)]
        one = await get(f"/app/hook/deliveries/{listed[0]['id']}")
        assert one["request"]["headers"]["X-GitHub-Event"] == "ping"
        await client.post(f"/app/hook/deliveries/{one['id']}/attempts", data=None, jwt=signed)
        await fakegithub.settle()
        assert [(d.guid, d.redelivery) for d in fakegithub.deliveries[-1:]] == [(one["guid"], True)]
        assert await get("/app/hook/deliveries?status=success") == []
        changed = await client.patch(
            "/app/hook/config", data={"secret": "n" * 40, "content_type": "form"}, jwt=signed
        )
        assert (changed["content_type"], fakegithub.webhook_secret) == ("form", "n" * 40)
        assert (await get("/meta"))["hooks"]
        assert (await get("/"))["rate_limit_url"].endswith("/rate_limit")
        assert (await get("/rate_limit"))["resources"]["core"]["limit"] == 5000


async def test_a_manifest_is_converted_once(fakegithub: FakeGitHub) -> None:
    code = fakegithub.register({"name": "fastperf"})
    fakegithub.expect(404)
    async with api(fakegithub) as client:
        made = await client.post(f"/app-manifests/{code}/conversions", data=None)
        assert made["webhook_secret"] == fakegithub.webhook_secret
        assert "PRIVATE KEY" in made["pem"]
        with pytest.raises(gidgethub.BadRequest):
            await client.post(f"/app-manifests/{code}/conversions", data=None)


async def test_file_names_arrive_as_they_are(fakegithub: FakeGitHub) -> None:
    names = [
        "a?ref=main#.py",
        "{+x}.py",
        "a\nb.py",
        "sp ace.py",
        "ü.py",
        "per%25.py",
        'quo"te.py',
        "back\\slash.py",
    ]
    repo = fakegithub.add_repo("octo/shop", files={name: f"{name}!" for name in names})
    repo.git.commit("change", {name: f"{name}?" for name in names}, parent=repo.git.ref("main"))
    await fakegithub.open_pr(repo, "change")
    async with installed(fakegithub, fakegithub.install("octo", [repo])) as client:
        files = await client.getitem(f"{ROOT}/pulls/1/files")
        assert sorted(file["filename"] for file in files) == sorted(names)
        for name in names:
            found = await client.getitem(f"{ROOT}/contents/{{path}}", {"path": name})
            assert base64.b64decode(found["content"]).decode() == f"{name}!"
            assert json.dumps(found["path"]) == json.dumps(name)
