"""The clients of the load tests: nobody's answer is lost, and a slow server is not made faster than it is."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from benchmarks.impact import load
from rules.engine import registry

CASES = Path(load.__file__).parent / "cases"
Answer = Callable[[], Awaitable[bytes]]


@asynccontextmanager
async def served(answer: Answer) -> AsyncIterator[int]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(await answer())
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def response(body: bytes = b"ok", status: int = 200) -> bytes:
    return b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body)


REQUEST = load.request_bytes("/", None, {})


async def test_answers_that_come_after_the_end_are_waited_for() -> None:
    async def slow() -> bytes:
        await asyncio.sleep(0.2)
        return response()

    async with served(slow) as port:
        seen = await load.drive(port, REQUEST, clients=2, seconds=0.05)

    assert (len(seen.times), seen.failed, seen.unanswered) == (2, 0, [])
    assert 5 < seen.rps <= 10.5


async def test_one_at_a_time_is_not_made_faster_by_those_who_wait() -> None:
    lock = asyncio.Lock()

    async def one_by_one() -> bytes:
        async with lock:
            await asyncio.sleep(0.01)
        return response()

    async with served(one_by_one) as port:
        seen = await load.drive(port, REQUEST, clients=8, seconds=0.3)

    assert seen.rps <= 101


async def test_a_server_that_hangs_counts_with_the_time_it_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "PATIENCE", 0.2)

    async def never() -> bytes:
        await asyncio.sleep(30)
        return b""

    async with served(never) as port:
        seen = await load.drive(port, REQUEST, clients=1, seconds=0.05)

    assert seen.rps == 0
    assert seen.unanswered
    assert seen.quantile(0.5) >= 200


async def test_refusals_and_chunks_are_understood() -> None:
    answers = iter(
        [response(status=500), b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"]
    )

    async def each() -> bytes:
        await asyncio.sleep(0.06)
        return next(answers)

    async with served(each) as port:
        seen = await load.drive(port, REQUEST, clients=1, seconds=0.1)

    assert (len(seen.times), seen.failed) == (2, 1)


@pytest.mark.parametrize("path", sorted(CASES.glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_a_case_is_called_as_its_rule_and_has_a_slow_and_a_fast_form(path: Path) -> None:
    text = path.read_text()
    codes = [
        node.args[0].value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Pair"
        and isinstance(node.args[0], ast.Constant)
    ]

    (code,) = codes
    assert type(registry.by_code(str(code))).__module__.rpartition(".")[2] == path.stem
    assert text.startswith(f'"""{code}: ')
    assert "slow(" in text or '"slow"' in text
    assert "fast(" in text or '"fast"' in text
