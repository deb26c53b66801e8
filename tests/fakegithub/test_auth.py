"""JSON web tokens, installation tokens and permissions, as GitHub judges them."""

from __future__ import annotations

import time
from typing import Any

import aiohttp
import gidgethub
import gidgethub.apps
import jwt
import pytest

from tests.fakegithub.client import api, installed, token
from tests.fakegithub.github import FakeGitHub

FILES = {"a.py": "one\n"}


async def get(github: FakeGitHub, path: str, credential: str | None, **headers: str) -> tuple[int, Any, Any]:
    """Status, body and headers of a plain request."""
    sent = {"User-Agent": "a-stranger", **headers}
    if credential is not None:
        sent["Authorization"] = f"Bearer {credential}"
    async with aiohttp.ClientSession() as session, session.get(github.url + path, headers=sent) as answer:
        return answer.status, await answer.json(), answer.headers


def signed(github: FakeGitHub, **claims: Any) -> str:
    now = int(time.time())
    payload = {"iat": now - 60, "exp": now + 540, "iss": github.app_id, **claims}
    payload = {name: value for name, value in payload.items() if value is not None}
    return jwt.encode(payload, github.private_key, algorithm="RS256")


async def test_a_good_jwt_is_the_app(fakegithub: FakeGitHub) -> None:
    for claims in ({}, {"iss": fakegithub.app.client_id}):
        status, body, _ = await get(fakegithub, "/app", signed(fakegithub, **claims))
        assert (status, body["slug"]) == (200, "fastperf")


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"exp": 700}, "'Expiration time' claim ('exp') is too far in the future"),
        ({"exp": -1}, "'Expiration time' claim ('exp') must be a numeric value representing"),
        ({"exp": None}, "'Expiration time' claim ('exp') must be a numeric value representing"),
        ({"iat": 30}, "'Issued at' claim ('iat') must be an Integer"),
    ],
)
async def test_a_jwt_outside_its_time_is_refused(
    fakegithub: FakeGitHub, claims: dict[str, int | None], message: str
) -> None:
    fakegithub.expect(401, "apps/get-authenticated")
    now = int(time.time())
    moved = {name: None if value is None else now + value for name, value in claims.items()}
    # An absent claim is told apart from one that is not changed.
    credential = signed(fakegithub, **moved)
    status, body, _ = await get(fakegithub, "/app", credential)
    assert status == 401
    assert message in body["message"]


async def test_a_jwt_of_another_key_or_app_is_refused(fakegithub: FakeGitHub) -> None:
    fakegithub.expect(401)
    fakegithub.expect(404)
    forged = jwt.encode(
        {"iat": 0, "exp": int(time.time()) + 60, "iss": fakegithub.app_id}, "k" * 32, algorithm="HS256"
    )
    assert (await get(fakegithub, "/app", forged))[1]["message"] == "A JSON web token could not be decoded"
    status, body, _ = await get(fakegithub, "/app", signed(fakegithub, iss="999"))
    assert (status, body["message"]) == (404, "Integration not found")


async def test_the_servers_clock_decides(fakegithub: FakeGitHub) -> None:
    fakegithub.skew = -300
    fakegithub.expect(401)
    status, body, headers = await get(fakegithub, "/app", signed(fakegithub))
    assert (status, body["message"][:13]) == (401, "'Expiration t")
    assert "GMT" in headers["Date"]


async def test_tokens_and_jwts_are_not_exchangeable(fakegithub: FakeGitHub) -> None:
    repo = fakegithub.add_repo("octo/shop", files=FILES)
    secret = await token(fakegithub, fakegithub.install("octo", [repo]))
    fakegithub.expect(401)
    fakegithub.expect(403)
    assert (await get(fakegithub, "/app", secret))[0] == 401
    assert (await get(fakegithub, "/repos/octo/shop/pulls", signed(fakegithub)))[0] == 403
    assert (await get(fakegithub, "/repos/octo/shop/pulls", None))[0] == 401
    assert (await get(fakegithub, "/repos/octo/shop/pulls", "ghs_made_up"))[0] == 401


async def test_a_token_ends(fakegithub: FakeGitHub) -> None:
    repo = fakegithub.add_repo("octo/shop", files=FILES)
    installation = fakegithub.install("octo", [repo])
    secret = await token(fakegithub, installation)
    assert (await get(fakegithub, "/repos/octo/shop", secret))[0] == 200
    fakegithub.skew = 3601
    expected = fakegithub.expect(401, "repos/get")
    status, body, _ = await get(fakegithub, "/repos/octo/shop", secret)
    assert (status, body["message"], expected.met) == (401, "Bad credentials", 1)
    fakegithub.skew = 0
    fakegithub.expire_tokens()
    assert (await get(fakegithub, "/repos/octo/shop", secret))[0] == 401
    assert expected.met == 1, "a knob's 401 needs no announcement"
    async with installed(fakegithub, installation) as client:
        await client.delete("/installation/token")
        with pytest.raises(gidgethub.BadRequest, match="Bad credentials"):
            await client.getitem("/repos/octo/shop")


async def test_a_token_is_as_narrow_as_asked(fakegithub: FakeGitHub) -> None:
    shop = fakegithub.add_repo("octo/shop", private=True, files=FILES)
    other = fakegithub.add_repo("octo/other", private=True, files=FILES)
    fakegithub.add_repo("octo/open", files=FILES)
    installation = fakegithub.install("octo", [shop, other])
    fakegithub.expect(404)
    fakegithub.expect(403)
    wanted = {"repository_ids": [shop.id], "permissions": {"contents": "read"}}
    async with installed(fakegithub, installation, **wanted) as client:
        listed = await client.getitem("/installation/repositories")
        assert [repo["full_name"] for repo in listed["repositories"]] == ["octo/shop"]
        await client.getitem("/repos/octo/shop/contents/a.py")
        await client.getitem("/repos/octo/open/contents/a.py")
        with pytest.raises(gidgethub.BadRequest, match="Not Found"):
            await client.getitem("/repos/octo/other/contents/a.py")
        with pytest.raises(gidgethub.BadRequest, match="Resource not accessible by integration"):
            await client.getitem("/repos/octo/shop/pulls")
    secret = await token(fakegithub, installation, **wanted)
    _, _, headers = await get(fakegithub, "/repos/octo/shop/pulls", secret)
    assert headers["x-accepted-github-permissions"] == "pull_requests=read"


async def test_a_token_never_holds_more_than_its_installation(fakegithub: FakeGitHub) -> None:
    repo = fakegithub.add_repo("octo/shop", private=True, files=FILES)
    foreign = fakegithub.add_repo("else/where", private=True, files=FILES)
    installation = fakegithub.install("octo", [repo])
    fakegithub.expect(422)
    for asked in ({"permissions": {"contents": "write"}}, {"repository_ids": [foreign.id]}, {"nonsense": 1}):
        with pytest.raises(gidgethub.GitHubException):
            await token(fakegithub, installation, **asked)
    secret = await token(fakegithub, installation)
    installation.permissions["pull_requests"] = "read"
    del installation.permissions["checks"]
    fakegithub.expect(403)
    async with api(fakegithub, secret) as client:
        await client.getitem("/repos/octo/shop/pulls")
        with pytest.raises(gidgethub.BadRequest, match="not accessible"):
            await client.getitem("/repos/octo/shop/commits/main/check-runs")


async def test_a_suspended_or_removed_installation_refuses(fakegithub: FakeGitHub) -> None:
    repo = fakegithub.add_repo("octo/shop", private=True, files=FILES)
    installation = fakegithub.install("octo", [repo])
    secret = await token(fakegithub, installation)
    await fakegithub.installed(installation, "suspend")
    status, body, _ = await get(fakegithub, "/repos/octo/shop", secret)
    assert (status, body["message"]) == (403, "This installation has been suspended")
    await fakegithub.installed(installation, "deleted")
    fakegithub.expect(404)
    with pytest.raises(gidgethub.BadRequest, match="Not Found"):
        await token(fakegithub, installation)


async def test_a_new_token_may_need_a_moment(fakegithub: FakeGitHub) -> None:
    fakegithub.world.token_delay = 60
    repo = fakegithub.add_repo("octo/shop", files=FILES)
    secret = await token(fakegithub, fakegithub.install("octo", [repo]))
    assert (await get(fakegithub, "/repos/octo/shop", secret))[0] == 401
    fakegithub.world.token_delay = 0
    assert (await get(fakegithub, "/repos/octo/shop", secret))[0] == 200


async def test_a_renamed_repository_redirects(fakegithub: FakeGitHub) -> None:
    repo = fakegithub.add_repo("octo/shop", files=FILES)
    secret = await token(fakegithub, fakegithub.install("octo", [repo]))
    fakegithub.rename(repo, "store")
    headers = {"Authorization": f"Bearer {secret}", "User-Agent": "x"}
    async with aiohttp.ClientSession(headers=headers) as session:
        address = f"{fakegithub.url}/repos/octo/shop/contents/a.py?ref=main"
        async with session.get(address) as answer:
            assert ([step.status for step in answer.history], answer.status) == ([301], 200)
        async with session.post(
            f"{fakegithub.url}/repos/octo/shop/check-runs", json={}, allow_redirects=False
        ) as answer:
            assert answer.status == 307


async def test_requests_need_a_user_agent_and_a_known_version(fakegithub: FakeGitHub) -> None:
    fakegithub.expect(403)
    fakegithub.expect(400)
    status, body, _ = await get(fakegithub, "/meta", None, **{"User-Agent": ""})
    assert status == 403
    assert "User-Agent" in body["message"]
    status, _, _ = await get(fakegithub, "/meta", None, **{"X-GitHub-Api-Version": "1999-01-01"})
    assert status == 400
