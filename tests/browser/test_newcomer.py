"""A newcomer's path: clone, `make serve`, two clicks, a pull request, its review on GitHub and its report."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp.test_utils import unused_port

from examples.demo import EXAMPLES, files
from tests.browser.conftest import Loop, Opening
from tests.fakegithub import FakeGitHub
from tests.fakegithub.state import CheckRun

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone in which everything is installed: `make` finds `.venv` newer than what it is made from."""
    folder = tmp_path / "fastperf"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)
    binaries = folder / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "python").symlink_to(sys.executable)
    (binaries / "fastperf").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{folder}/fastperf.py" "$@"\n')
    (binaries / "fastperf").chmod(0o755)
    (folder / ".venv" / ".installed").touch()
    return folder


@pytest.fixture
def github(loop: Loop, tmp_path: Path) -> Iterator[FakeGitHub]:
    github = FakeGitHub(root=tmp_path / "github")
    loop.run(github.start())
    yield github
    github.webhook_url = None
    loop.run(github.close())


@pytest.fixture
def serving(clone: Path, github: FakeGitHub, tmp_path: Path) -> Iterator[str]:
    """`make serve` without an app's variables; the address it prints. GitHub is the stand-in."""
    port = unused_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "FASTPERF_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "FASTPERF_GITHUB_API_URL": github.url,
        "FASTPERF_GITHUB_GRAPHQL_URL": github.graphql_url,
        "FASTPERF_DRAIN_SECONDS": "1",
    }
    make = shutil.which("make")
    assert make
    server = subprocess.Popen(
        [make, "serve"], cwd=clone, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert server.stderr is not None
    printed: list[str] = []
    for line in server.stderr:
        printed.append(line)
        if found := re.search(r"Set it up: (\S+)", line):
            yield found[1]
            break
    else:
        pytest.fail("it printed no address:\n" + "".join(printed))
    os.killpg(server.pid, signal.SIGTERM)
    server.communicate(timeout=40)


def until_ready(url: str) -> None:
    """The server starts anew as the app."""
    for _ in range(150):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.2)
    pytest.fail("it is not ready after 30 s")


def test_from_a_clone_to_a_first_review(
    opened: Opening, serving: str, github: FakeGitHub, loop: Loop, clone: Path
) -> None:
    url = serving.partition("/setup")[0]
    tab = opened(serving, own=(url, github.url))
    tab.page.get_by_role("button", name="Create the app at GitHub").click()
    tab.page.get_by_role("button", name="Create GitHub App").click()
    tab.page.get_by_role("heading", name="is made").wait_for()
    assert (clone / "fastperf-credentials.json").stat().st_mode & 0o077 == 0

    until_ready(url)
    github.webhook_url = f"{url}/webhook"
    repo = github.add_repo("octo/shop", private=True, files=files(EXAMPLES / "shop"))
    github.install("octo", [repo])
    tab.page.goto(f"{url}/setup")
    tab.page.get_by_role("heading", name="All is well").wait_for(timeout=30_000)

    repo.git.commit("slow", files(EXAMPLES / "pull_request" / "slow"), parent=repo.git.ref("main"))
    pull = loop.run(github.open_pr(repo, "slow"))

    def concluded() -> CheckRun | None:
        runs = github.check_runs(repo, pull.head_sha)
        return next((run for run in runs if run.status == "completed"), None)

    run = loop.run(github.until(concluded, 60), 70)
    assert run.conclusion == "failure"
    (review,) = loop.run(github.until(lambda: github.reviews(repo, pull.number), 30), 40)
    assert len(review.comments) >= 3

    github.people.signed_in = "octo"
    tab.page.goto(run.details_url)
    tab.page.get_by_role("link", name="Sign in with GitHub to see them").click()
    tab.page.get_by_role("link", name="Download the patch").wait_for()
    assert tab.page.locator(".code tr.marked").count() > 3
    assert tab.complaints == []
