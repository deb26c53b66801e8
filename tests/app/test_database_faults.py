"""A database that fails: said clearly, not ready, and well again by itself."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from blockbuster import BlockBuster

from app.server import StartError
from tests.fakegithub import FakeGitHub

from .service import SLOW, Service, application, settings_for


async def ready(url: str) -> tuple[int, dict[str, bool]]:
    async with ClientSession() as session, session.get(f"{url}/readyz") as answer:
        body = await answer.json()
        return answer.status, body["checks"]


async def until_ready(url: str, wanted: bool, seconds: float = 30.0) -> dict[str, bool]:
    async with asyncio.timeout(seconds):
        while True:
            status, checks = await ready(url)
            if (status == 200) is wanted:
                return checks
            await asyncio.sleep(0.1)


async def test_a_locked_file_refuses_deliveries_and_takes_them_again(
    service: Service, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.engine.ENQUEUE_SECONDS", 0.5)
    monkeypatch.setattr("app.web.health.PROBE_SECONDS", 0.5)
    repo = service.shop()
    repo.git.commit("slow", SLOW, parent=repo.git.ref("main"))
    with contextlib.closing(
        sqlite3.connect(database.removeprefix("sqlite:///"), check_same_thread=False)
    ) as other:
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        assert (await ready(service.url))[1]["database"] is False
        pull = await service.github.open_pr(repo, "slow")
        (refused,) = [d for d in service.github.deliveries if d.event == "pull_request"]
        assert refused.status_code == 503
        await asyncio.to_thread(other.rollback)

    await until_ready(service.url, wanted=True)
    await service.github.redeliver(refused)
    await service.idle()
    assert service.run(repo, pull).conclusion == "failure"


def _garbage(path: Path) -> None:
    path.write_bytes(b"this was a database once" * 1000)


def _damage(path: Path) -> None:
    """Overwrite pages in the middle, as a failing disk does."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE things (name TEXT PRIMARY KEY, data TEXT)")
        connection.executemany("INSERT INTO things VALUES (?, ?)", [(str(n), "x" * 500) for n in range(2000)])
    with path.open("rb+") as file:
        file.seek(40 * 4096)
        file.write(b"\xff" * 4096 * 10)


def _nothing(path: Path) -> None:
    path.parent.rmdir()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_garbage, "the file is no sqlite database"),
        (_damage, "the file is damaged: restore a backup"),
        (_nothing, "no such file or directory"),
    ],
)
async def test_a_file_that_is_no_sound_database_is_one_line(
    fakegithub: FakeGitHub, tmp_path: Path, blockbuster: BlockBuster, spoil: Callable[[Path], None], said: str
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    spoil(folder / "fastperf.db")
    runner = web.AppRunner(application(settings_for(fakegithub, f"sqlite:///{folder}/fastperf.db")))
    blockbuster.deactivate()

    with pytest.raises(StartError, match=f"the database cannot be opened: {said}"):
        await runner.setup()
    await runner.cleanup()
