"""A copy of the SQLite file while a server works on it, and the way back."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sqlite3
from pathlib import Path

from app.database import trouble
from app.place import lock, sqlite_path

POSTGRESQL = "PostgreSQL has tools of its own: `pg_dump -Fc` and `pg_restore` (docs/operations.md)"


class BackupError(Exception):
    """There is no backup, or no restoring; the message says why in one line."""


def backup(database_url: str, target: Path) -> int:
    """Copy the database as it is at one moment to a new file, and check the copy; its size in bytes."""
    source = _file_of(database_url)
    if not source.is_file():
        raise BackupError(f"{source} does not exist")
    if target.exists():
        raise BackupError(f"{target} exists already")
    partial = target.with_name(f"{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        with contextlib.closing(
            sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)
        ) as connection:
            connection.execute("VACUUM INTO ?", (str(partial),))
        _check(partial)
        _sync(partial)
        partial.rename(target)
    except (sqlite3.Error, OSError) as error:
        partial.unlink(missing_ok=True)
        raise BackupError(f"{target} cannot be written: {_why(error)}") from None
    return target.stat().st_size


def restore(database_url: str, source: Path) -> Path | None:
    """Put a backup in the database's place; what was there is kept beside it, and its path returned.

    Refuses while a server runs.
    """
    target = _file_of(database_url)
    if not source.is_file():
        raise BackupError(f"{source} does not exist")
    held = []
    try:
        for path in sorted(target.parent.glob(f"{target.name}.*.lock")):
            descriptor = lock(path)
            if descriptor is None:
                raise BackupError("a server runs on this database: stop it first")
            held.append(descriptor)
        _check(source)
        return _replace(target, source)
    except (sqlite3.Error, OSError) as error:
        raise BackupError(f"{source} cannot be restored: {_why(error)}") from None
    finally:
        for descriptor in held:
            os.close(descriptor)


def _replace(target: Path, source: Path) -> Path | None:
    partial = target.with_name(f"{target.name}.partial")
    shutil.copyfile(source, partial)
    _sync(partial)
    there, kept = target.exists(), _unused(target)
    for suffix in (
        "-wal",
        "-shm",
        "",
    ):  # the old log must never meet the new file, nor one that somebody kept
        old = target.with_name(target.name + suffix)
        if old.exists():
            old.rename(kept.with_name(kept.name + suffix))
    partial.rename(target)
    return kept if there else None


def _unused(target: Path) -> Path:
    """A name for what is kept: another one after each restore, so that the first is not lost by the second."""
    for number in itertools.count(1):
        kept = target.with_name(f"{target.name}.before-restore{'' if number == 1 else f'-{number}'}")
        if not any(kept.with_name(kept.name + suffix).exists() for suffix in ("", "-wal", "-shm")):
            return kept
    raise AssertionError("numbers do not end")


def _file_of(database_url: str) -> Path:
    if not database_url.startswith("sqlite"):
        raise BackupError(POSTGRESQL)
    return sqlite_path(database_url)


def _check(path: Path) -> None:
    """Raises sqlite3.Error when the file is no sound database."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _why(error: sqlite3.Error | OSError) -> str:
    return trouble(error) if isinstance(error, sqlite3.Error) else error.strerror or type(error).__name__
