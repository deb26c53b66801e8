"""Several machines on one PostgreSQL."""

from __future__ import annotations

import asyncio
import signal

import pytest
from aiohttp import web

from tests.app.process import AppProcess, environment_for
from tests.app.service import FILES, SLOW, Service, application, settings_for
from tests.fakegithub import FakeGitHub


async def test_a_survivor_takes_over_what_a_dead_machine_was_doing(
    fakegithub: FakeGitHub, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = fakegithub.add_repo("octo/shop", private=True, files=FILES, required_checks=["fastperf"])
    fakegithub.install("octo", [repo])
    repo.git.commit("slow", SLOW, parent=repo.git.ref("main"))
    first = {"FASTPERF_MACHINE_ID": "first", "FASTPERF_CRASH_AT": "after-review"}
    dying = await AppProcess(environment_for(fakegithub, postgres_url, **first)).start()
    fakegithub.webhook_url = f"{dying.url}/webhook"
    pull = await fakegithub.open_pr(repo, "slow")
    assert await dying.ended() == -signal.SIGKILL
    monkeypatch.setattr("app.store.MACHINE_SECONDS", 1.0)
    await asyncio.sleep(1.5)

    app = application(settings_for(fakegithub, postgres_url, machine_id="second"))
    runner = web.AppRunner(app)
    await runner.setup()
    service = Service(fakegithub, app, "")
    try:
        await asyncio.sleep(1.0)
        assert fakegithub.check_runs(repo, pull.head_sha) == [], "nobody else's job is touched unasked"
        await service.jobs.sweep_now()
        await service.idle()
    finally:
        await runner.cleanup()

    run = service.run(repo, pull)
    assert (run.status, run.conclusion) == ("completed", "failure")
    assert len(fakegithub.reviews(repo, pull.number)) == 1


async def test_two_machines_share_the_work_and_do_none_twice(
    fakegithub: FakeGitHub, postgres_url: str
) -> None:
    repo = fakegithub.add_repo("octo/shop", private=True, files=FILES)
    fakegithub.install("octo", [repo])
    machines = [
        await AppProcess(environment_for(fakegithub, postgres_url, FASTPERF_MACHINE_ID=name)).start()
        for name in ("first", "second")
    ]
    pulls = []
    try:
        for number in range(8):
            fakegithub.webhook_url = f"{machines[number % 2].url}/webhook"
            branch = f"slow-{number}"
            files = SLOW | {"README.md": f"Number {number}\n"}
            repo.git.commit(branch, files, parent=repo.git.ref("main"))
            pulls.append(await fakegithub.open_pr(repo, branch))
        await fakegithub.until(
            lambda: all(
                any(run.status == "completed" for run in fakegithub.check_runs(repo, pull.head_sha))
                for pull in pulls
            ),
            60,
        )
        await asyncio.sleep(1.0)
    finally:
        fakegithub.webhook_url = None
        for machine in machines:
            await machine.stop()

    for pull in pulls:
        assert len(fakegithub.check_runs(repo, pull.head_sha)) == 1
        assert len(fakegithub.reviews(repo, pull.number)) == 1
    done = [sum(line["event"] == "review_done" for line in machine.lines) for machine in machines]
    assert sum(done) == len(pulls)
