"""A service with a reviewed pull request, beside the stand-in for GitHub, and headless Chromium looking at it.

The servers run in a thread with a loop of its own, so that tests are plain functions that drive the browser.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import axe_playwright_python
import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from app import logs
from examples.demo import EXAMPLES, files
from tests.app.service import Service, application, settings_for
from tests.fakegithub import FakeGitHub
from tests.fakegithub.state import Repo

Result = TypeVar("Result")
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
OPERATOR = "words of the operator alone"
LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (360, 1400)]
SCREENSHOTS = os.environ.get("FASTPERF_SCREENSHOTS", "")
"""A folder to write what was seen to, for people."""


class Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result], seconds: float = 60.0) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


class Site:
    """The service, its GitHub, and the addresses of one report."""

    def __init__(self, loop: Loop, service: Service, repo: Repo, details_url: str) -> None:
        self.loop = loop
        self.service = service
        self.repo = repo
        self.signed = details_url
        self.plain = details_url.partition("?")[0]

    @property
    def github(self) -> FakeGitHub:
        return self.service.github

    @property
    def url(self) -> str:
        return self.service.url


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def site(loop: Loop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example's slow pull request, reviewed; `reader` may read its repository, `outsider` may not."""
    logs.configure("warning")
    folder = tmp_path_factory.mktemp("browser")
    started: list[Any] = []

    async def start() -> Site:
        github = FakeGitHub(root=folder / "github")
        await github.start()
        port = unused_port()
        url = f"http://127.0.0.1:{port}"
        github.people.callback_urls = [f"{url}/sign-in/callback"]
        settings = settings_for(
            github,
            f"sqlite:///{folder}/fastperf.db",
            public_url=url,
            client_id=github.app.client_id,
            client_secret=github.client_secret,
            operator_token=OPERATOR,
        )
        app = application(settings)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        github.webhook_url = f"{url}/webhook"
        started.extend((github, runner))
        service = Service(github, app, url)
        repo = github.add_repo("octo/shop", private=True, files=files(EXAMPLES / "shop"))
        github.install("octo", [repo])
        repo.roles.update(reader="read", outsider="none")
        pull = await service.reviewed(repo, "slow", files(EXAMPLES / "pull_request" / "slow"))
        return Site(loop, service, repo, service.run(repo, pull).details_url)

    async def stop() -> None:
        github, runner = started
        await github.settle()
        github.webhook_url = None
        await runner.cleanup()
        try:
            github.assert_clean()
        finally:
            await github.close()

    yield loop.run(start())
    loop.run(stop())


@pytest.fixture(scope="package")  # it holds this thread's event loop, which tests elsewhere need
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.fail("chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


class Watched:
    """A tab that notes what a person would see in the console, and where it asks for things."""

    def __init__(self, page: Page, *, own: tuple[str, ...]) -> None:
        self.page = page
        self._own = own
        self.complaints: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text} {message.location.get('url', '')}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((*self._own, "data:")):
            self.complaints.append(f"asked elsewhere: {request.url}")

    def looks_right(self, name: str, *, status: int = 200) -> None:
        """In both schemes and both widths: nothing is wider than the window, and axe finds nothing."""
        if status >= 400:  # the browser itself says in the console that the page was one
            self.complaints = [said for said in self.complaints if f"status of {status}" not in said]
        assert self.complaints == []
        self.page.evaluate(AXE)
        for scheme, width in LOOKS:
            self.page.emulate_media(color_scheme=scheme)
            self.page.set_viewport_size({"width": width, "height": 900})
            place = f"{name}, {scheme}, {width} px"
            wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, f"{place}: {wide} px too wide"
            found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            assert _told(found) == [], place
            if SCREENSHOTS:
                Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
                self.page.screenshot(path=f"{SCREENSHOTS}/{name}-{scheme}-{width}.png", full_page=True)


def _told(found: Mapping[str, Any]) -> list[str]:
    return [
        f"{violation['id']}: {violation['help']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for violation in found["violations"]
        for node in violation["nodes"][:3]
    ]


Opening = Callable[..., Watched]


@pytest.fixture
def opened(browser: Browser, site: Site) -> Iterator[Opening]:
    """Opens an address in a fresh profile; `own` are the hosts it may talk to."""
    contexts: list[BrowserContext] = []

    def open_page(address: str, *, status: int = 200, own: tuple[str, ...] = (), **options: Any) -> Watched:
        context = browser.new_context(viewport={"width": 1400, "height": 900}, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        tab = Watched(context.new_page(), own=own or (site.url,))
        answer = tab.page.goto(address if "://" in address else site.url + address)
        assert answer is not None
        assert answer.status == status
        return tab

    yield open_page
    for context in contexts:
        context.close()
