"""Reviews: where comments may hang, what refuses a whole review, what happens to comments when the head moves."""

from __future__ import annotations

from typing import Any

import gidgethub
import pytest

from tests.fakegithub.client import installed
from tests.fakegithub.github import FakeGitHub
from tests.fakegithub.gitrepo import Content
from tests.fakegithub.state import Pull

LINES = [f"line {n}\n" for n in range(1, 61)]
OLD = "".join(f"old {n}\n" for n in range(60))
BEFORE: dict[str, Content] = {"a.py": "".join(LINES), "gone.py": "x\n", "old.py": OLD, "bin": b"\0\1"}
AFTER: dict[str, Content] = {
    "a.py": "".join([*LINES[:9], "ten\n", *LINES[11:40], "new\n", *LINES[40:]]),
    "gone.py": None,
    "old.py": None,
    "new.py": OLD,
    "bin": b"\0\2",
}
"""In a.py line 10 is replaced, 11 is gone, and there is a new line 40."""

PATH = "/repos/octo/shop/pulls/1/reviews"
IN_DIFF = "Pull request review thread line must be part of the diff"
HUNK = "Pull request review thread diff hunk can't be blank"


async def opened(github: FakeGitHub, author: str = "octocat") -> tuple[Pull, Any]:
    repo = github.add_repo("octo/shop", private=True, files=BEFORE)
    repo.git.commit("feature", AFTER, parent=repo.git.ref("main"))
    installation = github.install("octo", [repo])
    return await github.open_pr(repo, "feature", author=author), installation


def review(*comments: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "event": "COMMENT",
        "body": "found",
        "comments": [{"body": "slow", "path": "a.py", **c} for c in comments],
        **more,
    }


@pytest.mark.parametrize(
    "comment",
    [
        {"line": 10, "side": "RIGHT"},
        {"line": 10},
        {"line": 7},
        {"line": 13, "start_line": 7},
        {"line": 11, "side": "LEFT"},
        {"line": 11, "side": "LEFT", "start_line": 10, "start_side": "LEFT"},
        {"line": 10, "start_line": 11, "start_side": "LEFT"},
        {"line": 40},
        {"path": "gone.py", "line": 1, "side": "LEFT"},
        {"position": 4},
    ],
)
async def test_a_line_of_a_hunk_carries_a_comment(fakegithub: FakeGitHub, comment: dict[str, Any]) -> None:
    _, installation = await opened(fakegithub)
    async with installed(fakegithub, installation) as client:
        made = await client.post(PATH, data=review(comment))
        listed = await client.getitem(f"{PATH}/{made['id']}/comments")
    assert len(listed) == 1
    [found] = fakegithub.review_comments("octo/shop", 1)
    assert found.diff_hunk.startswith("@@ -")
    assert found.position is not None


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ({"line": 25}, f"{IN_DIFF} and {HUNK}"),
        ({"line": 10, "side": "LEFT", "path": "new.py"}, f"{IN_DIFF} and {HUNK}"),
        ({"line": 9, "side": "LEFT"}, f"{IN_DIFF} and {HUNK}"),
        ({"line": 1, "path": "bin"}, f"{IN_DIFF} and {HUNK}"),
        (
            {"line": 25, "start_line": 10},
            f"{IN_DIFF}, Pull request review thread start line must be part of the same hunk as the line., and {HUNK}",
        ),
        (
            {"line": 40, "start_line": 10},
            "Pull request review thread start line must be part of the same hunk as the line.",
        ),
        ({"line": 10, "start_line": 10}, "Pull request review thread start line must precede the end line."),
        ({"line": 1, "path": "README.md"}, "Pull request review thread path could not be resolved"),
    ],
)
async def test_one_bad_place_refuses_the_whole_review(
    fakegithub: FakeGitHub, comment: dict[str, Any], said: str
) -> None:
    _, installation = await opened(fakegithub)
    fakegithub.expect(422, "pulls/create-review")
    async with installed(fakegithub, installation) as client:
        with pytest.raises(gidgethub.GitHubException) as refused:
            await client.post(PATH, data=review({"line": 10}, comment))
    assert said in str(refused.value)
    assert fakegithub.reviews("octo/shop", 1) == []


async def test_a_comment_alone_is_refused_in_another_form(fakegithub: FakeGitHub) -> None:
    pull, installation = await opened(fakegithub)
    fakegithub.expect(422, "pulls/create-review-comment")
    path = "/repos/octo/shop/pulls/1/comments"
    async with installed(fakegithub, installation) as client:
        with pytest.raises(gidgethub.InvalidField, match=r"pull_request_review_thread\.line"):
            await client.post(
                path, data={"body": "b", "commit_id": pull.head_sha, "path": "a.py", "line": 25}
            )
        whole = {"body": "b", "commit_id": pull.head_sha, "path": "new.py", "subject_type": "file"}
        made = await client.post(path, data=whole)
        assert (made["subject_type"], made["line"]) == ("file", None)
        answer = await client.post(path, data={**whole, "in_reply_to": made["id"]})
        assert answer["in_reply_to_id"] == made["id"]
        replied = await client.post(f"{path}/{made['id']}/replies", data={"body": "and again"})
        assert replied["in_reply_to_id"] == made["id"]


async def test_a_pending_review_blocks_the_next(fakegithub: FakeGitHub) -> None:
    _, installation = await opened(fakegithub)
    expected = fakegithub.expect(422, "pulls/create-review")
    async with installed(fakegithub, installation) as client:
        pending = await client.post(PATH, data={"body": "later"})
        assert pending["state"] == "PENDING"
        with pytest.raises(gidgethub.GitHubException, match="one pending review"):
            await client.post(PATH, data=review({"line": 10}))
        await client.delete(f"{PATH}/{pending['id']}")
        done = await client.post(PATH, data=review({"line": 10}))
        assert (await client.getitem(f"{PATH}/{done['id']}"))["state"] == "COMMENTED"
        changed = await client.put(f"{PATH}/{done['id']}", data={"body": "changed"})
        assert changed["body"] == "changed"
    assert expected.met == 1


async def test_a_pending_review_is_submitted_and_an_approval_dismissed(fakegithub: FakeGitHub) -> None:
    _, installation = await opened(fakegithub)
    async with installed(fakegithub, installation) as client:
        pending = await client.post(PATH, data={"comments": [{"path": "a.py", "line": 10, "body": "b"}]})
        sent = await client.post(f"{PATH}/{pending['id']}/events", data={"event": "APPROVE"})
        assert sent["state"] == "APPROVED"
        gone = await client.put(f"{PATH}/{pending['id']}/dismissals", data={"message": "outdated"})
        assert gone["state"] == "DISMISSED"


async def test_nobody_reviews_a_commit_that_is_not_there(fakegithub: FakeGitHub) -> None:
    pull, installation = await opened(fakegithub)
    fakegithub.expect(422, "pulls/create-review")
    async with installed(fakegithub, installation) as client:
        for commit in ("0" * 40, pull.base_sha):
            with pytest.raises(gidgethub.GitHubException, match="not part of the pull request"):
                await client.post(PATH, data=review({"line": 10}, commit_id=commit))
        before = pull.head_sha
        await fakegithub.push("octo/shop", 1, {"b.py": "1\n"}, force=True)
        with pytest.raises(gidgethub.GitHubException, match="not part of the pull request"):
            await client.post(PATH, data=review({"line": 10}, commit_id=before))


async def test_an_app_cannot_ask_itself_for_changes(fakegithub: FakeGitHub) -> None:
    _, installation = await opened(fakegithub, author="fastperf[bot]")
    fakegithub.expect(422)
    async with installed(fakegithub, installation) as client:
        with pytest.raises(
            gidgethub.GitHubException, match="Review Can not request changes on your own pull request"
        ):
            await client.post(PATH, data=review(event="REQUEST_CHANGES"))


async def test_a_body_has_to_say_something_and_end_somewhere(fakegithub: FakeGitHub) -> None:
    _, installation = await opened(fakegithub)
    fakegithub.expect(422)
    async with installed(fakegithub, installation) as client:
        for body in ("", "x" * 65_537):
            with pytest.raises(gidgethub.GitHubException, match="Body"):
                await client.post(PATH, data=review(body=body))
        with pytest.raises(gidgethub.GitHubException, match="too long"):
            await client.post("/repos/octo/shop/issues/1/comments", data={"body": "x" * 65_537})


async def test_answering_a_head_twice_is_a_violation_unless_asked() -> None:
    async with FakeGitHub() as github:
        _, installation = await opened(github)
        async with installed(github, installation) as client:
            await client.post(PATH, data=review({"line": 10}))
            await github.comment("octo/shop", 1, "/fastperf rescan")
            await client.post(PATH, data=review({"line": 40}))
            assert github.violations == []
            await client.post(PATH, data=review({"line": 10}))
        assert [text.partition(" at ")[0] for text in github.violations] == [
            "second review of #1",
            "same comment again on a.py:10",
        ]


async def test_comments_move_with_their_line_or_lose_it(fakegithub: FakeGitHub) -> None:
    pull, installation = await opened(fakegithub)
    first = pull.head_sha
    async with installed(fakegithub, installation) as client:
        await client.post(
            PATH, data=review({"line": 10}, {"line": 40, "start_line": 39}, {"line": 11, "side": "LEFT"})
        )
        text = str(AFTER["a.py"])
        await fakegithub.push("octo/shop", 1, {"a.py": "zero\n" + text.replace("ten\n", "changed\n")})
        replaced, moved, left = fakegithub.review_comments("octo/shop", 1)
        assert (replaced.line, replaced.original_line, replaced.thread.is_outdated) == (None, 10, True)
        assert (moved.line, moved.start_line, moved.original_line) == (41, 40, 40)
        assert (moved.commit_id, moved.original_commit_id) == (pull.head_sha, first)
        assert left.line == 11
        listed = await client.getitem("/repos/octo/shop/pulls/1/comments")
        assert [(c["line"], c["position"] is None) for c in listed] == [
            (None, True),
            (41, False),
            (11, False),
        ]
        await fakegithub.push("octo/shop", 1, {"a.py": None, "b.py": text})
        found = [(comment.path, comment.line) for comment in fakegithub.review_comments("octo/shop", 1)]
        assert found == [("b.py", 10), ("b.py", 40), ("a.py", 11)], "renamed, and the lines are back"


async def test_own_comments_are_edited_and_deleted(fakegithub: FakeGitHub) -> None:
    _, installation = await opened(fakegithub)
    async with installed(fakegithub, installation) as client:
        await client.post(PATH, data=review({"line": 10}))
        [comment] = fakegithub.review_comments("octo/shop", 1)
        path = f"/repos/octo/shop/pulls/comments/{comment.id}"
        assert (await client.patch(path, data={"body": "fixed"}))["body"] == "fixed"
        assert (await client.getitem(path))["body"] == "fixed"
        reaction = await client.post(f"{path}/reactions", data={"content": "rocket"})
        assert reaction["content"] == "rocket"
        human = await fakegithub.review_reply("octo/shop", 1, comment.id, "why?")
        fakegithub.expect(403, "pulls/update-review-comment")
        with pytest.raises(gidgethub.BadRequest):
            await client.patch(f"/repos/octo/shop/pulls/comments/{human.id}", data={"body": "mine"})
        await client.delete(path)
    assert [c.body for c in fakegithub.review_comments("octo/shop", 1)] == ["why?"]
