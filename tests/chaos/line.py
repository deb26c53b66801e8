"""A line to a server that can be cut, or fall silent."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType

import sqlalchemy as sa


class Line:
    """Listens on `port` and passes everything on to the server (host and port, or a socket's path), unless told otherwise.

    `cut` ends all connections and refuses new ones, as a dead server does; `hush` keeps them and swallows what is
    sent, as a network does that drops packets. `heal` ends connections that missed something and passes on again.
    """

    def __init__(self, server: tuple[str, int] | str) -> None:
        self._server = server
        self._listening: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], tuple[asyncio.StreamWriter, ...]] = {}
        self._silent = False
        self._cut = False

    async def __aenter__(self) -> Line:
        self._listening = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._listening is not None:
            self._listening.close()
        await self._end()

    @property
    def port(self) -> int:
        assert self._listening is not None
        port: int = self._listening.sockets[0].getsockname()[1]
        return port

    def near(self, database: str) -> str:
        """The URL of a database at the near end of the line to its server."""
        url = sa.make_url(database).difference_update_query(["host"])
        return url.set(host="127.0.0.1", port=self.port).render_as_string(hide_password=False)

    async def cut(self) -> None:
        self._cut = True
        await self._end()

    def hush(self) -> None:
        self._silent = True

    def lead_to(self, server: tuple[str, int] | str) -> None:
        """From the next connection on, to another server."""
        self._server = server

    async def heal(self) -> None:
        if self._silent:
            await self._end()
        self._cut = self._silent = False

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if self._cut:
            writer.transport.abort()
            return
        self._open[task] = (writer,)
        try:
            far_reader, far_writer = await self._far_end()
        except OSError:
            writer.transport.abort()
            self._open.pop(task, None)
            return
        self._open[task] = (writer, far_writer)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(reader, far_writer))
                group.create_task(self._pass_on(far_reader, writer))
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            self._open.pop(task, None)
            for end in (writer, far_writer):
                end.transport.abort()

    async def _far_end(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._server, str):
            return await asyncio.open_unix_connection(self._server)
        return await asyncio.open_connection(*self._server)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if self._silent:
                continue
            writer.write(data)
            await writer.drain()
        with contextlib.suppress(OSError):
            writer.write_eof()

    async def _end(self) -> None:
        for writers in list(self._open.values()):
            for writer in writers:
                writer.transport.abort()
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def server_of(database: str) -> tuple[str, int] | str:
    """Where the server of a PostgreSQL URL listens."""
    url = sa.make_url(database)
    folder = url.query.get("host", url.host or "127.0.0.1")
    port = url.port or 5432
    assert isinstance(folder, str)
    return f"{folder}/.s.PGSQL.{port}" if folder.startswith("/") else (folder, port)
