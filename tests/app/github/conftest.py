"""A server on loopback that answers as told: for faults of the wire that no model of GitHub is needed for."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from aiohttp import web
from blockbuster import BlockBuster
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.github.client import GitHub
from app.github.models import Repository
from tests.app.github.shop import Clock, Shop, opened
from tests.fakegithub import FakeGitHub

Responder = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

REPOSITORY = Repository(installation_id=77, id=5, owner="acme", name="shop")


@pytest.fixture(scope="session")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


class Server:
    """Gives each request the next answer told for its method and path; the last one again and again."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[web.BaseRequest] = []
        self.bodies: list[bytes] = []
        self._answers: dict[tuple[str, str], list[Responder]] = {}

    def tell(self, method: str, path: str, *answers: Responder) -> None:
        self._answers[method, path] = list(answers)

    def seen(self, method: str, path: str) -> list[web.BaseRequest]:
        return [request for request in self.requests if (request.method, _path(request)) == (method, path)]

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.read())
        answers = self._answers.get((request.method, _path(request)))
        if answers is None:
            return web.json_response({"message": f"nothing told for {_path(request)}"}, status=404)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return await answer(request)


def _path(request: web.BaseRequest) -> str:
    return request.raw_path.partition("?")[0]


def json(data: Any, status: int = 200, **headers: str) -> Responder:
    async def answer(_: web.BaseRequest) -> web.Response:
        return web.json_response(
            data, status=status, headers={key.replace("_", "-"): value for key, value in headers.items()}
        )

    return answer


def text(body: str | bytes, status: int = 200, content_type: str = "text/html", **headers: str) -> Responder:
    async def answer(_: web.BaseRequest) -> web.Response:
        data = body.encode() if isinstance(body, str) else body
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return web.Response(body=data, status=status, content_type=content_type, headers=named)

    return answer


async def drop(request: web.BaseRequest) -> web.StreamResponse:
    """Close the connection without a word."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def half(request: web.BaseRequest) -> web.StreamResponse:
    """Promise more than comes."""
    response = web.StreamResponse(headers={"content-type": "application/json", "content-length": "1000"})
    await response.prepare(request)
    await response.write(b'{"id": 1, "na')
    assert request.transport is not None
    request.transport.abort()
    return response


TOKEN = json({"token": "ghs_first", "expires_at": "2030-01-01T00:00:00Z"}, 201)
MINT = ("POST", "/app/installations/77/access_tokens")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    async with serve(server.handle) as url:
        server.url = url
        server.tell(*MINT, TOKEN)
        yield server


@contextlib.asynccontextmanager
async def serve(handler: Responder) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(handler), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
def clock() -> Clock:
    """By this clock tokens age."""
    return Clock()


@pytest.fixture
async def github(server: Server, private_key: str, clock: Clock) -> AsyncIterator[GitHub]:
    """A client of `server` that does not wait long."""
    async with GitHub(
        app_id="12",
        private_key=private_key,
        api_url=server.url,
        slug="fastperf",
        timeout=2.0,
        pauses=(0.01, 0.01),
        patience=1.5,
        pause=0.01,
        clock=clock,
    ) as client:
        yield client


@pytest.fixture
async def shop(fakegithub: FakeGitHub) -> AsyncIterator[Shop]:
    async with opened(fakegithub) as shop:
        yield shop


@pytest.fixture(autouse=True)
def blockbuster() -> Iterator[BlockBuster]:
    """Here it watches the client alone: the stand-in runs in the same loop and reads files and git at leisure."""
    guard = BlockBuster("app")
    guard.activate()
    yield guard
    guard.deactivate()
