"""The app as a process: how it starts, what it shows, how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.fakegithub import FakeGitHub

from .process import ROOT, AppProcess, environment_for
from .recovery import children_of
from .service import FAST, FILES, SLOW


@pytest.fixture
async def running(fakegithub: FakeGitHub, database: str) -> AsyncIterator[AppProcess]:
    """The app, listening, with a metrics port of its own."""
    app = AppProcess(environment_for(fakegithub, database, FASTPERF_METRICS_PORT="0"))
    await app.start()
    fakegithub.webhook_url = f"{app.url}/webhook"
    yield app
    fakegithub.webhook_url = None
    await app.kill()


async def _status(url: str, method: str = "GET") -> int:
    async with ClientSession() as session, session.request(method, url) as answer:
        return answer.status


async def test_only_the_public_pages_are_public(running: AppProcess) -> None:
    statuses = {
        path: await _status(running.url + path)
        for path in (
            "/livez",
            "/readyz",
            "/",
            "/webhook",
            "/metrics",
            "/jobs",
            "/admin",
            "/..%2f..%2fetc/passwd",
        )
    }

    assert statuses == {
        "/livez": 200,
        "/readyz": 200,
        "/": 200,
        "/webhook": 405,
        "/metrics": 404,
        "/jobs": 404,
        "/admin": 404,
        "/..%2f..%2fetc/passwd": 404,
    }
    async with ClientSession() as session, session.get(running.url + "/nothing") as answer:
        assert answer.headers["Server"] == "fastperf"
        assert "aiohttp" not in await answer.text()


async def test_metrics_are_on_their_own_port(running: AppProcess) -> None:
    (line,) = [line for line in running.lines if line["event"] == "metrics_listening"]

    async with ClientSession() as session, session.get(f"http://{line['address']}/metrics") as answer:
        assert "fastperf_acknowledgement_seconds_bucket" in await answer.text()


async def test_no_process_of_ours_shows_its_secrets(running: AppProcess, fakegithub: FakeGitHub) -> None:
    secrets = [fakegithub.webhook_secret.encode(), fakegithub.private_key.splitlines()[5].encode()]
    workers = children_of(running.pid)
    assert workers

    for pid in workers:
        environment = await asyncio.to_thread(Path(f"/proc/{pid}/environ").read_bytes)
        names = {entry.partition(b"=")[0] for entry in environment.split(b"\0") if entry}
        assert names <= {b"LANG", b"LD_LIBRARY_PATH", b"LC_CTYPE"}
        arguments = await asyncio.to_thread(Path(f"/proc/{pid}/cmdline").read_bytes)
        for secret in secrets:
            assert secret not in environment
            assert secret not in arguments


PROBE = """
import ctypes, sys
sys.path.insert(0, sys.argv[1])
from app.server import hide_memory
prctl = ctypes.CDLL(None).prctl
before = prctl(3)
hide_memory()
print(before, prctl(3))
"""


async def test_the_server_cannot_be_looked_into_by_processes_of_its_user() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROBE, str(ROOT), stdout=asyncio.subprocess.PIPE
    )
    shown, _ = await process.communicate()

    assert shown.split() == [b"1", b"0"]


async def test_no_log_line_holds_a_secret(running: AppProcess, fakegithub: FakeGitHub) -> None:
    repo = fakegithub.add_repo("octo/shop", private=True, files=FILES)
    fakegithub.install("octo", [repo])
    repo.git.commit("slow", SLOW, parent=repo.git.ref("main"))
    pull = await fakegithub.open_pr(repo, "slow")
    await fakegithub.until(lambda: fakegithub.check_runs(repo, pull.head_sha), 30)
    await running.stop()

    log = "\n".join(running.raw)
    assert "review_done" in log
    (accepted,) = [delivery.guid for delivery in fakegithub.deliveries if delivery.status_code == 202]
    told = {line["event"]: line.get("delivery") for line in running.lines}
    assert told["delivery_accepted"] == told["review_done"] == accepted, "one id leads through the log"
    tokens = list(fakegithub.state.tokens)
    assert tokens
    for secret in (fakegithub.webhook_secret, *fakegithub.private_key.splitlines()[1:-1], *tokens):
        assert secret not in log
    assert "requests.get(" not in log, "no source text"


def _state_is_read(fakegithub: FakeGitHub) -> bool:
    """Whether a review has asked for its pull request; the sweep at the start asks for open heads alone."""
    return any("number" in call.body["variables"] for call in fakegithub.calls("graphql"))


async def test_a_review_that_runs_is_finished_before_the_end(
    running: AppProcess, fakegithub: FakeGitHub
) -> None:
    repo = fakegithub.add_repo("octo/shop", private=True, files=FILES)
    fakegithub.install("octo", [repo])
    repo.git.commit("fast", FAST, parent=repo.git.ref("main"))
    fakegithub.faults.latency(1.0, "repos/compare-commits")
    pull = await fakegithub.open_pr(repo, "fast")
    await fakegithub.until(lambda: _state_is_read(fakegithub), 30)

    assert await running.stop() == 0

    (run,) = fakegithub.check_runs(repo, pull.head_sha)
    assert run.conclusion == "success"
    assert children_of(running.pid) == []


async def test_what_takes_too_long_is_left_for_the_next_start(fakegithub: FakeGitHub, database: str) -> None:
    environment = environment_for(fakegithub, database, FASTPERF_DRAIN_SECONDS="1")
    repo = fakegithub.add_repo("octo/shop", private=True, files=FILES)
    fakegithub.install("octo", [repo])
    repo.git.commit("fast", FAST, parent=repo.git.ref("main"))
    fault = fakegithub.faults.latency(8.0, "repos/compare-commits")
    first = await AppProcess(environment).start()
    fakegithub.webhook_url = f"{first.url}/webhook"
    pull = await fakegithub.open_pr(repo, "fast")
    await fakegithub.until(lambda: _state_is_read(fakegithub), 30)

    assert await first.stop(7) == 0
    assert any(line["event"] == "jobs_left_for_recovery" for line in first.lines)
    assert fakegithub.check_runs(repo, pull.head_sha) == []

    fakegithub.faults.active.remove(fault)
    second = await AppProcess(environment).start()
    await fakegithub.until(lambda: fakegithub.check_runs(repo, pull.head_sha), 30)
    await second.stop()
    (run,) = fakegithub.check_runs(repo, pull.head_sha)
    assert (run.status, run.conclusion) == ("completed", "success")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"FASTPERF_WEBHOOK_SECRET": ""}, "FASTPERF_WEBHOOK_SECRET"),
        ({"FASTPERF_APP_ID": "x"}, "FASTPERF_APP_ID"),
        ({"FASTPERF_WORKERS": "none"}, "FASTPERF_WORKERS"),
    ],
)
async def test_a_wrong_setting_is_one_line_and_exit_2(
    fakegithub: FakeGitHub, database: str, change: dict[str, str], named: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "fastperf.py"),
        "serve",
        env=environment_for(fakegithub, database) | change,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()

    assert process.returncode == 2
    lines = errors.decode().strip().splitlines()
    assert len(lines) == 1
    assert named in lines[0]


async def test_a_database_that_cannot_be_opened_is_one_line_and_exit_1(fakegithub: FakeGitHub) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "fastperf.py"),
        "serve",
        env=environment_for(fakegithub, "sqlite:////nowhere/at/all.db"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()

    assert process.returncode == 1
    assert b"Traceback" not in errors
    assert b"the database cannot be opened" in errors


async def test_a_second_signal_is_not_needed(running: AppProcess) -> None:
    os.kill(running.pid, signal.SIGINT)

    assert await running.ended(15) == 0
