"""Making an app by GitHub's manifest flow: what we ask for, and turning the code it hands back into credentials."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import msgspec

from app.github.app import EVENTS, PERMISSIONS

SECONDS: Final = 20.0
LONGEST_ANSWER: Final = 1_000_000
SIGNED_IN: Final = "/sign-in/callback"
"""The path to which GitHub sends people back who signed in."""
CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,200}\Z")
OWNER: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\Z")
"""What GitHub lets accounts be called."""


class ManifestError(Exception):
    """GitHub did not make the app; the message is one line."""


class Made(msgspec.Struct, frozen=True):
    """The app that GitHub made."""

    id: int
    slug: str
    html_url: str
    pem: str
    webhook_secret: str
    client_id: str = ""
    client_secret: str = ""

    def __repr__(self) -> str:
        return f"Made(id={self.id}, slug={self.slug!r})"


def manifest(public_url: str, name: str) -> dict[str, Any]:
    """The app as we need it. `public_url` is our own address, without a slash at its end."""
    return {
        "name": name,
        "url": public_url,
        "description": "Reviews pull requests of FastAPI projects for performance.",
        "hook_attributes": {"url": f"{public_url}/webhook", "active": True},
        "redirect_url": f"{public_url}/setup/created",
        "callback_urls": [f"{public_url}{SIGNED_IN}"],
        "setup_url": f"{public_url}/setup",
        "public": False,
        "default_permissions": dict(PERMISSIONS),
        "default_events": list(EVENTS),
    }


def web_url(api_url: str) -> str:
    """The pages that belong to an API: github.com, a tenant of ghe.com, an own server."""
    parts = urlsplit(api_url)
    return f"{parts.scheme}://{parts.netloc.removeprefix('api.')}"


def new_app_url(api_url: str, owner: str, state: str) -> str:
    """Where the manifest is posted to, for the visitor's own account or an organisation."""
    place = f"organizations/{owner}/settings/apps/new" if owner else "settings/apps/new"
    return f"{web_url(api_url)}/{place}?state={state}"


async def convert(session: aiohttp.ClientSession, api_url: str, code: str) -> Made:
    """Turn the code into the app's credentials. It works once, within an hour. Raises ManifestError."""
    if not CODE.match(code):
        raise ManifestError("that is no code of GitHub's")
    try:
        async with session.post(
            f"{api_url}/app-manifests/{code}/conversions",
            headers={"Accept": "application/vnd.github+json", "User-Agent": "fastperf"},
            timeout=aiohttp.ClientTimeout(total=SECONDS),
            allow_redirects=False,
        ) as answer:
            content = await answer.content.read(LONGEST_ANSWER)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise ManifestError(f"GitHub cannot be reached: {type(error).__name__}") from None
    if answer.status != 201:
        raise ManifestError(f"GitHub answered {answer.status}: the code was used before or is too old")
    try:
        return msgspec.json.decode(content, type=Made)
    except msgspec.MsgspecError:
        raise ManifestError("GitHub's answer lacks the app's credentials") from None
