"""Threats 6 to 10, 21 and 22: how we talk with GitHub."""

from __future__ import annotations

import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from app.github.app import PERMISSIONS
from app.github.client import GitHub
from app.github.errors import GitHubError, UnexpectedHost
from tests.app.github.conftest import REPOSITORY, Server, json, serve
from tests.app.github.shop import opened
from tests.app.service import FILES, SLOW, Service
from tests.fakegithub import FakeGitHub

SLEEPS = (
    "import time\n\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
    '@app.get("/report")\nasync def report() -> None:\n    time.sleep(1)\n'
)


async def test_06_a_repository_of_another_installation_is_not_reached(service: Service) -> None:
    """The payload is GitHub's, yet which repository a token is for is decided by GitHub, not by the payload."""
    repo = service.shop()
    await service.reviewed(repo, "slow", SLOW)
    victim = service.github.add_repo("maria/secret", private=True, files=FILES)
    service.github.install("maria", [victim])
    victim.git.commit("slow", SLOW, parent=victim.git.ref("main"))
    pull = await service.github.open_pr(victim, "slow", tell=False)
    captured = next(made for made in service.github.deliveries if made.event == "pull_request")
    payload = dict(captured.payload)
    mixed = dict(payload["repository"], id=victim.id)
    service.github.expect(422)
    service.github.expect(404)
    minted = len(service.github.state.tokens)

    await service.github.deliver("pull_request", payload | {"repository": mixed})
    await service.idle()

    assert service.github.check_runs(victim, pull.head_sha) == []
    assert service.github.reviews(victim, pull.number) == []
    for token in list(service.github.state.tokens.values())[minted:]:
        assert {held.full_name for held in token.repos or ()} == {"maria/secret"}
        assert token.installation.account.login == "maria"


_connected: list[tuple[str, Any]] = []
_watching = False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        _connected.append((event, arguments))


sys.addaudithook(_watch)


@pytest.fixture
def connected() -> Iterator[list[tuple[str, Any]]]:
    """Every address that this process connects to or looks up."""
    global _watching
    _connected.clear()
    _watching = True
    yield _connected
    _watching = False


async def test_07_no_address_of_a_payload_is_ever_contacted(
    service: Service, connected: list[tuple[str, Any]]
) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "slow", SLOW)
    captured = next(made for made in service.github.deliveries if made.event == "pull_request")
    await service.github.push(repo, pull.number, {"README.md": "Another shop.\n"})
    await service.idle()
    connected.clear()

    for target in ("http://127.0.0.1:9/evil", "https://evil.example/", "http://169.254.169.254/latest"):
        await service.github.deliver(
            "pull_request", _redirected(captured.payload, target) | {"action": "reopened"}
        )
    await service.idle()

    ours = {urllib.parse.urlsplit(url).port for url in (service.github.url, service.url)}
    for event, arguments in connected:
        if event == "socket.getaddrinfo":
            assert arguments[0] in ("127.0.0.1", b"127.0.0.1", None), arguments
        elif isinstance(arguments[1], tuple):
            assert arguments[1][0] in ("127.0.0.1", "::1"), arguments
            assert arguments[1][1] in ours, arguments
    assert service.github.calls("graphql")


def _redirected(value: Any, target: str) -> Any:
    """The payload with each of its addresses replaced."""
    if isinstance(value, dict):
        return {key: _redirected(inner, target) for key, inner in value.items()}
    if isinstance(value, list):
        return [_redirected(inner, target) for inner in value]
    return target if isinstance(value, str) and "://" in value else value


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_08_no_redirect_takes_the_token_elsewhere_or_turns_a_write_into_a_read(
    github: GitHub, server: Server, tmp_path: Path, status: int
) -> None:
    reached: list[web.BaseRequest] = []

    async def stranger(request: web.BaseRequest) -> web.Response:
        reached.append(request)
        return web.Response(body=b"\x1f\x8b")

    client = github.repository(REPOSITORY)
    async with serve(stranger) as elsewhere:
        away = json({}, status, Location=f"{elsewhere}/stolen")
        server.tell("GET", "/repos/acme/shop/pulls/3", away)
        server.tell("POST", "/repos/acme/shop/issues/3/comments", away)
        with pytest.raises(GitHubError):
            await client.pulls.head(3)
        with pytest.raises(GitHubError):
            await client.comments.create(3, "x")
        assert reached == []

        server.tell("GET", "/repos/acme/shop/tarball/abc", away)
        try:
            await client.contents.tarball("abc", tmp_path / "tree.tar.gz")
        except GitHubError:
            assert status == 303
        assert all("authorization" not in request.headers for request in reached)

    home = json({}, status, Location=f"{server.url}/repos/acme/shop/issues/4/comments")
    server.tell("POST", "/repos/acme/shop/issues/3/comments", home)
    server.tell("POST", "/repos/acme/shop/issues/4/comments", json({"id": 1}, 201))
    server.requests.clear()
    if status in (301, 307, 308):  # GitHub's own, after a rename: method and body stay
        await client.comments.create(3, "x")
    else:
        with pytest.raises(GitHubError):
            await client.comments.create(3, "x")
    assert {request.method for request in server.requests} == {"POST"}


async def test_08_no_next_page_leads_elsewhere(github: GitHub, server: Server) -> None:
    server.tell("GET", "/repos/acme/shop/pulls", json([], Link='<https://evil.example/next>; rel="next"'))

    with pytest.raises(UnexpectedHost):
        await github.repository(REPOSITORY).pulls.list_open()


NAMES = (
    "a?ref=main#.py",
    "{+x}.py",
    "a\nb.py",
    "%2F%2e%2e.py",
    "a&b=c d.py",
    "\u202eyp.txet.py",
    "..py",
    "a:b.py",
    "'\"`$(x).py",
)


async def test_09_a_file_s_name_stays_a_name_on_every_way(fakegithub: FakeGitHub) -> None:
    before = {name: f"# {number}\n" for number, name in enumerate(NAMES)}
    after = {name: f"# {number} changed\n" for number, name in enumerate(NAMES)}
    async with opened(fakegithub, before, after) as shop:
        changed = await shop.client.pulls.compare(shop.pull.base_sha, shop.head, number=shop.number)
        assert {file.path for file in changed.files} == set(NAMES)

        wanted = [(shop.head, name) for name in NAMES]
        texts = await shop.client.contents.texts(wanted)
        assert texts == {(shop.head, name): after[name].encode() for name in NAMES}

        shop.hub.expect("SERVICE_UNAVAILABLE")
        shop.hub.faults.add("graphql_partial", "graphql", times=None)
        again = await shop.client.contents.texts(wanted)
        assert again == texts


async def test_09_a_finding_is_said_in_the_file_of_that_very_name(service: Service) -> None:
    repo = service.shop()
    name = "shop/a?ref=main#&x={+y}.py"

    pull = await service.reviewed(repo, "slow", {name: SLEEPS})

    (comment,) = service.github.review_comments(repo, pull.number)
    assert (comment.path, comment.line) == (name, 9)
    service.github.assert_clean()


INJECTION = '"){viewer{login}} #'


async def test_10_names_never_become_part_of_a_graphql_document(service: Service) -> None:
    repo = service.shop()
    branch = 'x"){viewer{login}}#'

    pull = await service.reviewed(repo, branch, {f"shop/{INJECTION}.py": SLEEPS, "shop/}}.py": SLEEPS})

    assert service.run(repo, pull).conclusion is not None
    assert {comment.path for comment in service.github.review_comments(repo, pull.number)} == {
        f"shop/{INJECTION}.py",
        "shop/}}.py",
    }
    documents = [entry.body["query"] for entry in service.github.calls("graphql")]
    assert documents
    for document in documents:
        assert "viewer{login}" not in document.replace(" ", "")
        assert "octo" not in document
    service.github.assert_clean()


async def test_21_what_one_tenant_s_file_says_is_not_taken_from_another_s(service: Service) -> None:
    repo = service.shop()
    await service.reviewed(repo, "slow", SLOW)
    other = service.github.add_repo("maria/shop", private=True, files=FILES)
    service.github.install("maria", [other])
    assert other.git.ref("main") is not None
    position = len(service.github.log)

    pull = await service.reviewed(other, "slow", SLOW)

    calls = service.calls_since(position)
    assert any(entry.operation in ("git/get-tree", "repos/download-tarball-archive") for entry in calls)
    fetched = [entry.body for entry in calls if entry.operation == "graphql"]
    assert any("shop/carriers.py" in str(body) for body in fetched), "the same blob is read again"
    assert all("octo" not in str(entry.body) + entry.path for entry in calls)
    assert service.run(other, pull).conclusion == "failure"
    for text in (
        str(service.run(other, pull).output),
        *(c.body for c in service.github.review_comments(other, 1)),
    ):
        assert "octo" not in text


async def test_22_a_token_does_for_one_repository_and_no_more_than_is_needed(service: Service) -> None:
    repo = service.shop()
    other = service.github.add_repo("octo/other", private=True, files=FILES)
    (installation,) = service.github.state.installations.values()
    await service.github.change_repositories(installation, add=[other])
    installation.permissions |= {"contents": "write", "actions": "write", "administration": "write"}
    await service.reviewed(repo, "slow", SLOW)
    await service.reviewed(other, "slow", SLOW)

    tokens = list(service.github.state.tokens.values())
    held = {tuple(each.full_name for each in token.repos or ()) for token in tokens}
    assert held == {(), ("octo/other",), ("octo/shop",)}
    assert PERMISSIONS["contents"] == "read"
    across = [token for token in tokens if not token.repos]
    only_heads = {"metadata": "read", "pull_requests": "read"}
    assert all(token.permissions == only_heads for token in across), "for open heads, no source"
    for token in tokens:
        assert token.permissions.get("contents", "read") == "read"
        assert set(token.permissions) <= set(PERMISSIONS)
        assert token.expires - token.minted <= 3600
        assert token.value not in repr(service.jobs.work)
    service.github.assert_clean()
