"""Keys, JWTs and tokens, over real HTTP."""

from __future__ import annotations

import asyncio
import email.utils
import pickle
import time
import traceback

import jwt
import msgspec
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.github import auth
from app.github.app import PERMISSIONS
from app.github.client import GitHub
from app.github.errors import (
    BadPrivateKey,
    Forbidden,
    GitHubError,
    Gone,
    Invalid,
    RateLimited,
    Suspended,
    Unauthorized,
    Unavailable,
)
from app.github.models import Repository
from tests.app.github.conftest import MINT, REPOSITORY, Server, json, text
from tests.app.github.shop import Clock

PULL = {
    "number": 3,
    "head": {"sha": "h" * 40},
    "base": {"sha": "b" * 40, "ref": "main"},
    "user": {"login": "ada", "type": "User"},
}
GET_PULL = ("GET", "/repos/acme/shop/pulls/3")


def claims(request: web.BaseRequest, private_key: str) -> dict[str, int | str]:
    """What the app's JWT says, its signature checked."""
    key = serialization.load_pem_private_key(private_key.encode(), None)
    decoded: dict[str, int | str] = jwt.decode(
        request.headers["authorization"].removeprefix("Bearer "),
        key.public_key(),  # type: ignore[arg-type] # pyjwt's list of keys is narrower than what it takes
        algorithms=["RS256"],
        options={"verify_iat": False, "verify_exp": False},
    )
    return decoded


async def test_the_app_signs_a_jwt_for_nine_minutes_dated_back_a_minute(
    github: GitHub, server: Server, private_key: str
) -> None:
    server.tell("GET", "/app/installations", json([]))

    await github.app.installations()

    said = claims(server.requests[0], private_key)
    now = time.time()
    assert said["iss"] == "12"
    assert -63 < int(said["iat"]) - now < -58
    assert 535 < int(said["exp"]) - now <= 541


async def test_a_clock_that_is_off_is_corrected_by_githubs_and_stays_so(
    github: GitHub, server: Server, private_key: str
) -> None:
    theirs = time.time() - 400
    message = "'Expiration time' claim ('exp') is too far in the future"
    refusal = json({"message": message}, 401, Date=email.utils.formatdate(theirs, usegmt=True))
    server.tell("GET", "/app/installations", refusal, json([]))

    await github.app.installations()
    await github.app.installations()

    assert len(server.requests) == 3
    for request in server.requests[1:]:
        assert 530 < int(claims(request, private_key)["exp"]) - theirs < 545


async def test_a_wrong_key_is_said_at_once(github: GitHub, server: Server) -> None:
    server.tell("GET", "/app/installations", json({"message": "A JSON web token could not be decoded"}, 401))

    with pytest.raises(Unauthorized, match="could not be decoded"):
        await github.app.installations()

    assert len(server.requests) == 1


async def test_a_token_is_asked_for_one_repository_and_then_kept(github: GitHub, server: Server) -> None:
    server.tell(*GET_PULL, json(PULL))

    for _ in range(3):
        await github.repository(REPOSITORY).pulls.get(3)

    assert len(server.seen(*MINT)) == 1
    asked = msgspec.json.decode(server.bodies[0])
    assert asked == {"repository_ids": [5], "permissions": dict(PERMISSIONS)}


async def test_callers_at_once_share_one_token(github: GitHub, server: Server) -> None:
    async def slow(_: web.BaseRequest) -> web.Response:
        await asyncio.sleep(0.1)
        return web.json_response({"token": "ghs_slow"}, status=201)

    server.tell(*MINT, slow)
    server.tell(*GET_PULL, json(PULL))
    client = github.repository(REPOSITORY)
    impatient = asyncio.create_task(client.pulls.get(3))
    others = [asyncio.create_task(client.pulls.get(3)) for _ in range(5)]
    await asyncio.sleep(0.05)
    impatient.cancel()

    await asyncio.gather(*others)

    assert impatient.cancelled() or impatient.cancelling()
    assert len(server.seen(*MINT)) == 1


async def test_tokens_of_two_repositories_are_two(github: GitHub, server: Server) -> None:
    server.tell(*GET_PULL, json(PULL))

    await github.repository(REPOSITORY).pulls.get(3)
    await github.repository(Repository(77, 6, "acme", "shop")).pulls.get(3)

    assert len(server.seen(*MINT)) == 2


async def test_a_token_that_is_not_known_everywhere_yet_is_tried_again(
    github: GitHub, server: Server
) -> None:
    refusal = json({"message": "Bad credentials"}, 401)
    server.tell(*GET_PULL, refusal, refusal, json(PULL))

    await github.repository(REPOSITORY).pulls.get(3)

    assert len(server.seen(*MINT)) == 1
    assert len(server.seen(*GET_PULL)) == 3


async def test_an_old_token_that_is_refused_is_replaced_once(
    github: GitHub, server: Server, clock: Clock
) -> None:
    server.tell(*MINT, json({"token": "old"}, 201), json({"token": "new"}, 201))
    server.tell(*GET_PULL, json(PULL), json({"message": "Bad credentials"}, 401), json(PULL))
    await github.repository(REPOSITORY).pulls.get(3)
    clock.ahead += 600
    await github.repository(REPOSITORY).pulls.get(3)

    used = [request.headers["authorization"] for request in server.seen(*GET_PULL)]
    assert used == ["Bearer old", "Bearer old", "Bearer new"]


async def test_a_refusal_that_stays_is_an_error(github: GitHub, server: Server, clock: Clock) -> None:
    async def refuse(_: web.BaseRequest) -> web.Response:
        clock.ahead += 2
        return web.json_response({"message": "Bad credentials"}, status=401)

    server.tell(*MINT, json({"token": "old"}, 201), json({"token": "new"}, 201))
    server.tell(*GET_PULL, json(PULL), refuse)
    await github.repository(REPOSITORY).pulls.get(3)
    clock.ahead += 600

    with pytest.raises(Unauthorized):
        await github.repository(REPOSITORY).pulls.get(3)

    used = [request.headers["authorization"] for request in server.seen(*GET_PULL)]
    assert used == ["Bearer old"] * 2 + ["Bearer new"] * 3


async def test_a_token_is_renewed_after_fifty_five_minutes(
    github: GitHub, server: Server, clock: Clock
) -> None:
    server.tell(*GET_PULL, json(PULL))
    await github.repository(REPOSITORY).pulls.get(3)
    clock.ahead += 54 * 60
    await github.repository(REPOSITORY).pulls.get(3)
    assert len(server.seen(*MINT)) == 1
    clock.ahead += 2 * 60
    await github.repository(REPOSITORY).pulls.get(3)
    assert len(server.seen(*MINT)) == 2


async def test_a_forgotten_installation_has_its_tokens_minted_anew(github: GitHub, server: Server) -> None:
    server.tell(*GET_PULL, json(PULL))

    await github.repository(REPOSITORY).pulls.get(3)
    github.forget(77)
    await github.repository(REPOSITORY).pulls.get(3)

    assert len(server.seen(*MINT)) == 2


async def test_an_app_that_was_installed_anew_is_found(github: GitHub, server: Server) -> None:
    server.tell(*MINT, json({"message": "Not Found"}, 404))
    server.tell("GET", "/repos/acme/shop/installation", json({"id": 99}))
    server.tell("POST", "/app/installations/99/access_tokens", json({"token": "ghs_anew"}, 201))
    server.tell(*GET_PULL, json(PULL))

    await github.repository(REPOSITORY).pulls.get(3)

    assert server.seen(*GET_PULL)[0].headers["authorization"] == "Bearer ghs_anew"


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (404, "Not Found", Gone),
        (422, "There is at least one repository that does not exist", Gone),
        (403, "This installation has been suspended", Suspended),
        (403, "something else", Forbidden),
    ],
)
async def test_an_installation_that_is_gone_is_named(
    github: GitHub, server: Server, status: int, message: str, kind: type[GitHubError]
) -> None:
    server.tell(*MINT, json({"message": message}, status))

    with pytest.raises(kind):
        await github.repository(REPOSITORY).pulls.get(3)


async def test_a_token_is_asked_for_again_after_a_fault(github: GitHub, server: Server) -> None:
    server.tell(*MINT, text("<html>", 502), json({"token": "ghs_x"}, 201))
    server.tell(*GET_PULL, json(PULL))

    await github.repository(REPOSITORY).pulls.get(3)


# secrets


@pytest.mark.parametrize(
    "key",
    [
        "",
        "not a key with s3cret in it",
        "-----BEGIN RSA PRIVATE KEY-----\ns3cret\n-----END RSA PRIVATE KEY-----",
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        .decode(),
    ],
    ids=["empty", "words", "broken", "elliptic"],
)
async def test_a_bad_key_names_its_variable_and_not_itself(key: str) -> None:
    with pytest.raises(BadPrivateKey, match="FASTPERF_PRIVATE_KEY") as caught:
        async with GitHub(app_id="1", private_key=key):
            pass

    written = "".join(traceback.format_exception(caught.value))
    assert "s3cret" not in written
    assert not key or key not in written


async def test_a_key_on_one_line_is_read(private_key: str, server: Server) -> None:
    async with GitHub(app_id="1", private_key=private_key.replace("\n", "\\n"), api_url=server.url) as github:
        server.tell("GET", "/app/installations", json([]))
        assert await github.app.installations() == []


async def test_nothing_we_print_shows_a_token_or_the_key(
    github: GitHub, server: Server, private_key: str
) -> None:
    server.tell(*GET_PULL, json({"message": "Bad credentials"}, 403))
    client = github.repository(REPOSITORY)

    with pytest.raises(GitHubError) as caught:
        await client.pulls.get(3)

    bearer = server.seen(*MINT)[0].headers["authorization"].removeprefix("Bearer ")
    api = client.pulls._api
    shown = "".join(traceback.format_exception(caught.value)) + repr(
        [caught.value, github, client, api, api._authorization, github.secrets, auth.Token("ghs_first", 0.0)]
    )
    for secret in ("ghs_first", bearer, private_key.splitlines()[1]):
        assert secret not in shown
    assert github.redact(f"a ghs_first b {bearer} c") == "a [redacted] b [redacted] c"


@pytest.mark.parametrize(
    "error",
    [
        RateLimited("wait", until=12.5, status=403),
        Forbidden("no", accepted="checks=write"),
        Invalid("no", reasons=("a", "b")),
        Unavailable("busy", status=502),
    ],
)
def test_an_error_survives_pickling(error: GitHubError) -> None:
    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is type(error)
    assert (str(copy), copy.__dict__) == (str(error), error.__dict__)
