"""How a database is opened, and what is wrong when it cannot be used, in words an operator can act on."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

_POSTGRESQL: Final = {
    "connect_timeout": 5,
    # A connection whose other end is gone says so within half a minute, not after the system's hours.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}

_SQLITE: Final = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CORRUPT: "the file is damaged: restore a backup",
    sqlite3.SQLITE_NOTADB: "the file is no SQLite database",
    sqlite3.SQLITE_READONLY: "the file or its volume is read-only",
    sqlite3.SQLITE_BUSY: "another process holds the lock",
    sqlite3.SQLITE_LOCKED: "another process holds the lock",
    sqlite3.SQLITE_CANTOPEN: "the file or its folder does not exist, or may not be opened",
    sqlite3.SQLITE_IOERR: "the disk cannot be read or written",
    sqlite3.SQLITE_PERM: "the file may not be opened",
}
_STATES: Final = {
    "08": "the connection broke",
    "25": "the server is read-only",
    "28": "the server refuses the user or the password",
    "3D": "the server has no such database",
    "42501": "the user may not do that",
    "53": "the server is out of disk, memory or connections",
    "57": "the server is shutting down or starting",
    "58": "the server's disk cannot be read or written",
    "XX": "the server's data are damaged",
}
"""By SQLSTATE or its class."""


class DurableSQLite(sqlite3.Connection):
    """Write-ahead log, and an acknowledged delivery survives a loss of power.

    Where SQLite may not write it opens a file for reading, and such a connection would go on failing when the volume
    can be written again: there is none.
    """

    def __init__(self, database: str, *arguments: Any, **options: Any) -> None:
        super().__init__(database, *arguments, **options)
        if Path(database).is_file() and not os.access(database, os.W_OK):
            self.close()
            refusal = sqlite3.OperationalError("attempt to write a readonly database")
            refusal.sqlite_errorcode = sqlite3.SQLITE_READONLY
            raise refusal
        self.execute("PRAGMA busy_timeout=30000")
        self.execute("PRAGMA journal_mode=WAL")
        self.execute("PRAGMA synchronous=FULL")


def engine_options(database_url: str) -> dict[str, Any]:
    """Arguments of `create_engine` for this kind of database."""
    # Values in an error's text would be in the log: a statement's may be lines of somebody's source.
    if database_url.startswith("sqlite"):
        return {"connect_args": {"factory": DurableSQLite}, "hide_parameters": True}
    return {"connect_args": dict(_POSTGRESQL), "pool_pre_ping": True, "hide_parameters": True}


def insert_into(connection: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that may say what happens when the row is there."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def refuse_damage(connection: sa.Connection) -> None:
    """Raises DatabaseError when the SQLite file is damaged: better at the start than in the middle of a review."""
    verdict = connection.scalar(sa.text("PRAGMA quick_check(1)"))
    if verdict != "ok":
        damage = sqlite3.DatabaseError("quick_check failed")
        damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise sa.exc.DatabaseError("PRAGMA quick_check", None, damage)


def forgets_commits(connection: sa.Connection) -> str:
    """The setting of a PostgreSQL server by which a commit is not on disk yet; empty when it is."""
    settings = ("fsync", "synchronous_commit")
    return next((name for name in settings if connection.scalar(sa.text(f"SHOW {name}")) == "off"), "")


def trouble(error: BaseException) -> str:
    """What is wrong with the database, without its address, a statement or a value."""
    for inner in _chain(error):
        if isinstance(inner, sqlite3.Error):
            code = getattr(inner, "sqlite_errorcode", None)
            known = None if code is None else _SQLITE.get(code & 0xFF)
            return known or type(inner).__name__
        state = getattr(inner, "sqlstate", None)
        if isinstance(state, str):
            return _STATES.get(state) or _STATES.get(state[:2]) or f"SQLSTATE {state}"
        if isinstance(inner, TimeoutError | sa.exc.TimeoutError):
            return "it does not answer in time"
    if isinstance(error, sa.exc.OperationalError):
        return "the server cannot be reached"
    return type(error).__name__


def is_outage(error: BaseException) -> bool:
    """Whether the database cannot be used, whatever is asked of it: no fault of who asked, who had better wait."""
    for inner in _chain(error):
        if isinstance(inner, sqlite3.Error):
            return getattr(inner, "sqlite_errorcode", 0) & 0xFF in _SQLITE
        state = getattr(inner, "sqlstate", None)
        if isinstance(state, str):
            return state in _STATES or state[:2] in _STATES
        if isinstance(inner, sa.exc.TimeoutError):
            return True
        if isinstance(inner, sa.exc.DBAPIError) and inner.connection_invalidated:
            return True
    return isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        inner = getattr(current, "orig", None)
        current = inner if isinstance(inner, BaseException) else current.__cause__
