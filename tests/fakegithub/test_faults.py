"""What goes wrong on the way: limits, broken answers, lost connections, moving heads."""

from __future__ import annotations

import time
from typing import Any

import aiohttp
import pytest

from tests.fakegithub.client import installed, token
from tests.fakegithub.github import FakeGitHub

ROOT = "/repos/octo/shop"


class Plain:
    """Requests without a library's help."""

    def __init__(self, github: FakeGitHub, session: aiohttp.ClientSession) -> None:
        self.github, self.session = github, session

    async def get(self, path: str, **headers: str) -> tuple[int, bytes, Any]:
        async with self.session.get(self.github.url + path, headers=headers) as answer:
            return answer.status, await answer.read(), answer.headers

    async def post(self, path: str, data: Any) -> tuple[int, bytes, Any]:
        async with self.session.post(self.github.url + path, json=data) as answer:
            return answer.status, await answer.read(), answer.headers


@pytest.fixture
async def plain(fakegithub: FakeGitHub) -> Any:
    repo = fakegithub.add_repo("octo/shop", files={"a.py": "one\n"})
    repo.git.commit("feature", {"a.py": "two\n"}, parent=repo.git.ref("main"))
    secret = await token(fakegithub, fakegithub.install("octo", [repo]))
    await fakegithub.open_pr(repo, "feature")
    headers = {"Authorization": f"Bearer {secret}", "User-Agent": "x"}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield Plain(fakegithub, session)


async def test_an_unchanged_answer_costs_nothing(fakegithub: FakeGitHub, plain: Plain) -> None:
    _, _, first = await plain.get(ROOT)
    status, body, second = await plain.get(ROOT, **{"If-None-Match": first["ETag"]})
    assert (status, body) == (304, b"")
    assert first["x-ratelimit-remaining"] == second["x-ratelimit-remaining"]
    _, _, third = await plain.get(ROOT)
    assert int(third["x-ratelimit-remaining"]) == int(first["x-ratelimit-remaining"]) - 1
    assert (third["x-ratelimit-resource"], third["x-ratelimit-limit"]) == ("core", "5000")


async def test_the_budget_runs_out(fakegithub: FakeGitHub, plain: Plain) -> None:
    fakegithub.limits.core = 3
    expected = fakegithub.expect(403, "repos/get")
    statuses = [(await plain.get(ROOT))[0] for _ in range(4)]
    assert statuses == [200, 200, 200, 403]
    _, body, headers = await plain.get("/rate_limit")
    assert b'"remaining":0' in body
    assert (headers["x-ratelimit-remaining"], expected.met) == ("0", 1)


async def test_calling_on_while_told_to_wait_is_a_violation() -> None:
    async with FakeGitHub() as github:
        repo = github.add_repo("octo/shop", files={"a.py": "one\n"})
        async with installed(github, github.install("octo", [repo])) as client:
            github.faults.secondary("repos/get", retry_after=1)
            github.limits.in_flight = 0
            with pytest.raises(Exception, match="secondary rate limit"):
                await client.getitem(ROOT)
            assert github.violations == []
            await client.getitem(ROOT)
        assert github.violations == ["repos/get: called while told to wait for the rate limit"]


async def test_unannounced_limits(fakegithub: FakeGitHub, plain: Plain) -> None:
    fakegithub.limits.content_minute = 2
    expected = fakegithub.expect(403, "issues/create-comment")
    path = f"{ROOT}/issues/1/comments"
    statuses = [(await plain.post(path, {"body": "b"}))[0] for _ in range(3)]
    assert (statuses, expected.met) == ([201, 201, 403], 1)
    assert len(fakegithub.comments("octo/shop", 1)) == 2
    assert fakegithub.limits.spent[next(iter(fakegithub.limits.blocked))] == 15
    fakegithub.limits.blocked.clear()
    fakegithub.limits.rest_points = 10
    status, body, headers = await plain.post(path, {"body": "b"})
    assert (status, headers["retry-after"]) == (403, "60")
    assert b"secondary rate limit" in body


@pytest.mark.parametrize("retry_after", [7, None])
@pytest.mark.parametrize("status", [403, 429])
async def test_both_forms_of_the_secondary_limit(
    fakegithub: FakeGitHub, plain: Plain, status: int, retry_after: int | None
) -> None:
    fakegithub.faults.secondary("repos/*", retry_after=retry_after, status=status)
    got, _, headers = await plain.get(ROOT)
    assert (got, headers.get("retry-after")) == (status, None if retry_after is None else "7")


async def test_the_primary_limit_by_a_knob(fakegithub: FakeGitHub, plain: Plain) -> None:
    fakegithub.faults.primary("repos/get", reset_in=30)
    status, body, headers = await plain.get(ROOT)
    assert (status, headers["x-ratelimit-remaining"]) == (403, "0")
    assert 0 < int(headers["x-ratelimit-reset"]) - time.time() <= 30
    assert b"API rate limit exceeded" in body


async def test_an_error_page_is_not_json(fakegithub: FakeGitHub, plain: Plain) -> None:
    for wanted in (500, 502, 503, 504, 520):
        fakegithub.faults.status(wanted, "repos/get")
        status, body, headers = await plain.get(ROOT)
        assert status == wanted
        assert body.startswith(b"<!DOCTYPE html>")
        assert headers["Content-Type"] == "text/html; charset=utf-8"


async def test_a_knob_skips_and_counts(fakegithub: FakeGitHub, plain: Plain) -> None:
    fault = fakegithub.faults.status(502, "repos/get", after=1, times=2)
    assert [(await plain.get(ROOT))[0] for _ in range(5)] == [200, 502, 502, 200, 200]
    assert (fault.struck, fakegithub.faults.active) == (2, [])
    slow = fakegithub.faults.latency((0.05, 0.06), "repos/get", times=1)
    started = time.perf_counter()
    await plain.get(ROOT)
    assert time.perf_counter() - started >= 0.05
    assert slow.struck == 1


async def test_a_write_can_happen_although_the_client_hears_otherwise(
    fakegithub: FakeGitHub, plain: Plain
) -> None:
    path = f"{ROOT}/issues/1/comments"
    fakegithub.faults.commit_then_status(502, "issues/create-comment")
    assert (await plain.post(path, {"body": "one"}))[0] == 502
    fakegithub.faults.commit_then_drop("issues/create-comment")
    with pytest.raises(aiohttp.ClientError):
        await plain.post(path, {"body": "two"})
    fakegithub.faults.drop("issues/create-comment")
    with pytest.raises(aiohttp.ClientError):
        await plain.post(path, {"body": "three"})
    assert [comment.body for comment in fakegithub.comments("octo/shop", 1)] == ["one", "two"]


async def test_half_an_answer(fakegithub: FakeGitHub, plain: Plain) -> None:
    _, whole, _ = await plain.get(ROOT)
    fakegithub.faults.truncate("repos/get")
    status, half, _ = await plain.get(ROOT)
    assert (status, half) == (200, whole[: len(whole) // 2])


async def test_the_head_moves_in_between(fakegithub: FakeGitHub, plain: Plain) -> None:
    repo = fakegithub.state.repo("octo/shop")
    assert repo is not None
    before = repo.pulls[1].head_sha
    fakegithub.force_push(repo, 1, {"a.py": "three\n"}, op="pulls/create-review")
    fakegithub.expect(422, "pulls/create-review")
    status, body, _ = await plain.post(
        f"{ROOT}/pulls/1/reviews", {"event": "COMMENT", "body": "b", "commit_id": before}
    )
    assert status == 422
    assert b"not part of the pull request" in body
    assert repo.pulls[1].heads == [before, repo.pulls[1].head_sha]


async def test_a_redirect_to_elsewhere(fakegithub: FakeGitHub, plain: Plain) -> None:
    fakegithub.faults.add("redirect", "repos/get", status=302, to="http://127.0.0.1:9/evil")
    async with plain.session.get(fakegithub.url + ROOT, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["location"]) == (302, "http://127.0.0.1:9/evil")


async def test_waves_are_counted(fakegithub: FakeGitHub, plain: Plain) -> None:
    start = len(fakegithub.log)
    await plain.get(ROOT)
    await plain.get(ROOT)
    assert fakegithub.waves(fakegithub.log[start:]) == 2
    with pytest.raises(ValueError, match="no such fault"):
        fakegithub.faults.add("gremlins")
