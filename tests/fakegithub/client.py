"""An app as a stranger would write it: gidgethub on the stand-in, and a receiver for its deliveries."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import gidgethub.aiohttp
import gidgethub.apps
from aiohttp import web

from .github import FakeGitHub
from .state import Installation


@dataclass
class Receiver:
    """Takes deliveries, verifies them with gidgethub, answers what it is told to."""

    secret: str
    status: int = 202
    url: str = ""
    events: list[Any] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        event = gidgethub.sansio.Event.from_http(request.headers, body, secret=self.secret)
        self.events.append(event)
        return web.Response(status=self.status)

    def names(self) -> list[str]:
        return [f"{event.event}.{event.data.get('action')}" for event in self.events]


@asynccontextmanager
async def receiver(github: FakeGitHub, status: int = 202) -> AsyncIterator[Receiver]:
    """A webhook endpoint of the app; the stand-in sends there."""
    found = Receiver(github.webhook_secret, status)
    app = web.Application(client_max_size=32 * 1024 * 1024)
    app.router.add_post("/webhook", found.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
    github.webhook_url = found.url
    try:
        yield found
    finally:
        github.webhook_url = None
        await runner.cleanup()


@asynccontextmanager
async def api(github: FakeGitHub, token: str | None = None) -> AsyncIterator[gidgethub.aiohttp.GitHubAPI]:
    async with aiohttp.ClientSession() as session:
        yield gidgethub.aiohttp.GitHubAPI(session, "a-stranger", oauth_token=token, base_url=github.url)


async def token(github: FakeGitHub, installation: Installation, **narrowed: Any) -> str:
    """An installation token, taken as gidgethub takes it or narrowed by hand."""
    signed = gidgethub.apps.get_jwt(app_id=github.app_id, private_key=github.private_key)
    async with api(github) as client:
        path = f"/app/installations/{installation.id}/access_tokens"
        answer = await client.post(path, data=narrowed, jwt=signed)
    return str(answer["token"])


@asynccontextmanager
async def installed(
    github: FakeGitHub, installation: Installation, **narrowed: Any
) -> AsyncIterator[gidgethub.aiohttp.GitHubAPI]:
    """A client with a fresh installation token."""
    async with api(github, await token(github, installation, **narrowed)) as client:
        yield client
