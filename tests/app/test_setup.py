from __future__ import annotations

import asyncio
import html
import json
import re
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer

from app import credentials
from app.settings import NotConfiguredError, Settings, SettingsError, SetupSettings
from app.web import setup
from tests.app.process import AppProcess, environment_for
from tests.fakegithub import FakeGitHub


@dataclass
class Visit:
    """A browser at the setup page of a server without an app."""

    browser: ClientSession
    url: str
    setup: setup.Setup
    file: Path

    async def get(self, path: str, **query: str) -> tuple[int, str]:
        async with self.browser.get(self.url + path, params=query) as answer:
            return answer.status, await answer.text()

    async def enter(self) -> str:
        status, text = await self.get("/setup", token=self.setup.token)
        assert status == 200
        return text


def form(text: str) -> tuple[str, dict[str, Any], str]:
    """The address, the manifest and the state of the form that goes to GitHub."""
    action = html.unescape(re.search(r'method="post" action="([^"]+)"', text)[1])
    sent = html.unescape(re.search(r'name="manifest" value="([^"]+)"', text)[1])
    return action, json.loads(sent), parse_qs(urlsplit(action).query)["state"][0]


@pytest.fixture
async def visit(fakegithub: FakeGitHub, tmp_path: Path) -> AsyncIterator[Visit]:
    settings = SetupSettings(
        credentials_file=tmp_path / "fastperf-credentials.json",
        api_url=fakegithub.url,
        public_url="https://fastperf.example",
        host="127.0.0.1",
        port=8080,
        log_level="info",
    )
    setting_up = setup.Setup(settings)
    app = web.Application()
    setting_up.routes(app)
    server = TestServer(app)
    await server.start_server()
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
        url = str(server.make_url("/")).rstrip("/")
        yield Visit(browser, url, setting_up, settings.credentials_file)
    await server.close()


async def test_githubs_code_becomes_credentials_that_only_the_owner_can_read(
    visit: Visit, fakegithub: FakeGitHub
) -> None:
    action, manifest, state = form(await visit.enter())
    assert urlsplit(action).path.endswith("/settings/apps/new")
    assert manifest["hook_attributes"] == {"url": "https://fastperf.example/webhook", "active": True}
    assert manifest["callback_urls"] == ["https://fastperf.example/sign-in/callback"]
    assert manifest["default_permissions"]["checks"] == "write"
    assert "pull_request" in manifest["default_events"]

    status, text = await visit.get("/setup/created", code=fakegithub.register(manifest), state=state)

    assert status == 200
    assert "/installations/new" in text
    assert fakegithub.webhook_secret not in text
    assert visit.setup.done.is_set()
    assert stat.S_IMODE(visit.file.stat().st_mode) == 0o600
    stored = await asyncio.to_thread(credentials.load, visit.file)
    assert stored is not None
    assert stored.webhook_secret == fakegithub.webhook_secret
    assert fakegithub.webhook_secret not in repr(stored)
    assert "PRIVATE KEY" in stored.private_key
    assert [path.name for path in visit.file.parent.glob(".fastperf*")] == []


async def test_the_printed_address_works_once_and_for_one_browser(visit: Visit) -> None:
    token = visit.setup.token
    await visit.enter()

    async with ClientSession() as second:
        for query in ({"token": token}, {"token": ""}, {}):
            async with second.get(f"{visit.url}/setup", params=query) as answer:
                assert answer.status == 403
        async with second.get(f"{visit.url}/setup/created", params={"code": "x", "state": "y"}) as answer:
            assert answer.status == 403
    assert (await visit.get("/setup"))[0] == 200


async def test_a_wrong_token_is_refused_and_leaves_the_right_one_good(visit: Visit) -> None:
    for wrong in ("", "x", "ü" * 32, visit.setup.token[:-1]):
        assert (await visit.get("/setup", token=wrong))[0] == 403
    await visit.enter()


async def test_a_state_is_ours_fresh_and_good_for_one_use(
    visit: Visit, fakegithub: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, manifest, state = form(await visit.enter())
    code = fakegithub.register(manifest)
    assert (await visit.get("/setup/created", code=code, state="made-up"))[0] == 403
    assert (await visit.get("/setup/created", code=code))[0] == 403

    monkeypatch.setattr(setup, "STATE_SECONDS", -1.0)
    *_, late = form((await visit.get("/setup"))[1])
    assert (await visit.get("/setup/created", code=code, state=late))[0] == 403

    assert (await visit.get("/setup/created", code=code, state=state))[0] == 200
    assert (await visit.get("/setup/created", code=code, state=state))[0] == 403


async def test_a_code_that_github_refuses_stores_nothing(visit: Visit, fakegithub: FakeGitHub) -> None:
    fakegithub.expect(404)
    *_, state = form(await visit.enter())

    status, text = await visit.get("/setup/created", code="0" * 40, state=state)

    assert status == 502
    assert "GitHub answered 404" in text
    assert not visit.file.exists()
    assert not visit.setup.done.is_set()
    *_, state = form((await visit.get("/setup"))[1])
    status, text = await visit.get("/setup/created", code="../../app", state=state)
    assert (status, "no code of GitHub" in text) == (502, True)


async def test_an_organisation_and_another_address_are_taken_from_the_form(visit: Visit) -> None:
    await visit.enter()

    action, manifest, _ = form(
        (await visit.get("/setup", owner="octo-org", public_url="https://perf.test/"))[1]
    )

    assert urlsplit(action).path.endswith("/organizations/octo-org/settings/apps/new")
    assert manifest["hook_attributes"]["url"] == "https://perf.test/webhook"


@pytest.mark.parametrize(
    "query",
    [
        {"owner": "a/b"},
        {"owner": "<script>"},
        {"public_url": "http://perf.test"},
        {"public_url": "javascript:alert(1)"},
        {"public_url": "https://user@perf.test"},
        {"public_url": "https://[half"},
    ],
)
async def test_what_cannot_be_right_is_said_and_goes_nowhere(visit: Visit, query: dict[str, str]) -> None:
    await visit.enter()

    status, text = await visit.get("/setup", **query)

    assert status == 200
    assert 'role="alert"' in text
    assert 'method="post"' not in text
    assert "<script>" not in text


async def test_an_address_of_this_machine_explains_tunnels(visit: Visit) -> None:
    await visit.enter()

    _, text = await visit.get("/setup", public_url="http://localhost:8080")

    assert "cloudflared tunnel --url http://localhost:8080" in text
    assert "fastperf review" in text


async def test_from_nothing_to_a_running_app_that_says_all_is_well(
    fakegithub: FakeGitHub, tmp_path: Path
) -> None:
    environment = {
        name: value
        for name, value in environment_for(fakegithub, f"sqlite:///{tmp_path}/fastperf.db").items()
        if name
        not in ("FASTPERF_APP_ID", "FASTPERF_PRIVATE_KEY", "FASTPERF_WEBHOOK_SECRET", "FASTPERF_PUBLIC_URL")
    }
    process = await AppProcess(environment).start()
    try:
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
            address = process.setup_url.replace("localhost", "127.0.0.1")
            root = address.partition("/setup")[0]
            async with browser.get(f"{root}/readyz") as answer:
                assert answer.status == 503
            async with browser.get(address) as answer:
                _, manifest, state = form(await answer.text())
            query = {"code": fakegithub.register(manifest), "state": state}
            async with browser.get(f"{root}/setup/created", params=query) as answer:
                assert answer.status == 200
            url = await process.listening()
            fakegithub.webhook_url = f"{url}/webhook"
            fakegithub.install("octo", [fakegithub.add_repo("octo/shop")])
            await fakegithub.ping()
            await fakegithub.settle()
            async with browser.get(f"{url}/readyz") as answer:
                assert answer.status == 200
            async with browser.get(f"{url}/setup") as answer:
                checked = await answer.text()
            assert "All is well" in checked, re.findall(r"<tr>.*", checked)
            assert "GitHub needs a public address" not in checked
            async with browser.get(f"{url}/setup/created", headers={"Accept": "text/html"}) as answer:
                assert answer.status == 404
                assert "<h1>Not Found</h1>" in await answer.text()
    finally:
        await process.stop()
    assert (tmp_path / credentials.FILE).exists()
    assert fakegithub.webhook_secret not in "\n".join(process.raw)


def test_credentials_that_others_can_read_or_that_are_damaged_are_refused(tmp_path: Path) -> None:
    environment = {"FASTPERF_DATABASE_URL": f"sqlite:///{tmp_path}/x.db"}
    with pytest.raises(NotConfiguredError):
        Settings.from_environment(environment)
    file = tmp_path / credentials.FILE
    file.write_text("{}")
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="can be read by others"):
        Settings.from_environment(environment)
    file.chmod(0o600)
    with pytest.raises(SettingsError, match="is damaged"):
        Settings.from_environment(environment)


def test_the_environment_wins_and_half_of_it_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="FASTPERF_PRIVATE_KEY is not set") as refused:
        Settings.from_environment({"FASTPERF_APP_ID": "1"})
    assert not isinstance(refused.value, NotConfiguredError)


def test_credentials_are_never_written_over(tmp_path: Path) -> None:
    made = credentials.Credentials(app_id="1", slug="a", html_url="", private_key="k", webhook_secret="s")
    file = tmp_path / credentials.FILE
    credentials.save(file, made)
    with pytest.raises(credentials.CredentialsError, match="is there already"):
        credentials.save(file, made)
    with pytest.raises(credentials.CredentialsError, match="cannot be written"):
        credentials.save(tmp_path / "none" / "x.json", made)
