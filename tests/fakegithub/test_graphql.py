"""GraphQL against GitHub's own schema."""

from __future__ import annotations

from typing import Any

import aiohttp
import gidgethub
import pytest

from tests.fakegithub.client import installed, receiver, token
from tests.fakegithub.github import PERMISSIONS, FakeGitHub

ROOT = "/repos/octo/shop"
REVIEW = {"event": "COMMENT", "body": "b", "comments": [{"path": "a.py", "line": 1, "body": "slow"}]}
THREADS = """
query($after: String) { repository(owner: "octo", name: "shop") { pullRequest(number: 1) {
  reviewThreads(first: 1, after: $after) { totalCount pageInfo { hasNextPage endCursor }
    nodes { id isResolved isOutdated comments(first: 5) { nodes { id databaseId isMinimized minimizedReason } } } } } } }
"""
MINIMIZE = """
mutation($id: ID!) { one: minimizeComment(input: {subjectId: $id, classifier: RESOLVED, clientMutationId: "x"}) {
  clientMutationId minimizedComment { isMinimized minimizedReason } } }
"""
UPDATE = """
mutation($id: ID!, $body: String!) {
  updatePullRequestReviewComment(input: {pullRequestReviewCommentId: $id, body: $body}) {
    pullRequestReviewComment { body } } }
"""
RESOLVE = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"


async def reviewed(github: FakeGitHub, **permissions: str) -> Any:
    repo = github.add_repo(
        "octo/shop", private=True, files={"a.py": "one\n", "b.bin": b"\0\1", "big.py": "x" * 600_000}
    )
    repo.git.commit("feature", {"a.py": "two\n"}, parent=repo.git.ref("main"))
    installation = github.install("octo", [repo], permissions={**PERMISSIONS, **permissions})
    await github.open_pr(repo, "feature")
    async with installed(github, installation) as client:
        await client.post(f"{ROOT}/pulls/1/reviews", data=REVIEW)
    return installation


async def ask(github: FakeGitHub, installation: Any, query: str, **variables: Any) -> dict[str, Any]:
    """The whole answer, errors included."""
    headers = {"Authorization": f"Bearer {await token(github, installation)}", "User-Agent": "x"}
    async with aiohttp.ClientSession(headers=headers) as session:
        sent = {"query": query, "variables": variables}
        async with session.post(github.graphql_url, json=sent) as answer:
            assert answer.status == 200
            found: dict[str, Any] = await answer.json()
            return found


async def test_comments_are_edited_and_minimised(fakegithub: FakeGitHub) -> None:
    installation = await reviewed(fakegithub)
    [comment] = fakegithub.review_comments("octo/shop", 1)
    async with installed(fakegithub, installation) as client:
        endpoint = fakegithub.graphql_url
        found = await client.graphql(THREADS, endpoint=endpoint)
        [thread] = found["repository"]["pullRequest"]["reviewThreads"]["nodes"]
        [said] = thread["comments"]["nodes"]
        assert (said["databaseId"], said["isMinimized"]) == (comment.id, False)
        done = await client.graphql(MINIMIZE, endpoint=endpoint, id=said["id"])
        assert done["one"] == {
            "clientMutationId": "x",
            "minimizedComment": {"isMinimized": True, "minimizedReason": "resolved"},
        }
        done = await client.graphql(UPDATE, endpoint=endpoint, id=said["id"], body="fixed in abc")
        assert done["updatePullRequestReviewComment"]["pullRequestReviewComment"] == {"body": "fixed in abc"}
    assert (comment.body, comment.minimized) == ("fixed in abc", "RESOLVED")


async def test_resolving_needs_more_than_reading_code(fakegithub: FakeGitHub) -> None:
    installation = await reviewed(fakegithub)
    [thread] = fakegithub.threads("octo/shop", 1)
    identity = (await ask(fakegithub, installation, THREADS))["data"]["repository"]["pullRequest"][
        "reviewThreads"
    ]["nodes"][0]["id"]
    expected = fakegithub.expect("FORBIDDEN", "graphql")
    refused = await ask(fakegithub, installation, RESOLVE, id=identity)
    assert refused["data"] == {"resolveReviewThread": None}
    [error] = refused["errors"]
    assert (error["type"], error["message"], error["path"]) == (
        "FORBIDDEN",
        "Resource not accessible by integration",
        ["resolveReviewThread"],
    )
    assert (expected.met, thread.is_resolved) == (1, False)
    installation.permissions["contents"] = "write"
    assert (await ask(fakegithub, installation, RESOLVE, id=identity))["data"] == {
        "resolveReviewThread": {"thread": {"isResolved": True}}
    }


async def test_blobs_say_what_they_are(fakegithub: FakeGitHub) -> None:
    installation = await reviewed(fakegithub)
    blob = "{ ... on Blob { byteSize isBinary isTruncated text } }"
    query = f"""query($e: String!) {{ repository(owner: "octo", name: "shop") {{
      text: object(expression: $e) {blob} binary: object(expression: "main:b.bin") {blob}
      big: object(expression: "main:big.py") {blob} none: object(expression: "main:none.py") {blob}
      nowhere: object(expression: "nowhere:a.py") {blob} head: object(expression: "feature") {{ __typename oid }} }} }}"""
    found = (await ask(fakegithub, installation, query, e="main:a.py"))["data"]["repository"]
    assert found["text"] == {"byteSize": 4, "isBinary": False, "isTruncated": False, "text": "one\n"}
    assert found["binary"] == {"byteSize": 2, "isBinary": True, "isTruncated": False, "text": None}
    assert (found["big"]["byteSize"], found["big"]["isTruncated"], len(found["big"]["text"])) == (
        600_000,
        True,
        512_000,
    )
    assert (found["none"], found["nowhere"]) == (None, None)
    assert found["head"]["__typename"] == "Commit"


async def test_what_is_not_there_is_null_beside_an_error(fakegithub: FakeGitHub) -> None:
    installation = await reviewed(fakegithub)
    fakegithub.add_repo("else/secret", private=True, files={})
    query = """{ mine: repository(owner: "octo", name: "shop") { nameWithOwner pullRequest(number: 9) { title } }
      none: repository(owner: "octo", name: ".github") { nameWithOwner }
      hidden: repository(owner: "else", name: "secret") { nameWithOwner } viewer { login } rateLimit { cost remaining } }"""
    answer = await ask(fakegithub, installation, query)
    assert answer["data"]["mine"] == {"nameWithOwner": "octo/shop", "pullRequest": None}
    assert (answer["data"]["none"], answer["data"]["hidden"]) == (None, None)
    assert answer["data"]["viewer"]["login"] == "fastperf[bot]"
    assert answer["data"]["rateLimit"] == {"cost": 1, "remaining": 4999}
    assert {error["type"] for error in answer["errors"]} == {"NOT_FOUND"}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ repository(owner: 1, name: 2) { id } }", "String cannot represent"),
        ("{ viewer { colour } }", "Field 'colour' doesn't exist on type 'User'"),
        ("{ viewer ", "Syntax Error"),
        (
            '{ repository(owner: "octo", name: "shop") { pullRequests { nodes { id } } } }',
            "You must provide a `first` or `last` value",
        ),
        (
            '{ repository(owner: "octo", name: "shop") { pullRequests(first: 101) { nodes { id } } } }',
            "Requesting 101 records",
        ),
    ],
)
async def test_a_wrong_document_is_a_violation(query: str, message: str) -> None:
    async with FakeGitHub() as github:
        installation = await reviewed(github)
        answer = await ask(github, installation, query)
        assert message in answer["errors"][0]["message"]
        assert "data" not in answer
        assert message in github.violations[0]


async def test_a_field_nobody_wrote_is_a_violation() -> None:
    async with FakeGitHub() as github:
        installation = await reviewed(github)
        await ask(github, installation, '{ repository(owner: "octo", name: "shop") { diskUsage } }')
        assert "Repository.diskUsage is not implemented by the stand-in" in github.violations[0]


async def test_threads_are_paged(fakegithub: FakeGitHub) -> None:
    installation = await reviewed(fakegithub)
    async with installed(fakegithub, installation) as client:
        data = {"body": "whole file", "path": "a.py", "subject_type": "file"}
        data["commit_id"] = fakegithub.state.repo("octo/shop").pulls[1].head_sha  # type: ignore[union-attr]  # it is there
        await client.post(f"{ROOT}/pulls/1/comments", data=data)
    first = (await ask(fakegithub, installation, THREADS))["data"]["repository"]["pullRequest"][
        "reviewThreads"
    ]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (2, True)
    cursor = first["pageInfo"]["endCursor"]
    rest = (await ask(fakegithub, installation, THREADS, after=cursor))["data"]["repository"]["pullRequest"][
        "reviewThreads"
    ]
    assert (len(rest["nodes"]), rest["pageInfo"]["hasNextPage"]) == (1, False)


async def test_a_thread_outside_the_diff_vanishes_in_silence(fakegithub: FakeGitHub) -> None:
    installation = await reviewed(fakegithub)
    query = """mutation($id: ID!, $line: Int) { addPullRequestReviewThread(
      input: {pullRequestId: $id, path: "a.py", line: $line, body: "b"}) { thread { id line } } }"""
    find = '{ repository(owner: "octo", name: "shop") { pullRequest(number: 1) { id state } } }'
    pull = (await ask(fakegithub, installation, find))["data"]["repository"]["pullRequest"]
    assert pull["state"] == "OPEN"
    lost = await ask(fakegithub, installation, query, id=pull["id"], line=99)
    assert lost == {"data": {"addPullRequestReviewThread": {"thread": None}}}
    kept = await ask(fakegithub, installation, query, id=pull["id"], line=1)
    assert kept["data"]["addPullRequestReviewThread"]["thread"]["line"] == 1


async def test_the_graphql_budget_runs_out_with_status_200(fakegithub: FakeGitHub) -> None:
    installation = await reviewed(fakegithub)
    fakegithub.limits.graphql = 2
    expected = fakegithub.expect("RATE_LIMITED")
    answers = [await ask(fakegithub, installation, "{ viewer { login } }") for _ in range(3)]
    assert [error["type"] for error in answers[2]["errors"]] == ["RATE_LIMITED"]
    assert expected.met == 1


async def test_gidgethub_raises_on_partial_answers(fakegithub: FakeGitHub) -> None:
    installation = await reviewed(fakegithub)
    fakegithub.faults.add("graphql_partial", "graphql")
    expected = fakegithub.expect("SERVICE_UNAVAILABLE")
    async with installed(fakegithub, installation) as client:
        with pytest.raises(gidgethub.QueryError, match="Something went wrong"):
            await client.graphql("{ viewer { login } rateLimit { cost } }", endpoint=fakegithub.graphql_url)
    assert expected.met == 1


COMMIT = """
mutation($head: GitObjectID!, $changes: FileChanges!, $headline: String!) {
  createCommitOnBranch(input: {
    branch: {repositoryNameWithOwner: "octo/shop", branchName: "feature"}, expectedHeadOid: $head,
    message: {headline: $headline}, fileChanges: $changes
  }) { commit { oid } ref { name } } }
"""
THREE = {"additions": [{"path": "a.py", "contents": "dGhyZWUK"}]}


async def test_a_commit_on_a_branch_moves_its_pull_request(fakegithub: FakeGitHub) -> None:
    installation = await reviewed(fakegithub, contents="write")
    pull = fakegithub.state.repo("octo/shop").pulls[1]  # type: ignore[union-attr]  # it was just made

    async with receiver(fakegithub) as hooks:
        told = await ask(
            fakegithub, installation, COMMIT, head=pull.head_sha, changes=THREE, headline="Three"
        )
        await fakegithub.settle()

    sha = told["data"]["createCommitOnBranch"]["commit"]["oid"]
    assert pull.head_sha == sha
    entry = pull.repo.git.entry(sha, "a.py")
    assert entry is not None
    assert pull.repo.git.blob(entry[1]) == b"three\n"
    assert "pull_request.synchronize" in hooks.names()


@pytest.mark.parametrize(
    ("grants", "head", "changes", "headline", "kind"),
    [
        ({}, "", THREE, "Three", "FORBIDDEN"),
        ({"contents": "write"}, "0" * 40, THREE, "Three", "STALE_DATA"),
        ({"contents": "write"}, "", THREE, " ", "UNPROCESSABLE"),
        ({"contents": "write"}, "", {"additions": [{"path": "/a.py", "contents": ""}]}, "x", "UNPROCESSABLE"),
        ({"contents": "write"}, "", {"additions": [{"path": "a.py", "contents": "%"}]}, "x", "UNPROCESSABLE"),
        ({"contents": "write"}, "", {"deletions": [{"path": "none.py"}]}, "x", "UNPROCESSABLE"),
        ({"contents": "write"}, "", {"additions": [*THREE["additions"]] * 2}, "x", "UNPROCESSABLE"),
        (
            {"contents": "write"},
            "",
            {"additions": [{"path": ".github/workflows/ci.yml", "contents": ""}]},
            "x",
            "FORBIDDEN",
        ),
    ],
)
async def test_a_commit_that_github_refuses(
    fakegithub: FakeGitHub, grants: dict[str, str], head: str, changes: Any, headline: str, kind: str
) -> None:
    installation = await reviewed(fakegithub, **grants)
    pull = fakegithub.state.repo("octo/shop").pulls[1]  # type: ignore[union-attr]  # it was just made
    before = pull.head_sha
    fakegithub.expect(kind, "graphql")

    told = await ask(
        fakegithub, installation, COMMIT, head=head or before, changes=changes, headline=headline
    )

    assert [error["type"] for error in told["errors"]] == [kind]
    assert pull.head_sha == before
