"""`/` shows strangers whether the service is well, people their reviews, and the operator everything."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer

from app.review.record import Record
from app.store import Store
from app.web import health, signin, status
from app.web.sessions import Cookies
from tests.app.service import settings_for
from tests.app.test_store import SHOP
from tests.fakegithub import FakeGitHub

TOKEN = "an operator's own words"


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


@pytest.fixture
async def kept(database: str) -> AsyncIterator[Store]:
    """A store with one report."""
    store = Store(database)
    await store.start()
    record = Record(
        repository="octo/secret", number=7, head_sha="a" * 40, conclusion="failure", title="1 new <high>"
    )
    await store.keep_report(SHOP, "c" * 32, record.encode())
    await store.keep_report(SHOP, "d" * 32, b"of another version")
    yield store
    await store.close()


async def serve(kept: Store, *, token: str = TOKEN, well: bool = True, queue: bool = True) -> TestServer:
    async def depth() -> dict[str, int]:
        if not queue:
            raise OSError("no engine")
        return {"reviews": 3}

    cookies = Cookies("secret", secure=False)
    app = web.Application()
    status.Status(
        ready=health.Ready({"database": yes, "queue": yes if well else no}),
        store=kept,
        visitors=signin.Visitors(None, cookies, None),  # type: ignore[arg-type]  # nobody can sign in here
        cookies=cookies,
        depth=depth,
        budgets=lambda: {None: {"core": 4999}, 12: {"graphql": 4711}},
        operator_token=token,
    ).routes(app)
    server = TestServer(app)
    await server.start_server()
    return server


async def test_a_stranger_sees_whether_it_is_well_and_no_more(kept: Store) -> None:
    for well, said in ((True, "is well"), (False, "is unwell")):
        server = await serve(kept, well=well)
        async with ClientSession() as session, session.get(server.make_url("/")) as answer:
            text = await answer.text()
        await server.close()
        assert answer.status == 200
        assert said in text
        for hidden in ("octo/secret", "Queue", "budgets", "4711"):
            assert hidden not in text


async def test_the_operators_token_opens_queue_budgets_and_reviews_for_an_hour(kept: Store) -> None:
    server = await serve(kept)
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        async with session.post(server.make_url("/operator"), data={"token": TOKEN}) as answer:
            text = await answer.text()
        assert answer.status == 200
        for shown in (
            "octo/secret #7",
            "/reviews/" + "c" * 32,
            "1 new &lt;high&gt;",
            "4711",
            "installation 12",
        ):
            assert shown in text
        (cookie,) = session.cookie_jar
        assert TOKEN not in cookie.value
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")

    other = await serve(kept, token="another operator's words")
    async with (
        ClientSession(cookies={cookie.key: cookie.value}) as session,
        session.get(other.make_url("/")) as answer,
    ):
        assert "octo/secret" not in await answer.text()
    await server.close()
    await other.close()


async def test_a_wrong_token_opens_nothing_and_a_bearer_does(kept: Store) -> None:
    server = await serve(kept)
    async with ClientSession() as session:
        for wrong in ("", "x", "ü", TOKEN + " "):
            async with session.post(server.make_url("/operator"), data={"token": wrong}) as answer:
                assert answer.status == 403
        for header, opens in ((f"Bearer {TOKEN}", True), ("Bearer", False), (f"Basic {TOKEN}", False)):
            async with session.get(server.make_url("/"), headers={"Authorization": header}) as answer:
                assert ("octo/secret" in await answer.text()) is opens
    await server.close()


async def test_a_form_of_a_stranger_is_not_read_beyond_its_length(kept: Store) -> None:
    server = await serve(kept)
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(200):
            taken += 1
            yield b"token=" + b"x" * 100_000 + b"&"

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with ClientSession(headers=form) as session:
        for body, refused in ((endless(), 411), (b"token=" + b"x" * status.LONGEST_FORM, 413)):
            try:
                async with session.post(server.make_url("/operator"), data=body) as answer:
                    assert answer.status == refused
            except OSError:  # it hung up while we were still talking
                assert refused == 411
    assert taken < 200
    await server.close()


async def test_the_page_is_there_when_the_queue_is_not(kept: Store) -> None:
    server = await serve(kept, queue=False)
    async with (
        ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session,
        session.get(server.make_url("/")) as answer,
    ):
        assert "The queue does not answer" in await answer.text()
    await server.close()


async def test_without_a_token_there_is_no_operator(kept: Store) -> None:
    server = await serve(kept, token="")
    async with ClientSession(headers={"Authorization": "Bearer "}) as session:
        async with session.get(server.make_url("/")) as answer:
            assert "octo/secret" not in await answer.text()
        async with session.post(server.make_url("/operator"), data={"token": ""}) as answer:
            assert answer.status == 404
    await server.close()


def test_the_operators_token_is_a_secret(fakegithub: FakeGitHub) -> None:
    settings = settings_for(fakegithub, "sqlite:///x.db", operator_token=TOKEN)

    assert TOKEN in settings.secrets
    assert TOKEN not in repr(settings)
