"""A database that fails: said clearly, not ready, and well again by itself."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiohttp import ClientSession, web
from blockbuster import BlockBuster

from app.database import engine_options
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


def test_what_an_error_of_the_database_says_holds_no_value(tmp_path: Path) -> None:
    """A statement's values may be lines of somebody's source, and the text goes into the log."""
    engine = sa.create_engine(f"sqlite:///{tmp_path}/x.db", **engine_options("sqlite://"))
    with engine.connect() as connection, pytest.raises(sa.exc.OperationalError) as caught:
        connection.execute(sa.text("INSERT INTO missing VALUES (:value)"), {"value": "c4n4ry"})
    engine.dispose()

    assert "c4n4ry" not in str(caught.value)
    assert engine_options("postgresql+psycopg://x/y")["hide_parameters"] is True


async def test_every_commit_is_on_disk_before_it_is_acknowledged(service: Service) -> None:
    """What a loss of power would take is what `synchronous` leaves to the system."""
    found: list[tuple[int, str]] = []

    def look(connection: sa.Connection) -> None:
        raw = connection.connection.dbapi_connection
        assert isinstance(raw, sqlite3.Connection)
        found.append(
            (
                raw.execute("PRAGMA synchronous").fetchone()[0],
                raw.execute("PRAGMA journal_mode").fetchone()[0],
            )
        )

    sa.event.listen(sa.Engine, "commit", look)
    try:
        await service.reviewed(service.shop(), "slow", SLOW)
    finally:
        sa.event.remove(sa.Engine, "commit", look)

    assert len(found) > 10
    assert set(found) == {(2, "wal")}


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
