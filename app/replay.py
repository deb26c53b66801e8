"""Sending a stored delivery once more."""

from __future__ import annotations

import hashlib
import hmac
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

SECONDS = 30


class ReplayError(Exception):
    """The file or the server is not what it must be. One line, fit to be shown."""


class Delivery(NamedTuple):
    event: str
    guid: str
    body: bytes


class Answer(NamedTuple):
    status: int
    body: str


class _Stored(msgspec.Struct):
    payload: msgspec.Raw
    event: str | None = None
    delivery: str | None = None
    guid: str | None = None


def load(file: Path, event: str | None, guid: str | None) -> Delivery:
    """Read a delivery: `{"event": …, "payload": …}` with the GUID as `delivery`, or a payload alone.

    The payload's bytes stay as they are. Raises ReplayError.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ReplayError(f"{file}: {error.strerror}") from None
    try:
        stored = msgspec.json.decode(content, type=_Stored)
        body = bytes(stored.payload)
    except msgspec.ValidationError:
        stored, body = _Stored(msgspec.Raw()), content
    except msgspec.DecodeError as error:
        raise ReplayError(f"{file}: not JSON ({error})") from None
    name = event or stored.event
    if not name:
        raise ReplayError(f"{file}: no event in it; give --event")
    if not name.replace("_", "").isalnum():
        raise ReplayError(f"{name!r} is no event")
    return Delivery(name, guid or stored.delivery or stored.guid or str(uuid.uuid4()), body)


def send(delivery: Delivery, url: str, secrets: str) -> Answer:
    """POST it as GitHub does, signed with the first of the comma-separated `secrets`. Raises ReplayError."""
    secret = secrets.split(",")[0].strip()
    if not secret:
        raise ReplayError("FASTPERF_WEBHOOK_SECRET is not set")
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ReplayError(f"{url!r} is no http address")
    signature = hmac.new(secret.encode(), delivery.body, hashlib.sha256).hexdigest()
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
        url,
        data=delivery.body,
        method="POST",
        headers={
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/fastperf-replay",
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Delivery": delivery.guid,
            "X-Hub-Signature-256": f"sha256={signature}",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:  # noqa: S310 - as above
            return Answer(response.status, _text(response.read()))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _text(error.read()))
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise ReplayError(f"no answer from {url}: {reason}") from None


def _text(body: bytes) -> str:
    return " ".join(body.decode(errors="replace").split())
