"""As much of aiosqlite as SQLAlchemy and the apps use: it asks at once, in the caller's thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Sequence
from sqlite3 import (
    DatabaseError,
    Error,
    IntegrityError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    sqlite_version,
    sqlite_version_info,
)
from threading import Thread
from typing import Any

__all__ = [
    "Connection",
    "DatabaseError",
    "Error",
    "IntegrityError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "connect",
    "sqlite_version",
    "sqlite_version_info",
]
__version__ = "0.22.1"


class Cursor:
    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    async def __aenter__(self) -> Cursor:
        return self

    @property
    def description(self) -> Any:
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        self._cursor.execute(statement, parameters)

    async def executemany(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        self._cursor.executemany(statement, rows)

    async def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    async def close(self) -> None:
        self._cursor.close()


class Connection:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._thread = Thread()

    def __await__(self) -> Generator[Any, None, Connection]:
        yield from ()
        return self

    def cursor(self) -> Cursor:
        return Cursor(self._connection.cursor())

    async def create_function(self, name: str, arguments: int, function: Any, **options: Any) -> None:
        self._connection.create_function(name, arguments, function, **options)

    async def commit(self) -> None:
        self._connection.commit()

    async def rollback(self) -> None:
        self._connection.rollback()

    async def close(self) -> None:
        self._connection.close()


def connect(database: str, **options: Any) -> Connection:
    return Connection(sqlite3.connect(database, **options))
