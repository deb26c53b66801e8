"""From a server without an app to one that says all is well, by two clicks in a browser."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.process import AppProcess, environment_for
from tests.browser.conftest import Loop, Opening
from tests.fakegithub import FakeGitHub


class Fresh:
    """A server without an app, and a GitHub that knows of none."""

    def __init__(self, github: FakeGitHub, process: AppProcess) -> None:
        self.github = github
        self.process = process
        self.address = process.setup_url.replace("localhost", "127.0.0.1")
        self.url = self.address.partition("/setup")[0]


@pytest.fixture
def fresh(loop: Loop, tmp_path: Path) -> Iterator[Fresh]:
    async def start() -> Fresh:
        github = FakeGitHub(root=tmp_path / "github")
        await github.start()
        given = environment_for(github, f"sqlite:///{tmp_path}/fastperf.db")
        wanted = ("FASTPERF_APP_ID", "FASTPERF_PRIVATE_KEY", "FASTPERF_WEBHOOK_SECRET", "FASTPERF_PUBLIC_URL")
        environment = {name: value for name, value in given.items() if name not in wanted}
        return Fresh(github, await AppProcess(environment).start())

    async def stop(fresh: Fresh) -> None:
        await fresh.process.stop()
        await fresh.github.close()

    made = loop.run(start())
    yield made
    loop.run(stop(made))


def test_two_clicks_make_the_app_and_the_page_sees_it_being_installed(
    opened: Opening, fresh: Fresh, loop: Loop
) -> None:
    tab = opened(fresh.address, own=(fresh.url, fresh.github.url))
    assert "token" not in tab.page.url
    assert tab.page.get_by_role("heading", name="GitHub cannot reach this address").is_visible()
    assert "cloudflared" in (tab.page.locator("main").text_content() or "")
    tab.looks_right("setup")

    tab.page.get_by_role("button", name="Create the app at GitHub").click()
    tab.page.get_by_role("button", name="Create GitHub App").click()
    tab.page.get_by_role("heading", name="is made").wait_for()
    tab.looks_right("setup-created")

    url = loop.run(fresh.process.listening())
    fresh.github.webhook_url = f"{url}/webhook"
    checked = opened(f"{url}/setup", own=(url,))
    assert checked.page.get_by_role("heading", name="Something is missing").is_visible()
    checked.looks_right("setup-missing")
    fresh.github.install("octo", [fresh.github.add_repo("octo/shop")])
    checked.page.get_by_role("heading", name="All is well").wait_for(timeout=30_000)
    loop.run(asyncio.sleep(0))


def test_what_cannot_be_right_is_said_beside_the_form(opened: Opening, fresh: Fresh) -> None:
    tab = opened(fresh.address, own=(fresh.url,))
    tab.page.get_by_label("Organisation the app shall belong to").fill("no such/name")
    tab.page.get_by_role("button", name="Use these").click()

    tab.page.get_by_role("alert").wait_for()
    assert tab.page.get_by_role("button", name="Create the app at GitHub").count() == 0
    tab.looks_right("setup-complaint")


def test_a_code_that_github_does_not_know_is_told_and_can_be_tried_again(
    opened: Opening, fresh: Fresh
) -> None:
    tab = opened(fresh.address, own=(fresh.url,))
    action = tab.page.locator('form[method="post"]').get_attribute("action") or ""
    state = action.partition("state=")[2]

    tab.page.goto(f"{fresh.url}/setup/created?code={'0' * 40}&state={state}")

    tab.page.get_by_role("heading", name="The app was not made").wait_for()
    tab.looks_right("setup-failed", status=502)
    tab.page.get_by_role("link", name="Begin again").click()
    assert tab.page.get_by_role("button", name="Create the app at GitHub").is_visible()
