"""`FakeGitHub`: one running stand-in, what people do on it, and what a test may look at."""

from __future__ import annotations

import asyncio
import functools
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from . import gql, spec
from .faults import Faults
from .limits import Limits
from .looking import Looking
from .on_accounts import OnAccounts
from .on_checks import OnChecks
from .on_pulls import OnPulls
from .render import Render
from .server import Expectation, Server, World
from .signin import People
from .state import App, Delivery, Installation, State

PERMISSIONS = {
    "checks": "write",
    "pull_requests": "write",
    "contents": "read",
    "issues": "read",
    "metadata": "read",
    "merge_queues": "read",
}
EVENTS = [
    "pull_request", "pull_request_review_comment", "pull_request_review_thread", "check_run", "check_suite",
    "issue_comment", "merge_group", "repository",
]  # fmt: skip


@functools.cache
def _key() -> tuple[str, Any]:
    """The app's key, made once per process: text (PEM) and public half."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return pem.decode(), key.public_key()


class FakeGitHub(OnAccounts, OnPulls, OnChecks, Looking):
    """GitHub on 127.0.0.1, as an asynchronous context manager.

    Give the app `url` (REST), `graphql_url`, `app_id`, `private_key` and `webhook_secret`, and set `webhook_url`.
    What people do (`open_pr`, `push`, `comment`…) changes the state and delivers the events, waiting for the app's
    answers to the deliveries; `settle()` waits for those that the app's own calls caused.

    `assert_clean()` raises AssertionError when the app, or the stand-in, broke a rule.
    """

    def __init__(
        self,
        *,
        root: Path | None = None,
        slug: str = "fastperf",
        permissions: Mapping[str, str] | None = None,
        events: Sequence[str] | None = None,
        webhook_url: str | None = None,
        skew: float = 0.0,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._own_root = root is None
        self.root = root or Path(tempfile.mkdtemp(prefix="fakegithub-"))
        self.host, self.port = host, port
        pem, public = _key()
        state = State(self.root, skew)
        owner = state.user("fastperf-org", "Organization")
        app = App(
            id=1_000_000 + secrets.randbelow(1_000_000),
            slug=slug,
            name=slug,
            client_id=f"Iv1.{secrets.token_hex(8)}",
            owner=owner,
            permissions=dict(permissions or PERMISSIONS),
            events=list(EVENTS if events is None else events),
            bot=state.user(f"{slug}[bot]"),
        )
        self.world = World(
            state=state,
            spec=spec.load(),
            app=state.remember(app),
            private_key=pem,
            public_key=public,
            secrets=[secrets.token_hex(24)],
            webhook_url=webhook_url,
            render=Render(spec.load(), "", ""),
        )
        self.server = Server(self.world)
        self.url = ""
        self._runner: web.AppRunner | None = None

    # Life

    async def __aenter__(self) -> FakeGitHub:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def start(self, *, prepare: Callable[[web.Application], None] | None = None) -> str:
        """Listen; the REST root."""
        await self.server.run(gql.warm)
        app = self.server.application(prepare)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        await web.TCPSite(self._runner, self.host, 0).start()
        ports = [address[1] for address in self._runner.addresses]
        self.port, self.server.archive_port = ports
        self.url = f"http://{self.host}:{self.port}"
        self.world.render.api = self.url
        self.world.render.html = f"http://{self.host}:{self.port}/-"
        self.world.archive_root = f"http://{self.host}:{self.server.archive_port}"
        return self.url

    async def close(self) -> None:
        await self.server.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await asyncio.to_thread(self._clean)

    def _clean(self) -> None:
        for repo in self.state.repos.values():
            repo.git.close()
        if self._own_root:
            shutil.rmtree(self.root, ignore_errors=True)

    async def settle(self, seconds: float = 10.0) -> None:
        """Wait until no delivery is under way."""
        await self.server.hooks.flush()
        limit = time.monotonic() + seconds
        while self.server.tasks:
            if time.monotonic() > limit:
                raise TimeoutError("deliveries are still under way")
            await asyncio.wait(set(self.server.tasks), timeout=0.1)

    async def until(self, condition: Callable[[], Any], seconds: float = 10.0) -> Any:
        """Wait until a condition on the state holds, and return its value. Raises TimeoutError."""
        limit = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > limit:
                raise TimeoutError(f"{condition} did not come true in {seconds} s")
            await asyncio.sleep(0.02)

    # What the app is told

    @property
    def graphql_url(self) -> str:
        return f"{self.url}/graphql"

    @property
    def app_id(self) -> str:
        return str(self.world.app.id)

    @property
    def private_key(self) -> str:
        return self.world.private_key

    @property
    def webhook_secret(self) -> str:
        return self.world.secrets[0]

    @property
    def client_secret(self) -> str:
        return self.world.people.client_secret

    @property
    def people(self) -> People:
        """Who is signed in, and what the app may do for people."""
        return self.world.people

    @property
    def webhook_url(self) -> str | None:
        return self.world.webhook_url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self.world.webhook_url = url

    # Settings

    @property
    def faults(self) -> Faults:
        return self.world.faults

    @property
    def limits(self) -> Limits:
        return self.world.limits

    @property
    def skew(self) -> float:
        return self.state.skew

    @skew.setter
    def skew(self, seconds: float) -> None:
        self.state.skew = seconds

    def expect(self, status: int | str, op: str | None = None) -> Expectation:
        """Announce that the app will cause a 4xx (or a GraphQL error type); `met` counts how often it did."""
        expectation = Expectation(status, op)
        self.world.expected.append(expectation)
        return expectation

    def expire_tokens(self) -> None:
        """All tokens minted so far end now."""
        for token in self.state.tokens.values():
            token.expires, token.by_fault = 0.0, True

    # Deliveries

    async def deliver(
        self,
        event: str,
        payload: dict[str, Any],
        *,
        installation: Installation | None = None,
        guid: str | None = None,
    ) -> Delivery:
        """Sign and send any payload as it is."""
        made = self.server.hooks.enter(event, payload.get("action"), payload, installation, guid=guid)
        await self.server.hooks.send(made)
        return made

    async def redeliver(self, delivery: Delivery) -> Delivery:
        """The same GUID and body again."""
        return await self.server.resend(delivery)

    async def ping(self) -> list[Delivery]:
        hook = {
            "type": "App",
            "id": 1,
            "name": "web",
            "active": True,
            "events": self.app.events,
            "config": {
                "content_type": self.world.content_type,
                "insecure_ssl": "0",
                "url": self.webhook_url or "",
            },
            "app_id": self.app.id,
            "created_at": self.state.now(),
            "updated_at": self.state.now(),
            "deliveries_url": f"{self.url}/app/hook/deliveries",
            "ping_url": f"{self.url}/app/hook/pings",
        }
        return await self._tell(
            "ping", None, None, extra={"hook_id": 1, "hook": hook, "zen": "Keep it logically awesome."}
        )
