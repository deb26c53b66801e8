"""A disk that is full, and one that is lost: what a server does, and how a backup brings it back."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from pathlib import Path

from tests.app.process import ROOT, AppProcess, environment_for
from tests.app.service import FILES, SLOW
from tests.app.test_database_faults import until_ready
from tests.cli.program import fastperf
from tests.fakegithub import FakeGitHub

LAUNCHER = ROOT / "tests" / "chaos" / "launcher.py"


async def test_a_full_disk_is_said_and_outlived(fakegithub: FakeGitHub, sqlite_url: str) -> None:
    repo = fakegithub.add_repo("octo/shop", private=True, files=FILES, required_checks=["fastperf"])
    fakegithub.install("octo", [repo])
    repo.git.commit("slow", SLOW, parent=repo.git.ref("main"))
    server = await AppProcess(environment_for(fakegithub, sqlite_url), [LAUNCHER]).start()
    try:
        fakegithub.webhook_url = f"{server.url}/webhook"
        server.signal(signal.SIGUSR2)
        assert (await until_ready(server.url, wanted=False))["database"] is False
        pull = await fakegithub.open_pr(repo, "slow")
        refused = [d for d in fakegithub.deliveries if d.event == "pull_request"]
        assert [d.status_code for d in refused] == [503]

        server.signal(signal.SIGUSR2)
        await until_ready(server.url, wanted=True)
        await fakegithub.redeliver(refused[0])
        await fakegithub.until(lambda: fakegithub.check_runs(repo, pull.head_sha), 60)
    finally:
        fakegithub.webhook_url = None
        assert await server.stop() == 0

    reasons = {line.get("reason") for line in server.lines if line["event"] == "not_ready"}
    assert reasons & {"the disk is full", "the disk cannot be read or written"}
    assert not any("Traceback" in line for line in server.raw)


async def test_what_a_restored_backup_still_wants_done_is_done_and_not_said_twice(
    fakegithub: FakeGitHub, tmp_path: Path
) -> None:
    """The backup is of the middle of a review, which was finished since."""
    database = f"sqlite:///{tmp_path}/fastperf.db"
    repo = fakegithub.add_repo("octo/shop", private=True, files=FILES, required_checks=["fastperf"])
    fakegithub.install("octo", [repo])
    repo.git.commit("slow", SLOW, parent=repo.git.ref("main"))
    held = asyncio.Event()
    fakegithub.faults.late(held, "repos/compare-commits")
    server = await AppProcess(environment_for(fakegithub, database)).start()
    fakegithub.webhook_url = f"{server.url}/webhook"
    pull = await fakegithub.open_pr(repo, "slow")
    await fakegithub.until(lambda: fakegithub.calls("graphql"), 30)

    done = await asyncio.to_thread(_run, "backup", tmp_path, database)
    assert (done.returncode, done.stderr) == (0, "")
    refused = await asyncio.to_thread(_run, "restore", tmp_path, database)
    assert refused.stderr == "fastperf: a server runs on this database: stop it first\n"
    held.set()
    await fakegithub.until(
        lambda: [r for r in fakegithub.check_runs(repo, pull.head_sha) if r.status == "completed"], 60
    )
    assert await server.stop() == 0
    restored = await asyncio.to_thread(_run, "restore", tmp_path, database)
    assert restored.returncode == 0, restored.stderr
    before = len(fakegithub.log)
    server = await AppProcess(environment_for(fakegithub, database)).start()
    fakegithub.webhook_url = None
    await fakegithub.until(lambda: any(line["event"] == "review_done" for line in server.lines), 60)
    await server.stop()

    assert len(fakegithub.log) > before, "the job of the backup was not taken up"
    (run,) = fakegithub.check_runs(repo, pull.head_sha)
    assert (run.status, run.conclusion) == ("completed", "failure")
    assert len(fakegithub.reviews(repo, pull.number)) == 1


def _run(command: str, folder: Path, database: str) -> subprocess.CompletedProcess[str]:
    return fastperf(
        command, folder / "copy.db", folder=folder, environment={"FASTPERF_DATABASE_URL": database}
    )
