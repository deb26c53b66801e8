"""Deliveries as GitHub signs and posts them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import ClientSession

from .recorded_work import RecordedWork

SECRET = "a-secret-for-the-tests-only"
OTHER = "the-secret-we-rotate-to"
GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"


def sign(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def pull_request(action: str = "opened", number: int = 3, **more: Any) -> dict[str, Any]:
    return {
        "action": action,
        "number": number,
        "installation": {"id": 1},
        "repository": {"id": 7, "name": "shop", "owner": {"login": "octo"}, "private": False},
        "pull_request": {
            "number": number,
            "head": {"sha": "a" * 40},
            "base": {"sha": "b" * 40, "ref": "main"},
            "draft": False,
            "user": {"login": "ann", "type": "User"},
        },
        **more,
    }


class Deliverer:
    """Posts to the webhook as GitHub does."""

    def __init__(self, url: str, session: ClientSession, work: RecordedWork) -> None:
        self.url = url
        self.session = session
        self.work = work

    async def __call__(
        self,
        event: str,
        payload: Mapping[str, Any] | bytes,
        *,
        guid: str = GUID,
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> int:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        sent = {
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": guid,
            "X-Hub-Signature-256": sign(body),
            "Content-Type": content_type,
        }
        async with self.session.post(self.url, data=body, headers=sent | dict(headers or {})) as answer:
            await answer.read()
            return answer.status
