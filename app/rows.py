"""The database as the store uses it: threads of its own, connections, single statements."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Value = TypeVar("Value")
Given = ParamSpec("Given")


class Rows:
    """Calls run in threads, so that a slow disk never holds the event loop."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="store-")
        self._opened: sa.Engine | None = None

    async def close(self) -> None:
        if self._opened is not None:
            await self._run(self._opened.dispose)
        self._threads.shutdown(wait=False)

    @property
    def is_shared(self) -> bool:
        """Whether other machines may use the same database."""
        return not self._database_url.startswith("sqlite")

    @property
    def _engine(self) -> sa.Engine:
        if self._opened is None:
            raise RuntimeError("the store is used before it is started")
        return self._opened

    async def transact(
        self,
        function: Callable[Concatenate[sa.Connection, Given], Value],
        *given: Given.args,
        **named: Given.kwargs,
    ) -> Value:
        """Call `function` with a connection and what is given, in a transaction of its own."""

        def run() -> Value:
            with self._engine.begin() as connection:
                return function(connection, *given, **named)

        return await self._run(run)

    async def _run(self, function: Callable[..., Value], *arguments: Any) -> Value:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    def _upsert(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        keys = [column.name for column in table.primary_key]
        insert = sqlite.insert if self._engine.dialect.name == "sqlite" else postgresql.insert
        statement = insert(table)
        others = {name: statement.excluded[name] for name in rows[0] if name not in keys}
        with self._engine.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), rows)

    def _insert_once(self, table: sa.Table, row: dict[str, Any]) -> None:
        insert = sqlite.insert if self._engine.dialect.name == "sqlite" else postgresql.insert
        with self._engine.begin() as connection:
            connection.execute(insert(table).on_conflict_do_nothing(), [row])

    def _delete(self, statement: sa.Delete) -> int:
        with self._engine.begin() as connection:
            return connection.execute(statement).rowcount

    def _scalar(self, query: sa.Select[Any]) -> Any:
        with self._engine.connect() as connection:
            return connection.scalar(query)

    def _row(self, query: sa.Select[Any]) -> tuple[Any, ...] | None:
        with self._engine.connect() as connection:
            found = connection.execute(query).first()
            return None if found is None else tuple(found)

    def _scalars(self, query: sa.Select[Any]) -> list[Any]:
        with self._engine.connect() as connection:
            return list(connection.scalars(query))

    def _execute(self, *statements: sa.Executable) -> None:
        with self._engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)

    def _now(self) -> float:
        """By the database's clock: those of the machines may differ by more than a machine may be silent."""
        if self._engine.dialect.name == "sqlite":
            return time.time()
        return float(self._scalar(sa.select(sa.func.extract("epoch", sa.func.clock_timestamp()))))
