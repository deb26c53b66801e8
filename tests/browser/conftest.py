"""A service with a reviewed pull request, beside the stand-in for GitHub, and headless Chromium looking at it.

The servers run in a thread with a loop of its own, so that tests are plain functions that drive the browser.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import axe_playwright_python
import pytest
from aiohttp.test_utils import unused_port
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from examples.demo import EXAMPLES, files
from tests.app.process import AppProcess, environment_for
from tests.fakegithub import FakeGitHub
from tests.fakegithub.state import CheckRun, Repo

Result = TypeVar("Result")
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
OPERATOR = "words of the operator alone"
WIDTHS = (360, 1400)
LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in WIDTHS]
ASKED = ("/fastperf diagnose GET /orders", "/fastperf scale 10x", "/fastperf audit", "/fastperf config")
ANSWER = re.compile(r"\[The whole answer\]\((\S+)\)")
EXCLUDES = "exclude = [\n" + "".join(f'  "generated/part_{number}/*.py",\n' for number in range(30)) + "]\n"
"""More than a comment shows of it."""
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
    """The service as a process of its own, its GitHub, and the addresses of one report and one long answer."""

    def __init__(
        self, github: FakeGitHub, process: AppProcess, repo: Repo, details_url: str, answer: str
    ) -> None:
        self.github = github
        self.process = process
        self.repo = repo
        self.url = process.url
        self.signed = details_url
        self.plain = details_url.partition("?")[0]
        self.answer = answer


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def site(loop: Loop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example's slow pull request, reviewed; `reader` may read its repository, `outsider` may not."""
    folder = tmp_path_factory.mktemp("browser")
    github = FakeGitHub(root=folder / "github")
    port = unused_port()
    url = f"http://127.0.0.1:{port}"

    async def start() -> Site:
        await github.start()
        github.people.callback_urls = [f"{url}/sign-in/callback"]
        environment = environment_for(
            github,
            f"sqlite:///{folder}/fastperf.db",
            PORT=str(port),
            FASTPERF_PUBLIC_URL=url,
            FASTPERF_CLIENT_ID=github.app.client_id,
            FASTPERF_CLIENT_SECRET=github.client_secret,
            FASTPERF_OPERATOR_TOKEN=OPERATOR,
        )
        process = await AppProcess(environment).start()
        await process.listening()
        github.webhook_url = f"{url}/webhook"
        own = {".github/fastperf.toml": EXCLUDES}
        repo = github.add_repo("octo/shop", private=True, files=files(EXAMPLES / "shop") | own)
        github.install("octo", [repo])
        repo.roles.update(reader="read", outsider="none", writer="write")
        await _merged(github, repo)
        repo.git.commit("slow", files(EXAMPLES / "pull_request" / "slow"), parent=repo.git.ref("main"))
        pull = await github.open_pr(repo, "slow")
        run = await github.until(lambda: _completed(github, repo, pull.head_sha), 60)
        await github.comment(repo, pull.number, "\n".join(ASKED), user="writer")
        answer = await github.until(lambda: _answer(github, repo, pull.number), 60)
        return Site(github, process, repo, run.details_url, answer)

    async def stop(site: Site) -> None:
        await github.settle()
        github.webhook_url = None
        await site.process.stop()
        try:
            github.assert_clean()
        finally:
            await github.close()

    made = loop.run(start(), 120)
    yield made
    loop.run(stop(made))


async def _merged(github: FakeGitHub, repo: Repo) -> None:
    """A change before the one that is looked at: each list of orders asks for a customer's address too."""
    name, line = "shop/orders/api.py", "    return list(crud.recent_orders"
    text = files(EXAMPLES / "shop")[name]
    assert line in text
    dearer = text.replace(line, f"    crud.customer_email(session, 1)\n{line}")
    repo.git.commit("earlier", {name: dearer}, parent=repo.git.ref("main"))
    pull = await github.open_pr(repo, "earlier")
    await github.until(lambda: _completed(github, repo, pull.head_sha), 60)
    await github.pr_event(repo, pull.number, "merged")
    await github.settle()


def _answer(github: FakeGitHub, repo: Repo, number: int) -> str | None:
    """The address of the page that the answer to a comment leads to."""
    bodies = (comment.body for comment in github.comments(repo, number))
    return next((found[1] for body in bodies if (found := ANSWER.search(body))), None)


def _completed(github: FakeGitHub, repo: Repo, sha: str) -> CheckRun | None:
    return next((run for run in github.check_runs(repo, sha) if run.status == "completed"), None)


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
            assert told(found) == [], place
            self.saved(f"{name}-{scheme}-{width}")

    def saved(self, name: str) -> None:
        """What is seen, for people, where they asked for it."""
        if SCREENSHOTS:
            Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{SCREENSHOTS}/{name}.png", full_page=True)


def told(found: Mapping[str, Any]) -> list[str]:
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
