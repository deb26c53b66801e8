"""`POST /webhook`: verify, bound, hand over, answer. It reviews nothing and parses nothing unsigned."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
import structlog
from aiohttp import web
from gidgethub import routing, sansio

from app.events import IgnoredError, checks, comments, installation, merge_group, pull_request, threads
from app.jobs import Jobs, QueueUnavailableError
from app.web.metrics import Metrics

log = structlog.get_logger(__name__)

LARGEST_BODY: Final = 25 * 1024 * 1024
"""GitHub sends nothing larger."""
SMALL_BODY: Final = 256 * 1024
"""Nearly every delivery is smaller. Of these, as many may arrive at once as there are connections."""
MOST_LARGE: Final = 4
"""Larger bodies in memory at once: strangers can send those, too. GitHub's own come again with the next sweep."""
_SIGNATURE: Final = re.compile(rb"sha256=[0-9a-f]{64}\Z")
_DELIVERY: Final = re.compile(r"[0-9A-Za-z-]{1,64}\Z")
_EVENT: Final = re.compile(r"[a-z_]{1,64}\Z")
_ACTIONS: Final = re.compile(r"[a-z_]{1,64}\Z")
_GENUINE: Final = web.RequestKey("genuine", bool)
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode

routers: Final = (
    pull_request.router,
    comments.router,
    checks.router,
    threads.router,
    merge_group.router,
    installation.router,
)


class Webhook:
    """The handler of the route. Answers 202, 200, 400, 401, 413 or 503, each with a reason of ours."""

    def __init__(self, jobs: Jobs, secrets: Sequence[str], metrics: Metrics) -> None:
        if not secrets:
            raise ValueError("without a secret anybody could sign")
        self.jobs = jobs
        self.metrics = metrics
        self._secrets = tuple(secret.encode() for secret in secrets)
        self._large = asyncio.Semaphore(MOST_LARGE)
        self._router = routing.Router(*routers)

    async def handle(self, request: web.Request) -> web.Response:
        began = time.perf_counter()
        event = request.headers.get("X-GitHub-Event", "")
        delivery = request.headers.get("X-GitHub-Delivery", "")
        status, reason = await self._receive(request)
        # Of GitHub's own alone: each name that a stranger makes up would stay in memory.
        known = event if _EVENT.match(event) and request.get(_GENUINE) else "unknown"
        self.metrics.delivery(known, status, time.perf_counter() - began)
        if status >= 400:
            shown = delivery if _DELIVERY.match(delivery) else ""
            log.warning("delivery_refused", status=status, reason=reason, delivery=shown)
        return web.json_response({"status": reason}, status=status)

    async def _receive(self, request: web.Request) -> tuple[int, str]:
        size = request.content_length
        if size is not None and size > LARGEST_BODY:
            return 413, "larger than GitHub sends"
        if size is None or size > SMALL_BODY:
            if self._large.locked():
                return 503, "other large deliveries arrive at the moment"
            async with self._large:
                return await self._take(request)
        return await self._take(request)

    async def _take(self, request: web.Request) -> tuple[int, str]:
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return 413, "larger than GitHub sends"
        except (web.RequestPayloadError, ConnectionError):  # cut short, or not encoded as its header says
            return 400, "the body cannot be read"
        signatures = request.headers.getall("X-Hub-Signature-256", [])
        if len(body) > SMALL_BODY:  # tens of milliseconds, which nobody else must wait for
            genuine = await asyncio.to_thread(self.is_genuine, body, signatures)
        else:
            genuine = self.is_genuine(body, signatures)
        if not genuine:
            return 401, "bad signature"
        request[_GENUINE] = True
        name = request.headers.get("X-GitHub-Event", "")
        delivery = request.headers.get("X-GitHub-Delivery", "")
        if not _EVENT.match(name):
            return 400, "no event named"
        if not _DELIVERY.match(delivery):
            return 400, "no delivery named"
        try:
            data = payload(body, request.content_type)
        except ValueError as error:
            return 400, str(error)
        with structlog.contextvars.bound_contextvars(delivery=delivery, event_name=name):
            return await self.dispatch(sansio.Event(data, event=name, delivery_id=delivery))

    def is_genuine(self, body: bytes, signatures: Sequence[str]) -> bool:
        """Exactly one `sha256=` signature in lower-case hex, made with one of the live secrets.

        Each secret is tried whatever the others said, so that the time tells nothing.
        """
        given = signatures[0].encode("utf-8", "surrogateescape") if len(signatures) == 1 else b""
        well_formed = _SIGNATURE.match(given) is not None
        genuine = False
        for secret in self._secrets:
            expected = b"sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest().encode()
            genuine |= hmac.compare_digest(expected, given)
        return genuine and well_formed

    async def dispatch(self, event: sansio.Event) -> tuple[int, str]:
        """Hand a genuine event to its handlers; the status and reason to answer with.

        Not `Router.dispatch`: its order is arbitrary and an unhashable action makes it raise.
        """
        if event.event == "ping":
            return 200, "pong"
        action = event.data.get("action", "")
        if not isinstance(action, str) or (action and not _ACTIONS.match(action)):
            return 400, "the action is not a word"
        handlers = sorted(self._router.fetch(event), key=lambda handler: handler.__qualname__)
        if not handlers:
            return 200, "ignored: no handler"
        if not isinstance(event.data.get("installation"), dict):
            return 200, "ignored: not from an installation"
        ignored = ""
        for handler in handlers:
            try:
                await handler(event, self.jobs)
            except IgnoredError as reason:
                ignored = f"ignored: {reason}"
            except QueueUnavailableError as error:
                return 503, str(error)
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                log.warning("payload_unusable", action=action, error=type(error).__name__)
                return 400, "the payload lacks what the event promises"
        if ignored:
            return 200, ignored
        log.info("delivery_accepted", action=action)
        return 202, "accepted"


def payload(body: bytes, content_type: str) -> dict[str, Any]:
    """The delivery's JSON object, from either content type. Raises ValueError for anything else."""
    if content_type == "application/x-www-form-urlencoded":
        try:
            fields = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=4)
            (text,) = fields["payload"]
        except (UnicodeDecodeError, ValueError, KeyError):
            raise ValueError("not a form with one payload") from None
        body = text.encode()
    elif content_type != "application/json":
        raise ValueError("neither JSON nor a form")
    try:
        return _decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, ValueError):
        raise ValueError("not a JSON object") from None
