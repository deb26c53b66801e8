"""Answers to people: reactions, comments, and what a person may do."""

from __future__ import annotations

import asyncio
import datetime
from typing import Any, Literal

from app.github.api import API
from app.github.errors import NotFound, Unavailable
from app.github.models import Repository

Reaction = Literal["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"]
Permission = Literal["admin", "maintain", "write", "triage", "read", "none"]

_ATTEMPTS = 3
_LONGEST = 65_535


class Comments:
    def __init__(
        self, api: API, repository: Repository, app_id: int, slug: str, *, pause: float = 1.0
    ) -> None:
        self._api = api
        self._app_id = app_id
        self._slug = slug
        self._pause = pause
        """Seconds before looking whether a comment was created."""
        self._names = {"owner": repository.owner, "repo": repository.name}

    async def react(self, comment_id: int, content: Reaction, *, in_review: bool = False) -> None:
        """React to a comment of the conversation, or of a review. Doing it twice is doing it once."""
        kind = "pulls" if in_review else "issues"
        await self._api.repeatable(
            "POST",
            f"/repos/{{owner}}/{{repo}}/{kind}/comments/{{comment}}/reactions",
            {**self._names, "comment": str(comment_id)},
            {"content": content},
        )

    async def create(
        self, number: int, body: str, *, marker: str | None = None, since: datetime.datetime | None = None
    ) -> int:
        """Say something in the conversation; the comment's id.

        With a `marker` that `body` holds, a comment of ours with it counts as this one: `since` (when the request
        was made) given, it is looked for first, and always after a fault. Raises ValueError when `body` is too long.
        """
        if len(body.encode()) > _LONGEST:
            raise ValueError(f"comment: {len(body.encode())} bytes, {_LONGEST} allowed")
        began = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=5)
        if marker and since is not None and (standing := await self._find(number, marker, since)) is not None:
            return standing
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answer = await self._api.post(
                    "/repos/{owner}/{repo}/issues/{number}/comments",
                    {**self._names, "number": str(number)},
                    data={"body": body},
                )
            except Unavailable:
                if marker is None or attempt == _ATTEMPTS:
                    raise
                await asyncio.sleep(self._pause)
                if (standing := await self._find(number, marker, since or began)) is not None:
                    return standing
            else:
                return int(answer["id"])
        raise AssertionError("the last attempt returns or raises")

    async def reply(self, number: int, comment_id: int, body: str) -> int:
        """Answer in the thread that a review comment began; the new comment's id."""
        answer = await self._api.post(
            "/repos/{owner}/{repo}/pulls/{number}/comments/{comment}/replies",
            {**self._names, "number": str(number), "comment": str(comment_id)},
            data={"body": body},
        )
        return int(answer["id"])

    async def permission(self, login: str) -> Permission:
        """What a person may do in the repository. A role of the organisation's own counts as what it is based on."""
        try:
            answer = await self._api.getitem(
                "/repos/{owner}/{repo}/collaborators/{login}/permission", {**self._names, "login": login}
            )
        except NotFound:
            return "none"
        return _permission(answer.get("role_name")) or _permission(answer.get("permission")) or "none"

    async def _find(self, number: int, marker: str, since: datetime.datetime) -> int | None:
        comments = self._api.getiter(
            "/repos/{owner}/{repo}/issues/{number}/comments{?since,per_page}",
            {
                **self._names,
                "number": str(number),
                "since": since.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "per_page": "100",
            },
        )
        async for comment in comments:
            if marker in str(comment.get("body")) and self._is_ours(comment):
                return int(comment["id"])
        return None

    def _is_ours(self, comment: Any) -> bool:
        app = comment.get("performed_via_github_app") or {}
        user = comment.get("user") or {}
        return app.get("id") == self._app_id or user.get("login") == f"{self._slug}[bot]"


def _permission(value: Any) -> Permission | None:
    return value if value in {"admin", "maintain", "write", "triage", "read", "none"} else None
