"""Connections that do not speak: each has a deadline, all together have a limit, and who is slow makes room first.

aiohttp waits for a request as long as its client likes, and for as many clients as there are. A client that sends its
headers byte by byte, or asks for pages and never reads them, would hold a connection for good.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Awaitable, Callable
from typing import Final, cast

import structlog
from aiohttp import web

log = structlog.get_logger(__name__)

MOST: Final = 500
"""Connections at once; a container's usual limit on open files is twice that."""
HEADER_SECONDS: Final = 10.0
"""From the first byte of a request, or from connecting, to the end of its headers."""
EXCHANGE_SECONDS: Final = 30.0
"""From the end of the headers to our answer; handlers have their own, shorter limits."""
IDLE_SECONDS: Final = 75.0
"""From our answer, which must have been taken by then, to the next request."""
BACKLOG: Final = 1024

_BUSY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Phase(enum.IntEnum):
    """What a connection is waiting for, in the order in which connections make room for a new one."""

    HEADERS = 0
    BODY = 1
    IDLE = 2
    ANSWER = 3


class Connections:
    """All connections of one server. `listen` accepts them, `attend` is the outermost middleware of its application."""

    def __init__(
        self,
        *,
        most: int = MOST,
        header_seconds: float = HEADER_SECONDS,
        exchange_seconds: float = EXCHANGE_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        on_closed: Callable[[str], None] = lambda reason: None,
    ) -> None:
        """`on_closed` hears why a connection was closed on its client: `late`, `crowded` or `full`."""
        self.most = most
        self.seconds = {
            Phase.HEADERS: header_seconds,
            Phase.BODY: exchange_seconds,
            Phase.IDLE: idle_seconds,
        }
        self.on_closed = on_closed
        self._open: dict[Connection, None] = {}

    def __len__(self) -> int:
        return len(self._open)

    async def listen(self, runner: web.BaseRunner, host: str, port: int) -> asyncio.Server:
        """Accept connections for a runner that is set up. Close the server before the runner. Raises OSError."""
        server = runner.server
        if server is None:
            raise RuntimeError("the runner is not set up")
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: Connection(self, Protocol(server)), host, port, backlog=BACKLOG, reuse_address=True
        )

    def admit(self, connection: Connection) -> bool:
        """Count it in; when there are too many, the one that is most likely to be no delivery goes."""
        if len(self._open) >= self.most:
            slowest = min(self._open, key=Connection.rank)
            if slowest.phase is Phase.ANSWER:
                return False
            slowest.close("crowded")
        self._open[connection] = None
        return True

    def forget(self, connection: Connection) -> None:
        self._open.pop(connection, None)


class Protocol(web.RequestHandler):
    """aiohttp's own, which would repeat a malformed request in its answer and log it with a traceback.

    Bodies stay as they came: a signature is one of these bytes, and nobody has a small one unfold into a large one.
    """

    __slots__ = ()

    def __init__(self, server: web.Server) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=IDLE_SECONDS,
            auto_decompress=False,
        )

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if status == 500:
            log.error("request_failed", error=type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is on its way already")
        response = web.json_response(
            {"status": "bad request" if status < 500 else "internal error"},
            status=status,
            headers={"Server": "fastperf"},
        )
        response.force_close()
        return response


class Connection(asyncio.Protocol):
    """Stands between a socket and aiohttp's own protocol, passes everything on and watches the clock."""

    def __init__(self, connections: Connections, inner: asyncio.Protocol) -> None:
        self._connections = connections
        self._inner = inner
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._phase = Phase.HEADERS
        self._since = 0.0
        self._request: web.Request | None = None

    @property
    def phase(self) -> Phase:
        if self._phase is Phase.BODY and self._request is not None and self._request.content.is_eof():
            return Phase.ANSWER
        return self._phase

    def rank(self) -> tuple[Phase, float]:
        """The least of all makes room."""
        return self.phase, self._since

    def close(self, reason: str) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._connections.forget(self)
        self._connections.on_closed(reason)
        if self._transport is not None:
            self._transport.abort()

    def begin(self, request: web.Request) -> None:
        """The headers are here."""
        self._request = request
        self._enter(Phase.BODY)

    def end(self) -> None:
        """The request has its answer, on its way."""
        self._request = None
        self._enter(Phase.IDLE)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if not self._connections.admit(self):
            self._connections.on_closed("full")
            self._transport.write(_BUSY)
            self._transport.close()
            return
        self._enter(Phase.HEADERS)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._deadline is None:  # not admitted
            return
        if self._phase is Phase.IDLE:
            self._enter(Phase.HEADERS)
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._deadline is not None else None

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.forget(self)
        if self._deadline is None:
            return
        self._deadline.cancel()
        self._inner.connection_lost(exc)

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        self._since = self._loop.time()
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self._loop.call_later(self._connections.seconds[phase], self.close, "late")


@web.middleware
async def attend(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tells the request's connection when its headers are here and when it has its answer."""
    transport = request.transport
    connection = transport.get_protocol() if transport is not None else None
    if not isinstance(connection, Connection):  # listened to by other means
        return await handler(request)
    connection.begin(request)
    try:
        return await handler(request)
    finally:
        connection.end()
