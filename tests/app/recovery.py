"""Kill the app at a point of a review, start it again, and see what stands on the pull request."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

from tests.fakegithub import FakeGitHub

from .process import AppProcess, environment_for
from .service import FILES, SLOW

RECOVERY_SECONDS = 60.0


async def crash_and_recover(github: FakeGitHub, database: str, point: str) -> None:
    """Raises AssertionError unless there is exactly one review and one completed check run in the end."""
    repo = github.add_repo("octo/shop", private=True, files=FILES, required_checks=["fastperf"])
    github.install("octo", [repo])
    repo.git.commit("slow", SLOW, parent=repo.git.ref("main"))
    if point == "after-check-begun":  # an analysis long enough to show progress
        github.faults.latency(3.0, "repos/download-tarball-archive")
        github.faults.latency(3.0, "git/get-tree")

    dying = await AppProcess(environment_for(github, database, FASTPERF_CRASH_AT=point)).start()
    github.webhook_url = f"{dying.url}/webhook"
    pull = await github.open_pr(repo, "slow")
    assert await dying.ended(RECOVERY_SECONDS) == -signal.SIGKILL
    for _ in range(100):  # the kernel tells them, and they need a moment
        if not children_of(dying.pid):
            break
        await asyncio.sleep(0.05)
    assert children_of(dying.pid) == [], "analysis processes outlive the app"

    living = await AppProcess(environment_for(github, database)).start()
    github.webhook_url = f"{living.url}/webhook"
    try:
        deadline = time.monotonic() + RECOVERY_SECONDS
        while not any(run.status == "completed" for run in github.check_runs(repo, pull.head_sha)):
            assert time.monotonic() < deadline, "\n".join(living.raw[-20:])
            await asyncio.sleep(0.1)
        await asyncio.sleep(1.0)  # whatever else it may want to say
    finally:
        assert await living.stop() == 0, "\n".join(living.raw[-20:])
        github.webhook_url = None

    (run,) = github.check_runs(repo, pull.head_sha)
    assert (run.status, run.conclusion) == ("completed", "failure")
    assert len(github.reviews(repo, pull.number)) == 1
    assert len(github.review_comments(repo, pull.number)) == 1


def children_of(pid: int) -> list[int]:
    """Living processes that name `pid` among their arguments, as our workers do."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            arguments = (entry / "cmdline").read_bytes().split(b"\0")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if str(pid).encode() in arguments and b"-c" in arguments and state != "Z":
            found.append(int(entry.name))
    return found
