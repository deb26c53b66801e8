"""The clients: a closed loop over keep-alive connections, light enough to share a machine with what it measures.

Requests in flight when the time is over are waited for, so that a slow form does not lose them: throughput is answers
over the time until the last of them came, but for the slowest tenth of the clients, so that one straggler does not
count for all. What is not answered within `PATIENCE` counts with the time it had and as no answer.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass, field

PATIENCE = 20.0


@dataclass
class Load:
    """What one run saw. Times are in seconds."""

    clients: int
    times: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    """When each answer was complete, since the start."""
    unanswered: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def rps(self) -> float:
        if not self.answered:
            return 0.0
        if self.unanswered:
            return len(self.answered) / (min(self.answered) + max(self.unanswered))
        counted = len(self.answered) - self.clients // 10
        return counted / sorted(self.answered)[counted - 1]

    def quantile(self, share: float) -> float:
        """Response time in milliseconds; unanswered requests count with the time they had."""
        ordered = sorted([*self.times, *self.unanswered])
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0

    @property
    def mean_ms(self) -> float:
        return statistics.fmean([*self.times, *self.unanswered] or [0.0]) * 1000


class Client(asyncio.Protocol):
    """One connection. It asks until `end`, and is done when its last answer is there."""

    def __init__(self, port: int, request: bytes, start: float, end: float, load: Load) -> None:
        self._port = port
        self._again: asyncio.Future[None] | None = None
        self._request, self._start, self._end, self._load = request, start, end, load
        self._seen = bytearray()
        self._head = 0
        self._wanted = -1
        self._asked = 0.0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._seen.clear()
        self._head, self._wanted = 0, -1
        self._asked = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._seen += data
        if not self._head:
            self._head = self._seen.find(b"\r\n\r\n") + 4
            if self._head < 4:
                self._head = 0
                return
            for line in bytes(self._seen[: self._head]).lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    self._wanted = self._head + int(line[15:])
        complete = (
            len(self._seen) >= self._wanted if self._wanted >= 0 else self._seen.endswith(b"\r\n0\r\n\r\n")
        )
        if complete:
            self._answered()

    def _answered(self) -> None:
        now = time.perf_counter()
        self._load.times.append(now - self._asked)
        self._load.answered.append(now - self._start)
        self._load.failed += self._seen[9:10] != b"2"
        if now < self._end:
            if b"\r\nconnection: close\r\n" in self._request:
                self._again = asyncio.ensure_future(self._reconnect())
            else:
                self._ask()
        elif not self.done.done():
            self.done.set_result(None)
            self._transport.close()

    async def _reconnect(self) -> None:
        self._transport.close()
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self._port)

    def connection_lost(self, _: Exception | None) -> None:
        if self._again is not None:
            return
        if not self.done.done():
            self._load.failed += 1
            self.done.set_result(None)

    def give_up(self) -> None:
        self._load.unanswered.append(time.perf_counter() - self._asked)
        self.done.set_result(None)
        self._transport.close()


async def drive(port: int, request: bytes, clients: int, seconds: float) -> Load:
    """Load the port of this machine for `seconds`, and see the last answers in."""
    loop = asyncio.get_running_loop()
    load = Load(clients)
    start = time.perf_counter()
    end = start + seconds
    made = [
        (await loop.create_connection(lambda: Client(port, request, start, end, load), "127.0.0.1", port))[1]
        for _ in range(clients)
    ]
    await asyncio.wait([client.done for client in made], timeout=seconds + PATIENCE)
    for client in made:
        if not client.done.done():
            client.give_up()
    return load


def request_bytes(path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", "host: 127.0.0.1", "accept: */*"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body is not None:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")
