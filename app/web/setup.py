"""`/setup`: from an empty machine to an installed app by GitHub's manifest flow, and afterwards whether all is well.

While there is no app, only the person who sees this machine's terminal may set it up: the address printed there
carries a token that works once. Everything that comes back from GitHub must match a nonce of ours.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import structlog
from aiohttp import web

from app import credentials
from app.github import manifest
from app.github.app import EVENTS, PERMISSIONS, missing
from app.github.client import GitHub
from app.github.errors import GitHubError
from app.pinning import Pinning, Pins
from app.settings import SetupSettings, is_loopback
from app.web import pages

log = structlog.get_logger(__name__)

COOKIE: Final = "fastperf_setup"
STATE_SECONDS: Final = 600.0
STATES: Final = 50
CHECK_SECONDS: Final = 10.0
TOLERATED_SKEW: Final = 30.0
TUNNELS: Final = (
    ("cloudflared", "cloudflared tunnel --url http://localhost:{port}"),
    ("ngrok", "ngrok http {port}"),
    ("ssh", "ssh -R 80:localhost:{port} serveo.net"),
)


class Setup:
    """The pages of a server that has no app yet. `done` is set when one was made and stored."""

    def __init__(self, settings: SetupSettings) -> None:
        self.settings = settings
        self.token = secrets.token_urlsafe(24)
        self.done = asyncio.Event()
        self._session = ""
        self._states: dict[str, float] = {}
        """Nonces that are out, with the time at which they end."""

    def routes(self, app: web.Application) -> None:
        app.router.add_get("/setup", self.page)
        app.router.add_get("/setup/created", self.created)

    async def page(self, request: web.Request) -> web.StreamResponse:
        """What will be made and where; the button goes to GitHub."""
        if (given := request.query.get("token")) is not None:
            return self._enter(request, given)
        self._admit(request)
        public_url = (request.query.get("public_url") or self.settings.public_url or _own(request)).rstrip(
            "/"
        )
        owner = request.query.get("owner", "").strip()
        complaint = _complaint(public_url, owner)
        name = f"fastperf-{secrets.token_hex(3)}"
        html = await asyncio.to_thread(
            pages.render,
            "setup.html",
            public_url=public_url,
            owner=owner,
            complaint=complaint,
            reachable=bool(complaint) or not is_loopback(urlsplit(public_url).hostname or ""),
            tunnels=_tunnels(self.settings.port or request.url.port or 8080),
            action="" if complaint else manifest.new_app_url(self.settings.api_url, owner, self._state()),
            manifest=json.dumps(manifest.manifest(public_url, name)),
            permissions=PERMISSIONS,
            events=EVENTS,
        )
        response = pages.response(html, public=False)
        # The form goes to GitHub, and the browser follows its redirects.
        response.headers["Content-Security-Policy"] = pages.HEADERS["Content-Security-Policy"].replace(
            "form-action 'self'", f"form-action 'self' {manifest.web_url(self.settings.api_url)}"
        )
        return response

    async def created(self, request: web.Request) -> web.StreamResponse:
        """GitHub sends the visitor back with a code: make it credentials, keep them, and say how to go on."""
        self._admit(request)
        state = request.query.get("state", "")
        ends = self._states.pop(state, 0.0)
        if ends < time.monotonic() or self.done.is_set():
            raise web.HTTPForbidden(reason="this setup was not begun here, or too long ago")
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
                made = await manifest.convert(session, self.settings.api_url, request.query.get("code", ""))
            stored = credentials.Credentials(
                app_id=str(made.id),
                slug=made.slug,
                html_url=made.html_url,
                private_key=made.pem,
                webhook_secret=made.webhook_secret,
                client_id=made.client_id,
                client_secret=made.client_secret,
            )
            await asyncio.to_thread(credentials.save, self.settings.credentials_file, stored)
        except (manifest.ManifestError, credentials.CredentialsError) as error:
            log.warning("setup_failed", reason=str(error))
            return await _told("setup_failed.html", status=502, reason=str(error))
        log.info("app_created", app=made.slug, file=str(self.settings.credentials_file))
        self.done.set()
        return await _told(
            "setup_created.html",
            slug=made.slug,
            install_url=f"{made.html_url}/installations/new",
            file=str(self.settings.credentials_file),
        )

    def _enter(self, request: web.Request, token: str) -> web.Response:
        """The printed address works once; from then on the browser's cookie does."""
        if not self.token or not hmac.compare_digest(token.encode(), self.token.encode()):
            raise web.HTTPForbidden(
                reason="this address was used before; start the server again for a new one"
            )
        self.token = ""
        self._session = secrets.token_urlsafe(32)
        response = web.HTTPSeeOther("/setup")
        response.set_cookie(
            COOKIE,
            self._session,
            httponly=True,
            samesite="Lax",  # GitHub leads back here from its own pages
            secure=request.secure or request.headers.get("X-Forwarded-Proto") == "https",
            path="/setup",
        )
        raise response

    def _admit(self, request: web.Request) -> None:
        given = request.cookies.get(COOKIE, "")
        if not self._session or not hmac.compare_digest(given.encode(), self._session.encode()):
            raise web.HTTPForbidden(reason="open the address that this server printed when it started")

    def _state(self) -> str:
        now = time.monotonic()
        self._states = {state: ends for state, ends in self._states.items() if ends > now}
        while len(self._states) >= STATES:
            self._states.pop(next(iter(self._states)))
        state = secrets.token_urlsafe(24)
        self._states[state] = now + STATE_SECONDS
        return state


class Check:
    """`/setup` of a server that has its app: each thing that must be right, asked for at most six times a minute."""

    def __init__(
        self,
        github: GitHub,
        public_url: str,
        pinning: Pinning,
        *,
        port: int = 8080,
        can_sign_in: bool = False,
    ) -> None:
        self._github = github
        self._pinning = pinning
        self._public_url = public_url
        self._port = port
        self._can_sign_in = can_sign_in
        self._asked = 0.0
        self._found: list[tuple[str, bool, str]] = []
        self._install_url = ""
        self._delivers = False
        self._one = asyncio.Lock()

    async def page(self, _: web.Request) -> web.StreamResponse:
        async with self._one:
            if not self._found or time.monotonic() - self._asked > CHECK_SECONDS:
                self._found = await self._look()
                self._asked = time.monotonic()
        here = self._public_url and not is_loopback(urlsplit(self._public_url).hostname or "")
        return await _told(
            "setup_check.html",
            script=True,
            checks=self._found,
            well=all(fine for _, fine, _ in self._found),
            install_url=self._install_url,
            tunnels=[] if here or self._delivers else _tunnels(self._port),
            public_url=self._public_url,
            can_sign_in=self._can_sign_in,
            seconds_ago=int(time.monotonic() - self._asked),
        )

    async def _look(self) -> list[tuple[str, bool, str]]:
        try:
            app = await self._github.app.get()
        except GitHubError as error:
            reason = f"{type(error).__name__} ({error.status})" if error.status else type(error).__name__
            return [("GitHub knows the app and takes its key", False, reason)]
        self._install_url = f"{app.html_url}/installations/new"
        found = [("GitHub knows the app and takes its key", True, app.name)]
        skew = abs(self._github.skew)
        agree = skew <= TOLERATED_SKEW
        advice = "" if agree else ": tokens are made by GitHub's clock meanwhile; set this machine's"
        found.append(("the clocks agree", agree, f"{skew:.0f} s apart{advice}"))
        lacks = missing(app)
        found.append(("permissions and events", not lacks, ", ".join(lacks) or "all that is needed"))
        found += await _asked("GitHub delivers to this server", self._webhook)
        found += await _asked("the last delivery arrived here", self._delivery)
        found += await _asked("it is installed", self._installed)
        if (pins := self._pinning.found) is not None and pins.required:
            found.append(("where the check is required, it is required of this app", *_pinned(pins)))
        return found

    async def _webhook(self) -> tuple[bool, str]:
        url = await self._github.app.webhook_url()
        if not url:
            return False, "the app has no webhook address"
        if self._public_url and url != f"{self._public_url}/webhook":
            return False, f"it delivers to {url}, and FASTPERF_PUBLIC_URL is {self._public_url}"
        return True, url

    async def _delivery(self) -> tuple[bool, str]:
        last = await self._github.app.last_delivery()
        self._delivers = last is not None and last.status == "OK"
        if last is None:
            return True, "GitHub made none yet"
        return last.status == "OK", f"{last.event} at {last.delivered_at}: {last.status}"

    async def _installed(self) -> tuple[bool, str]:
        accounts = [entry.account for entry in await self._github.app.installations() if not entry.suspended]
        return bool(accounts), ", ".join(accounts[:5]) if accounts else "nowhere yet"


async def _asked(what: str, ask: Callable[[], Awaitable[tuple[bool, str]]]) -> list[tuple[str, bool, str]]:
    try:
        fine, reason = await ask()
    except GitHubError as error:
        return [(what, False, type(error).__name__)]
    return [(what, fine, reason)]


def _pinned(pins: Pins) -> tuple[bool, str]:
    """Strangers may read this: numbers, no names."""
    if not pins.wrong:
        return True, f"{pins.required} of {pins.required} repositories"
    return False, (
        f"{pins.wrong} of {pins.required} repositories take it from any source, or from another app: the log names "
        "them (check_not_pinned)"
    )


def _tunnels(port: int) -> list[tuple[str, str]]:
    """Commands that give this machine a public address."""
    return [(tool, command.format(port=port)) for tool, command in TUNNELS]


async def _told(template: str, *, status: int = 200, script: bool = False, **values: Any) -> web.Response:
    html = await asyncio.to_thread(pages.render, template, **values)
    return pages.response(html, status=status, public=False, script=script)


def _own(request: web.Request) -> str:
    """The address under which the visitor sees us."""
    scheme = "https" if request.headers.get("X-Forwarded-Proto") == "https" else request.scheme
    return f"{scheme}://{request.host}"


def _complaint(public_url: str, owner: str) -> str:
    try:
        parts = urlsplit(public_url)
        host = parts.hostname
    except ValueError:
        return "The public address is no URL."
    if parts.scheme not in ("https", "http") or not host or parts.username or parts.query or parts.fragment:
        return "The public address must look like https://host."
    if parts.scheme == "http" and not is_loopback(host):
        return "The public address must begin with https."
    if owner and not manifest.OWNER.match(owner):
        return "No organisation can have that name."
    return ""
