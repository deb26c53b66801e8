"""Faults of the wire, over real HTTP."""

from __future__ import annotations

import asyncio
import time
import urllib.parse
from pathlib import Path

import pytest
from aiohttp import web

from app.github.api import Call, check_url, derive_graphql_url
from app.github.client import GitHub
from app.github.errors import (
    Forbidden,
    GitHubError,
    Gone,
    NotFound,
    RateLimited,
    Suspended,
    TooLarge,
    Unavailable,
    UnexpectedHost,
    Unsupported,
)
from tests.app.github.conftest import REPOSITORY, Responder, Server, drop, half, json, serve, text

PULL = {
    "number": 3,
    "head": {"sha": "h" * 40},
    "base": {"sha": "b" * 40, "ref": "main"},
    "user": {"login": "ada", "type": "User"},
}
GET_PULL = ("GET", "/repos/acme/shop/pulls/3")
COMMENT = ("POST", "/repos/acme/shop/issues/3/comments")
GRAPHQL = ("POST", "/graphql")

FAULTS = {
    "500": text("oops", 500),
    "502 as a page": text("<html>unicorn</html>", 502),
    "503": json({"message": "busy"}, 503),
    "504": text("", 504),
    "520": text("<html>520</html>", 520),
    "599": json({}, 599),
    "dropped twice": None,
    "truncated": half,
    "half a document": text('{"id": 1, "na', content_type="application/json"),
    "a page with 200": text("<html>hello</html>"),
    "a strange charset": text(
        b"{}", content_type="application/json", Content_Type="application/json; charset=x-no"
    ),
    "empty": text(""),
}


def fault(name: str) -> list[Responder]:
    answer = FAULTS[name]
    return [drop, drop] if answer is None else [answer]


@pytest.mark.parametrize("name", FAULTS)
async def test_a_read_is_repeated_after_a_fault(github: GitHub, server: Server, name: str) -> None:
    server.tell(*GET_PULL, *fault(name), json(PULL))

    assert await github.repository(REPOSITORY).pulls.head(3) == "h" * 40
    assert len(server.seen(*GET_PULL)) >= 2


@pytest.mark.parametrize("name", FAULTS)
async def test_a_read_is_given_up_when_the_fault_stays(github: GitHub, server: Server, name: str) -> None:
    server.tell(*GET_PULL, fault(name)[0])

    with pytest.raises(Unavailable) as caught:
        await github.repository(REPOSITORY).pulls.head(3)

    assert "GET /repos/{owner}/{repo}/pulls/{number}" in str(caught.value)
    assert len(server.seen(*GET_PULL)) in {3, 6}  # aiohttp itself repeats a GET once when a connection drops


@pytest.mark.parametrize("name", FAULTS)
async def test_a_write_is_not_repeated_blindly(github: GitHub, server: Server, name: str) -> None:
    server.tell(*COMMENT, fault(name)[0])

    with pytest.raises(Unavailable):
        await github.repository(REPOSITORY).comments.create(3, "hello")

    assert len(server.seen(*COMMENT)) == 1


async def test_a_slow_answer_is_a_fault(server: Server, private_key: str) -> None:
    async def slow(_: web.BaseRequest) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    server.tell(*GET_PULL, slow)
    async with GitHub(
        app_id="1", private_key=private_key, api_url=server.url, timeout=0.1, pauses=(0.0,)
    ) as github:
        with pytest.raises(Unavailable, match="Timeout"):
            await github.repository(REPOSITORY).pulls.head(3)


async def test_every_request_says_who_asks_and_for_which_version(github: GitHub, server: Server) -> None:
    server.tell(*GET_PULL, json(PULL))

    await github.repository(REPOSITORY).pulls.get(3)

    headers = server.seen(*GET_PULL)[0].headers
    assert headers["user-agent"] == "fastperf"
    assert headers["accept"] == "application/vnd.github+json"
    assert headers["x-github-api-version"] == "2022-11-28"
    assert headers["authorization"] == "Bearer ghs_first"


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (403, "Resource not accessible by integration", Forbidden),
        (403, "This installation has been suspended", Suspended),
        (404, "Not Found", NotFound),
        (410, "Gone", Gone),
        (451, "Repository access blocked", Gone),
        (418, "a teapot", GitHubError),
        (499, "what is this", GitHubError),
    ],
)
async def test_a_refusal_is_named_and_not_repeated(
    github: GitHub, server: Server, status: int, message: str, kind: type[GitHubError]
) -> None:
    server.tell(*GET_PULL, json({"message": message}, status))

    with pytest.raises(kind, match=message) as caught:
        await github.repository(REPOSITORY).pulls.head(3)

    assert type(caught.value) is kind
    assert len(server.seen(*GET_PULL)) == 1


async def test_a_missing_permission_names_the_one_that_would_do(github: GitHub, server: Server) -> None:
    server.tell(
        *GET_PULL,
        json({"message": "no"}, 403, x_accepted_github_permissions="issues=write; pull_requests=write"),
    )

    with pytest.raises(Forbidden, match="issues=write; pull_requests=write"):
        await github.repository(REPOSITORY).pulls.head(3)


# limits


@pytest.mark.parametrize("status", [403, 429])
async def test_a_short_wait_for_a_limit_is_waited_also_by_a_write(
    github: GitHub, server: Server, status: int
) -> None:
    limited = json({"message": "You have exceeded a secondary rate limit."}, status, retry_after="1")
    server.tell(*COMMENT, limited, json({"id": 9}, 201))
    began = time.monotonic()

    assert await github.repository(REPOSITORY).comments.create(3, "hello") == 9
    assert time.monotonic() - began >= 1.0


@pytest.mark.parametrize("status", [403, 429])
async def test_a_long_wait_for_a_limit_is_left_to_the_job(
    github: GitHub, server: Server, status: int
) -> None:
    server.tell(*GET_PULL, json({"message": "secondary rate limit"}, status, retry_after="90"))
    pulls = github.repository(REPOSITORY).pulls

    with pytest.raises(RateLimited) as caught:
        await pulls.head(3)
    assert 85 < caught.value.until - time.time() < 95

    with pytest.raises(RateLimited):  # and nothing is sent while it holds
        await pulls.head(3)
    assert len(server.seen(*GET_PULL)) == 1


@pytest.mark.parametrize("status", [403, 429])
async def test_a_secondary_limit_without_a_time_is_a_minute_then_two(
    github: GitHub, server: Server, status: int
) -> None:
    limits = github.limits(77)

    assert 59 < limits.refused({}) - time.time() < 61
    assert 119 < limits.refused({}) - time.time() < 121

    limits.observe({}, refused=False)
    assert limits.refused({}) - time.time() < 121


async def test_an_exhausted_primary_limit_waits_for_its_reset_by_githubs_clock(
    github: GitHub, server: Server
) -> None:
    date = "Wed, 21 Oct 2015 07:28:00 GMT"  # its clock is years behind ours
    reset = 1445412480 + 300
    server.tell(
        *GET_PULL,
        json(
            {"message": "API rate limit exceeded"},
            403,
            Date=date,
            x_ratelimit_limit="5000",
            x_ratelimit_remaining="0",
            x_ratelimit_reset=str(reset),
            x_ratelimit_resource="core",
        ),
    )

    with pytest.raises(RateLimited) as caught:
        await github.repository(REPOSITORY).pulls.head(3)

    assert 295 < caught.value.until - time.time() < 305


async def test_a_limit_of_one_resource_and_installation_is_no_other_ones(
    github: GitHub, server: Server
) -> None:
    spent = {
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(time.time() + 900),
        "x-ratelimit-limit": "1",
    }
    github.limits(77).observe({**spent, "x-ratelimit-resource": "graphql"}, refused=False)
    server.tell(*GET_PULL, json(PULL))
    pulls = github.repository(REPOSITORY).pulls

    await pulls.head(3)
    with pytest.raises(RateLimited):
        await pulls.state(3)
    assert server.seen(*GRAPHQL) == []


async def test_writes_beyond_a_burst_keep_a_second_apart(github: GitHub) -> None:
    waits = [github.limits(1).write_turn() for _ in range(14)]

    assert waits[:10] == [0.0] * 10
    assert [round(wait) for wait in waits[10:]] == [1, 2, 3, 4]


# redirects and hosts


async def test_a_redirect_after_a_rename_keeps_the_method_and_the_body(
    github: GitHub, server: Server
) -> None:
    moved = "/repositories/5/issues/3/comments"
    server.tell(*COMMENT, json({"message": "Moved Permanently"}, 301, Location=server.url + moved))
    server.tell("POST", moved, json({"id": 4}, 201))

    assert await github.repository(REPOSITORY).comments.create(3, "hello") == 4
    assert server.bodies[-1] == b'{"body": "hello"}'
    assert server.requests[-1].headers["authorization"] == "Bearer ghs_first"


async def test_a_redirect_that_would_change_a_write_into_a_read_is_refused(
    github: GitHub, server: Server
) -> None:
    server.tell(*COMMENT, json({}, 302, Location=server.url + "/elsewhere"))

    with pytest.raises(GitHubError, match="302 for a write"):
        await github.repository(REPOSITORY).comments.create(3, "hello")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("method", ["read", "write"])
async def test_no_redirect_leads_to_another_host(
    github: GitHub, server: Server, status: int, method: str
) -> None:
    reached: list[str] = []

    async def stranger(request: web.BaseRequest) -> web.Response:
        reached.append(request.path)
        return web.json_response({})

    async with serve(stranger) as elsewhere:
        redirect = json({}, status, Location=f"{elsewhere}/stolen")
        server.tell(*GET_PULL, redirect)
        server.tell(*COMMENT, redirect)
        client = github.repository(REPOSITORY)

        with pytest.raises(GitHubError) as caught:
            await (client.pulls.head(3) if method == "read" else client.comments.create(3, "x"))

    assert reached == []
    if not (method == "write" and status == 302):
        assert isinstance(caught.value, UnexpectedHost)


async def test_redirects_in_a_circle_end(github: GitHub, server: Server) -> None:
    server.tell(*GET_PULL, json({}, 301, Location=server.url + GET_PULL[1]))

    with pytest.raises(GitHubError, match="too many redirects"):
        await github.repository(REPOSITORY).pulls.head(3)


async def test_a_next_page_on_another_host_is_refused(github: GitHub, server: Server) -> None:
    server.tell("GET", "/repos/acme/shop/pulls", json([PULL], Link='<https://evil.example/next>; rel="next"'))

    with pytest.raises(UnexpectedHost, match=r"evil\.example"):
        await github.repository(REPOSITORY).pulls.list_open()


async def test_a_tarball_comes_from_another_host_without_our_token(
    github: GitHub, server: Server, tmp_path: Path
) -> None:
    seen: list[web.BaseRequest] = []

    async def store(request: web.BaseRequest) -> web.Response:
        seen.append(request)
        return web.Response(body=b"\x1f\x8b" + b"x" * 600_000)

    async with serve(store) as elsewhere:
        server.tell(
            "GET",
            "/repos/acme/shop/tarball/abc",
            json({}, 302, Location=f"{elsewhere}/archive?token=one-time"),
        )
        await github.repository(REPOSITORY).contents.tarball("abc", tmp_path / "tree.tar.gz")

        assert len(await asyncio.to_thread((tmp_path / "tree.tar.gz").read_bytes)) == 600_002
        assert "authorization" not in seen[0].headers
        assert seen[0].raw_path == "/archive?token=one-time"

        with pytest.raises(TooLarge):
            await github.repository(REPOSITORY).contents.tarball("abc", tmp_path / "tree.tar.gz", limit=1000)


async def test_a_tarball_is_not_fetched_in_the_clear(github: GitHub, server: Server, tmp_path: Path) -> None:
    server.tell("GET", "/repos/acme/shop/tarball/abc", json({}, 302, Location="http://example.com/archive"))

    with pytest.raises(UnexpectedHost):
        await github.repository(REPOSITORY).contents.tarball("abc", tmp_path / "tree.tar.gz")


async def test_a_broken_tarball_is_fetched_again_from_its_start(
    github: GitHub, server: Server, tmp_path: Path
) -> None:
    server.tell("GET", "/repos/acme/shop/tarball/abc", half, half, text(b"whole"))

    await github.repository(REPOSITORY).contents.tarball("abc", tmp_path / "tree.tar.gz")

    assert await asyncio.to_thread((tmp_path / "tree.tar.gz").read_bytes) == b"whole"


# hostile names


@pytest.mark.parametrize("name", ["a?ref=main#.py", "{+x}.py", "a\nb.py", "%2F.py", "ä b.py", "a&b=c.py"])
async def test_a_file_name_stays_a_file_name(github: GitHub, server: Server, name: str) -> None:
    asked: list[web.BaseRequest] = []

    async def contents(request: web.BaseRequest) -> web.Response:
        asked.append(request)
        return web.Response(body=b"text")

    async def partly(_: web.BaseRequest) -> web.Response:
        error = {"message": "timeout", "path": ["repository", "f0"]}
        return web.json_response({"data": {"repository": {"f0": None}}, "errors": [error]})

    server.tell(*GRAPHQL, partly)
    server.tell("GET", f"/repos/acme/shop/contents/{urllib.parse.quote(name, safe='')}", contents)

    found = await github.repository(REPOSITORY).contents.texts([("c" * 40, name)])

    assert found == {("c" * 40, name): b"text"}
    assert asked[0].query == {"ref": "c" * 40}
    assert asked[0].path.removeprefix("/repos/acme/shop/contents/") == name


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/../b.py", "/etc/passwd", "a//b.py", "./a.py"])
async def test_a_path_that_git_does_not_know_is_asked_of_nobody(
    github: GitHub, server: Server, name: str
) -> None:
    server.tell(
        *GRAPHQL, json({"data": {"repository": {"f0": None}}, "errors": [{"path": ["repository", "f0"]}]})
    )

    assert await github.repository(REPOSITORY).contents.texts([("c" * 40, name)]) == {("c" * 40, name): None}
    assert [request.method for request in server.requests] == ["POST", "POST"]  # the token and the document


# conditional requests


async def test_an_unchanged_answer_is_taken_from_memory(github: GitHub, server: Server) -> None:
    async def unchanged(request: web.BaseRequest) -> web.Response:
        assert request.headers["if-none-match"] == '"v1"'
        return web.Response(status=304)

    server.tell(*GET_PULL, json(PULL, etag='"v1"'), unchanged)
    pulls = github.repository(REPOSITORY).pulls

    assert await pulls.get(3) == await pulls.get(3)
    assert len(server.seen(*GET_PULL)) == 2


async def test_what_one_installation_read_is_not_given_to_another(github: GitHub, server: Server) -> None:
    server.tell(*GET_PULL, json(PULL, etag='"v1"'))
    server.tell("POST", "/app/installations/78/access_tokens", json({"token": "ghs_other"}, 201))
    other = type(REPOSITORY)(installation_id=78, id=6, owner="acme", name="shop")

    await github.repository(REPOSITORY).pulls.get(3)
    await github.repository(other).pulls.get(3)

    assert "if-none-match" not in server.seen(*GET_PULL)[1].headers


# GraphQL


@pytest.mark.parametrize(
    ("api_url", "graphql_url"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://api.github.com/", "https://api.github.com/graphql"),
        ("https://code.example.com/api/v3", "https://code.example.com/api/graphql"),
        ("https://code.example.com/api/v3/", "https://code.example.com/api/graphql"),
        ("https://api.tenant.ghe.com", "https://api.tenant.ghe.com/graphql"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/graphql"),
    ],
)
def test_the_graphql_address_follows_from_the_apis(api_url: str, graphql_url: str) -> None:
    assert derive_graphql_url(api_url) == graphql_url


@pytest.mark.parametrize(
    "url",
    ["http://api.github.com", "ftp://x", "api.github.com", "https://u:p@x.com", "https://x.com/?a=b", ""],
)
def test_an_address_that_is_not_https_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not an https address"):
        check_url(url)


async def test_graphql_goes_to_the_address_given(server: Server, private_key: str) -> None:
    server.tell("POST", "/own/graphql", json({"data": {"repository": None}}))
    async with GitHub(
        app_id="1", private_key=private_key, api_url=server.url, graphql_url=server.url + "/own/graphql"
    ) as github:
        with pytest.raises(NotFound):
            await github.repository(REPOSITORY).pulls.state(3)

    assert server.seen("POST", "/own/graphql")[0].headers["authorization"] == "Bearer ghs_first"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}, RateLimited),
        ({"data": None, "errors": [{"type": "FORBIDDEN", "message": "Resource not accessible"}]}, Forbidden),
        ({"data": None, "errors": [{"type": "NOT_FOUND", "message": "Could not resolve"}]}, NotFound),
        (
            {"data": None, "errors": [{"message": "Something went wrong while executing your query."}]},
            Unavailable,
        ),
        (
            {"errors": [{"message": "Field 'x' doesn't exist", "extensions": {"code": "undefinedField"}}]},
            Unsupported,
        ),
        ({"errors": ["odd"]}, GitHubError),
        ({}, Unavailable),
    ],
)
async def test_a_graphql_error_is_named_though_it_comes_with_200(
    github: GitHub, server: Server, answer: object, kind: type[GitHubError]
) -> None:
    server.tell(*GRAPHQL, json(answer))

    with pytest.raises(kind) as caught:
        await github.repository(REPOSITORY).reviews.find(3, "m")

    assert type(caught.value) is kind


@pytest.mark.parametrize("name", ["502 as a page", "dropped twice", "truncated", "520"])
async def test_a_query_is_repeated_after_a_fault(github: GitHub, server: Server, name: str) -> None:
    pull = {"headRefOid": "h", "reviews": {"nodes": []}}
    server.tell(*GRAPHQL, *fault(name), json({"data": {"repository": {"pullRequest": pull}}}))

    assert (await github.repository(REPOSITORY).reviews.look(3, "m")).head_sha == "h"


async def test_a_document_that_is_too_much_for_github_is_halved(github: GitHub, server: Server) -> None:
    async def small_ones_only(request: web.BaseRequest) -> web.Response:
        variables = (await request.json())["variables"]
        wanted = {name: value for name, value in variables.items() if name.startswith("e")}
        if len(wanted) > 2:
            return web.Response(status=502, text="<html>too much</html>", content_type="text/html")
        blobs = {
            "f" + name[1:]: {
                "__typename": "Blob",
                "oid": "x",
                "isBinary": True,
                "isTruncated": False,
                "text": None,
            }
            for name in wanted
        }
        return web.json_response({"data": {"repository": blobs}})

    server.tell(*GRAPHQL, small_ones_only)
    server.tell(
        "GET", "/repos/acme/shop/git/blobs/x", text(b"\x00raw", content_type="application/octet-stream")
    )
    wanted = [("c" * 40, f"{index}.py") for index in range(7)]

    assert await github.repository(REPOSITORY).contents.texts(wanted) == dict.fromkeys(wanted, b"\x00raw")


# seeing


async def test_every_exchange_is_counted_by_its_template(server: Server, private_key: str) -> None:
    calls: list[Call] = []
    server.tell(*GET_PULL, text("", 502), json(PULL))
    async with GitHub(
        app_id="1", private_key=private_key, api_url=server.url, on_call=calls.append, pauses=(0.0,)
    ) as github:
        await github.repository(REPOSITORY).pulls.get(3)

    assert [(call.method, call.operation, call.status, call.installation_id) for call in calls] == [
        ("POST", "/app/installations/{installation_id}/access_tokens", 201, None),
        ("GET", "/repos/{owner}/{repo}/pulls/{number}", 502, 77),
        ("GET", "/repos/{owner}/{repo}/pulls/{number}", 200, 77),
    ]
    assert all(call.started <= call.ended for call in calls)
