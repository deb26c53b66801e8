"""A machine's name belongs to one process at a time: whoever comes second waits for the first to end.

Two processes of one name would each take the other's running jobs for its own, left by a crash.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import time
import zlib
from pathlib import Path
from typing import Final

import sqlalchemy as sa
import structlog

from app.database import engine_options

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 0.5
_CLASS: Final = 0x6670
"""Of PostgreSQL's advisory locks with two numbers."""


class PlaceTakenError(Exception):
    """Another process runs under this name; the message says what to do."""


class Place:
    """`take` it before anything else uses the database, `leave` it at the very end. It ends with the process, too."""

    def __init__(self, database_url: str, machine_id: str) -> None:
        self._url = database_url
        self._machine = machine_id
        self._file: int | None = None
        self._held: tuple[sa.Engine, sa.Connection] | None = None

    async def take(self, patience: float) -> None:
        """Raises PlaceTakenError when another process keeps it for so many seconds."""
        until = time.monotonic() + patience
        waiting = False
        while not await asyncio.to_thread(self._try):
            if not waiting:
                log.warning("waiting_for_predecessor", machine=self._machine, seconds=patience)
                waiting = True
            if time.monotonic() >= until:
                raise PlaceTakenError(
                    f"another process runs as machine {self._machine!r} on this database: stop it, or give this "
                    "one a FASTPERF_MACHINE_ID of its own"
                )
            await asyncio.sleep(LOOK_SECONDS)

    async def leave(self) -> None:
        await asyncio.to_thread(self._release)

    def _try(self) -> bool:
        if self._url.startswith("sqlite"):
            self._file = lock(lock_file(sqlite_path(self._url), self._machine))
            return self._file is not None
        return self._try_postgresql()

    def _try_postgresql(self) -> bool:
        # One connection for as long as the process lives: the server ends the lock with it.
        engine = sa.create_engine(self._url, poolclass=sa.NullPool, **engine_options(self._url))
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        key = zlib.crc32(self._machine.encode()) - 2**31
        if connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_CLASS, key))):
            self._held = engine, connection
            return True
        connection.close()
        engine.dispose()
        return False

    def _release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._held is not None:
            engine, connection = self._held
            self._held = None
            connection.invalidate()  # it may be broken: close it without a word to the server
            connection.close()
            engine.dispose()


def sqlite_path(database_url: str) -> Path:
    return Path(sa.make_url(database_url).database or "")


def lock_file(database: Path, machine_id: str) -> Path:
    return database.with_name(f"{database.name}.{re.sub(r'[^A-Za-z0-9-]', '_', machine_id)[:64]}.lock")


def lock(path: Path) -> int | None:
    """The open and locked file, or None when another process has locked it. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
