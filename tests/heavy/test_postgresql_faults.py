"""A PostgreSQL that restarts or fails over in the middle of a review, and two versions of the program on one."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog
from structlog.testing import capture_logs

from app.store import Store
from tests.app.process import AppProcess, environment_for
from tests.app.service import FILES, SLOW
from tests.app.test_database_faults import until_ready
from tests.app.test_migrations import OLDEST, waive_at_any_depth
from tests.chaos.line import Line, server_of
from tests.chaos.postgres import empty_database, running
from tests.fakegithub import FakeGitHub
from tests.fakegithub.state import Pull, Repo

from .test_machines import LAUNCHER, assert_said_once, completed, shop


def pg_ctl(data: Path, *arguments: str) -> None:
    """As the user that the files belong to, which root may not be."""
    owner = data.stat()
    server = (data / "postmaster.opts").read_text().split()[0].strip('"')
    subprocess.run(
        [Path(server).parent / "pg_ctl", "-w", "-D", str(data), *arguments],
        check=True,
        capture_output=True,
        cwd="/",
        user=owner.st_uid if os.getuid() == 0 else None,
        group=owner.st_gid if os.getuid() == 0 else None,
    )


def fail_over(url: str, folder: Path) -> Path:
    """The server ends as if its machine did; another starts on what its disk holds. Where the other one listens."""
    data = Path(str(sa.make_url(url).query["host"]))
    pg_ctl(data, "stop", "-m", "immediate")
    standby = folder / "standby"
    subprocess.run(["cp", "-a", str(data), str(standby)], check=True)
    (standby / "postmaster.pid").unlink(missing_ok=True)
    pg_ctl(standby, "-o", f'-h "" -k {standby}', "-l", str(standby / "log"), "start")
    return standby


async def test_a_review_outlives_the_failover_of_its_database(fakegithub: FakeGitHub, tmp_path: Path) -> None:
    repo = shop(fakegithub)
    folder = Path("/tmp") / f"fastperf-failover-{os.getpid()}"  # a socket's path is short
    folder.mkdir(mode=0o755)
    standby: Path | None = None
    try:
        with running(folder / "first") as server:
            for path in (folder, folder / "first"):
                path.chmod(0o777)
            url = empty_database(server)
            async with Line(server_of(url)) as line:
                app = await AppProcess(environment_for(fakegithub, line.near(url))).start()
                fakegithub.webhook_url = f"{app.url}/webhook"
                answer = asyncio.Event()
                held = fakegithub.faults.late(answer, "repos/compare-commits")
                pull = await fakegithub.open_pr(repo, "slow")
                await fakegithub.until(lambda: held.struck, 60)

                await line.cut()
                standby = await asyncio.to_thread(fail_over, url, folder)
                assert (await until_ready(app.url, wanted=False, seconds=60))["database"] is False
                refused = await fakegithub.open_pr(repo, _another(repo))
                answer.set()
                line.lead_to(f"{standby}/.s.PGSQL.5432")
                await line.heal()

                await until_ready(app.url, wanted=True, seconds=60)
                await fakegithub.until(lambda: completed(fakegithub, repo, pull), 90)
                await _ask_again(fakegithub, refused)
                await fakegithub.until(lambda: completed(fakegithub, repo, refused), 90)
                fakegithub.webhook_url = None
                await app.stop()
    finally:
        if standby is not None:
            await asyncio.to_thread(pg_ctl, standby, "stop", "-m", "immediate")
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    assert_said_once(fakegithub, repo, pull)
    assert_said_once(fakegithub, repo, refused)
    assert app.lines
    assert not any("Traceback" in line for line in app.raw if '"event":"heartbeat_failed"' in line)


async def test_a_server_that_forgets_what_it_committed_is_warned_of(postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"ALTER DATABASE {engine.url.database} SET synchronous_commit = off"))
    engine.dispose()
    store = Store(postgres_url)

    configured = structlog.get_config()
    structlog.reset_defaults()  # another test may have raised the level of all loggers
    try:
        with capture_logs() as lines:
            await store.start()
    finally:
        structlog.configure(**configured)
        await store.close()

    assert ("commits_may_be_lost", "synchronous_commit") in [
        (line["event"], line.get("setting")) for line in lines
    ]


async def test_the_oldest_tables_become_the_newest_there_too(postgres_url: str) -> None:
    """And hold the waiver of a path that is longer than their index takes."""

    def make() -> None:
        engine = sa.create_engine(postgres_url)
        with engine.begin() as connection:
            for statement in OLDEST.replace("BLOB", "BYTEA").split(";\n"):
                if statement:
                    connection.execute(sa.text(statement))
        engine.dispose()

    await asyncio.to_thread(make)
    await waive_at_any_depth(Store(postgres_url))


def _another(repo: Repo) -> str:
    repo.git.commit("another", SLOW | {"README.md": "Another.\n"}, parent=repo.git.ref("main"))
    return "another"


async def _ask_again(github: FakeGitHub, pull: Pull) -> None:
    """As the sweep does."""
    for delivery in list(github.deliveries):
        if delivery.status_code != 202 and delivery.payload.get("number") == pull.number:
            await github.redeliver(delivery)


@pytest.mark.parametrize("first", ["present", "next"])
async def test_two_versions_work_side_by_side_while_a_deploy_rolls(
    fakegithub: FakeGitHub, postgres_url: str, first: str
) -> None:
    """Whichever starts first, and so makes or finds the tables."""
    repo = fakegithub.add_repo("octo/shop", private=True, files=FILES, required_checks=["fastperf"])
    fakegithub.install("octo", [repo])
    names = ["present", "next"] if first == "present" else ["next", "present"]
    machines = {
        name: await AppProcess(
            environment_for(
                fakegithub,
                postgres_url,
                FASTPERF_MACHINE_ID=name,
                CHAOS_PACE="1",
                CHAOS_NEXT="1" if name == "next" else "",
            ),
            [LAUNCHER],
        ).start()
        for name in names
    }
    pulls = []
    try:
        for number in range(6):
            fakegithub.webhook_url = f"{machines[names[number % 2]].url}/webhook"
            branch = f"slow-{number}"
            files = SLOW | {"README.md": f"Number {number}\n"}
            repo.git.commit(branch, files, parent=repo.git.ref("main"))
            pulls.append(await fakegithub.open_pr(repo, branch))
        await fakegithub.until(lambda: all(completed(fakegithub, repo, pull) for pull in pulls), 90)
        fakegithub.webhook_url = f"{machines['next'].url}/webhook"
        machines["present"].signal(signal.SIGTERM)  # the deploy is done
        repo.git.commit("last", SLOW | {"README.md": "Last.\n"}, parent=repo.git.ref("main"))
        pulls.append(await fakegithub.open_pr(repo, "last"))
        assert await machines["present"].ended() == 0
        await fakegithub.until(lambda: completed(fakegithub, repo, pulls[-1]), 60)
        await asyncio.sleep(0.5)
    finally:
        fakegithub.webhook_url = None
        for machine in machines.values():
            await machine.kill()

    for pull in pulls:
        assert_said_once(fakegithub, repo, pull)
