"""A copy while the server works, and the way back."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from app.backup import BackupError, backup, restore
from app.place import Place, PlaceTakenError, lock, lock_file


def test_neither_overwrites_nor_invents_anything(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fastperf.db"
    with pytest.raises(BackupError, match=r"fastperf\.db does not exist"):
        backup(url, tmp_path / "copy.db")
    (tmp_path / "fastperf.db").write_bytes(b"")
    (tmp_path / "copy.db").write_bytes(b"no database at all, but long enough to look like one" * 100)
    with pytest.raises(BackupError, match="exists already"):
        backup(url, tmp_path / "copy.db")
    with pytest.raises(BackupError, match="is no SQLite database"):
        restore(url, tmp_path / "copy.db")
    with pytest.raises(BackupError, match="pg_dump"):
        backup("postgresql+psycopg://u@h/d", tmp_path / "other.db")
    assert (tmp_path / "fastperf.db").read_bytes() == b""


def test_the_old_log_never_meets_the_restored_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fastperf.db"
    for name in ("fastperf.db", "fastperf.db-wal", "fastperf.db-shm"):
        (tmp_path / name).write_bytes(b"old")
    (tmp_path / "copy.db").write_bytes(b"")

    kept = restore(url, tmp_path / "copy.db")

    assert kept == tmp_path / "fastperf.db.before-restore"
    assert kept.with_name(f"{kept.name}-wal").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.glob("fastperf.db*") if "before" not in path.name) == [
        "fastperf.db"
    ]


def test_a_log_without_its_file_is_put_aside_and_nothing_kept_is_overwritten(tmp_path: Path) -> None:
    """Whoever removes a damaged file and restores would get the damage back by its log."""
    url = f"sqlite:///{tmp_path}/fastperf.db"
    (tmp_path / "copy.db").write_bytes(b"")
    (tmp_path / "fastperf.db-wal").write_bytes(b"old log")

    assert restore(url, tmp_path / "copy.db") is None
    assert not (tmp_path / "fastperf.db-wal").exists()
    (tmp_path / "fastperf.db").write_bytes(b"first")
    kept = [restore(url, tmp_path / "copy.db"), restore(url, tmp_path / "copy.db")]

    assert [path.read_bytes() for path in kept if path is not None] == [b"first", b""]


async def test_a_second_process_of_the_same_name_waits_and_then_says_so(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fastperf.db"
    first, second = Place(url, "local"), Place(url, "local")
    await first.take(0)
    with pytest.raises(PlaceTakenError, match="another process runs as machine 'local'"):
        await second.take(0)

    waiting = asyncio.create_task(second.take(30))
    await asyncio.sleep(0.1)
    await first.leave()
    await waiting
    await second.leave()

    descriptor = await asyncio.to_thread(lock, lock_file(tmp_path / "fastperf.db", "local"))
    assert descriptor is not None
    os.close(descriptor)
