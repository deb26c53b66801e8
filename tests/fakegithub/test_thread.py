"""The thin thread: what an app does from the delivery to the completed check, through gidgethub."""

from __future__ import annotations

import base64
import io
import tarfile

import aiohttp
import gidgethub
import pytest

from tests.fakegithub.client import api, installed, receiver, token
from tests.fakegithub.github import FakeGitHub

BEFORE = {"shop/api.py": "".join(f"line {n}\n" for n in range(1, 41)), "README.md": "shop\n"}
AFTER = {"shop/api.py": BEFORE["shop/api.py"].replace("line 20\n", "line twenty\nline twenty and a half\n")}

STATE = """
query State($owner: String!, $name: String!, $number: Int!, $head: GitObjectID!, $app: Int!, $config: String!) {
  rateLimit { cost remaining }
  repository(owner: $owner, name: $name) {
    databaseId
    config: object(expression: $config) { ... on Blob { oid byteSize isBinary isTruncated text } }
    head: object(oid: $head) {
      ... on Commit {
        checkSuites(first: 10, filterBy: {appId: $app}) {
          nodes { checkRuns(first: 10, filterBy: {checkName: "fastperf"}) {
            nodes { databaseId externalId status conclusion } } } }
      }
    }
    pullRequest(number: $number) {
      headRefOid baseRefOid baseRefName isDraft state author { login __typename }
      reviewThreads(first: 100) { nodes {
        id isResolved isOutdated path line
        comments(first: 20) { totalCount nodes { ...said } } } }
    }
  }
}
fragment said on PullRequestReviewComment { id databaseId body isMinimized author { login __typename } }
"""


async def test_a_review_from_delivery_to_merge(fakegithub: FakeGitHub) -> None:
    github = fakegithub
    repo = github.add_repo("octo/shop", private=True, files=BEFORE, required_checks=["fastperf"])
    installation = github.install("octo", [repo])
    repo.git.commit("feature", AFTER, parent=repo.git.ref("main"))
    async with receiver(github) as hook:
        pull = await github.open_pr(repo, "feature")
        assert hook.names() == ["check_suite.requested", "pull_request.opened"]
        data = hook.events[1].data
        assert (data["installation"]["id"], data["pull_request"]["head"]["sha"]) == (
            installation.id,
            pull.head_sha,
        )

        async with installed(github, installation, repository_ids=[repo.id]) as client:
            base, head = pull.base_sha, pull.head_sha
            compared = await client.getitem(f"/repos/octo/shop/compare/{base}...{head}")
            assert [file["filename"] for file in compared["files"]] == ["shop/api.py"]
            assert compared["merge_base_commit"]["sha"] == base
            tree = await client.getitem(f"/repos/octo/shop/git/trees/{head}?recursive=1")
            assert [entry["path"] for entry in tree["tree"]] == ["README.md", "shop", "shop/api.py"]
            blob = await client.getitem(f"/repos/octo/shop/git/blobs/{compared['files'][0]['sha']}")
            assert base64.b64decode(blob["content"]).decode() == AFTER["shop/api.py"]

            assert not github.may_merge(repo, 1)
            review = await client.post(
                "/repos/octo/shop/pulls/1/reviews",
                data={
                    "commit_id": head,
                    "event": "COMMENT",
                    "body": "1 new problem",
                    "comments": [
                        {
                            "path": "shop/api.py",
                            "line": 21,
                            "side": "RIGHT",
                            "start_line": 20,
                            "start_side": "RIGHT",
                            "body": "slow",
                        }
                    ],
                },
            )
            assert (review["state"], review["commit_id"], review["user"]["login"]) == (
                "COMMENTED",
                head,
                "fastperf[bot]",
            )
            run = await client.post(
                "/repos/octo/shop/check-runs",
                data={"name": "fastperf", "head_sha": head, "status": "in_progress", "external_id": "e1"},
            )
            assert github.merge_blockers(repo, 1) == ["required check 'fastperf' is in_progress"]
            done = {"conclusion": "success", "output": {"title": "clean", "summary": "nothing new"}}
            run = await client.patch(f"/repos/octo/shop/check-runs/{run['id']}", data=done)
            assert (run["status"], run["conclusion"], run["external_id"]) == ("completed", "success", "e1")
            listed = await client.getitem(f"/repos/octo/shop/commits/{head}/check-runs?check_name=fastperf")
            assert [found["id"] for found in listed["check_runs"]] == [run["id"]]
            assert github.may_merge(repo, 1)

            comment = await github.comment(repo, 1, "/fastperf rescan", "alice")
            reaction = {"content": "eyes"}
            path = f"/repos/octo/shop/issues/comments/{comment.id}/reactions"
            assert (await client.post(path, data=reaction))["id"] == (await client.post(path, data=reaction))[
                "id"
            ]
            repo.roles["alice"] = "maintain"
            may = await client.getitem("/repos/octo/shop/collaborators/alice/permission")
            assert (may["permission"], may["role_name"]) == ("write", "maintain")
            answer = await client.post("/repos/octo/shop/issues/1/comments", data={"body": "done"})
            assert answer["performed_via_github_app"]["slug"] == "fastperf"

            variables = {
                "owner": "octo",
                "name": "shop",
                "number": 1,
                "head": head,
                "app": int(github.app_id),
            }
            variables["config"] = f"{base}:README.md"
            state = await client.graphql(STATE, endpoint=github.graphql_url, **variables)
            found = state["repository"]
            assert found["config"]["text"] == "shop\n"
            thread = found["pullRequest"]["reviewThreads"]["nodes"][0]
            assert (thread["path"], thread["line"], thread["isOutdated"]) == ("shop/api.py", 21, False)
            said = thread["comments"]["nodes"][0]
            assert (said["body"], said["author"]) == ("slow", {"login": "fastperf", "__typename": "Bot"})
            runs = found["head"]["checkSuites"]["nodes"][0]["checkRuns"]["nodes"]
            assert runs == [
                {"databaseId": run["id"], "externalId": "e1", "status": "COMPLETED", "conclusion": "SUCCESS"}
            ]
        await github.settle()
        assert hook.names()[2:] == [
            "pull_request_review_comment.created",
            "check_run.created",
            "check_run.completed",
            "issue_comment.created",
            "issue_comment.created",
        ]
    assert {delivery.status_code for delivery in github.deliveries} == {202}


async def test_the_archive_comes_from_another_host_without_the_token(fakegithub: FakeGitHub) -> None:
    github = fakegithub
    repo = github.add_repo("octo/shop", private=True, files=BEFORE)
    secret = await token(github, github.install("octo", [repo]))
    async with aiohttp.ClientSession() as session:
        address = f"{github.url}/repos/octo/shop/tarball/main"
        async with session.get(
            address, headers={"Authorization": f"Bearer {secret}", "User-Agent": "x"}
        ) as answer:
            assert [step.status for step in answer.history] == [302]
            assert answer.url.port != github.port
            data = await answer.read()
    sha = repo.git.ref("main")
    assert sha is not None
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        names = archive.getnames()
    assert names == [
        f"octo-shop-{sha[:7]}",
        f"octo-shop-{sha[:7]}/README.md",
        f"octo-shop-{sha[:7]}/shop",
        f"octo-shop-{sha[:7]}/shop/api.py",
    ]


async def test_a_mistake_of_the_app_fails_the_test() -> None:
    async with FakeGitHub() as github:
        repo = github.add_repo("octo/shop", files=BEFORE)
        async with installed(github, github.install("octo", [repo])) as client:
            for path in ("/repos/octo/shop/pulls/7", "/repos/octo/shop/nonsense"):
                with pytest.raises(gidgethub.BadRequest, match="Not Found"):
                    await client.getitem(path)
        broken = ["pulls/get answered 404: Not Found", "unknown route GET /repos/octo/shop/nonsense"]
        assert github.violations == broken
        with pytest.raises(AssertionError, match="unknown route"):
            github.assert_clean()


async def test_an_announced_refusal_is_no_violation(fakegithub: FakeGitHub) -> None:
    expected = fakegithub.expect(401, "apps/get-authenticated")
    async with api(fakegithub) as client:
        with pytest.raises(gidgethub.BadRequest, match="Bad credentials"):
            await client.getitem("/app", jwt="nonsense")
    assert expected.met == 1
