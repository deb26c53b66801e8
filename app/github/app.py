"""The app itself: what it may do, where it is installed, what GitHub could not deliver."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from app.github import documents
from app.github.api import API
from app.github.deliveries import Deliveries
from app.github.models import App, Delivery, Installation, OpenHeads, Repository

PERMISSIONS: Mapping[str, str] = {
    "checks": "write",
    "contents": "read",
    "issues": "read",
    "merge_queues": "read",
    "metadata": "read",
    "pull_requests": "write",
}
"""What the app needs. Issues: without it GitHub does not deliver `issue_comment`."""
EVENTS = (
    "check_run",
    "check_suite",
    "issue_comment",
    "merge_group",
    "pull_request",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "repository",
)
"""What it must hear of; installations are told unasked."""

_RANKS = {"read": 1, "write": 2, "admin": 3}


class AppClient:
    def __init__(self, api: API, installation: Callable[[int], API]) -> None:
        self._api = api
        self._installation = installation
        self._deliveries = Deliveries(api)

    async def get(self) -> App:
        answer = await self._api.getitem("/app")
        return App(
            id=int(answer["id"]),
            slug=str(answer["slug"]),
            name=str(answer["name"]),
            html_url=str(answer["html_url"]),
            permissions=_permissions(answer),
            events=tuple(str(event) for event in answer["events"]),
        )

    async def webhook_url(self) -> str:
        """Where GitHub delivers to; empty when the app has no webhook."""
        answer = await self._api.getitem("/app/hook/config")
        return str(answer.get("url") or "")

    async def last_delivery(self) -> Delivery | None:
        """The newest entry of GitHub's log."""
        return await self._deliveries.newest()

    async def installations(self) -> list[Installation]:
        found = self._api.getiter("/app/installations{?per_page}", {"per_page": "100"})
        return [_installation(entry) async for entry in found]

    async def installation(self, installation_id: int) -> Installation:
        answer = await self._api.getitem(
            "/app/installations/{installation_id}", {"installation_id": str(installation_id)}
        )
        return _installation(answer)

    async def repositories(self, installation_id: int) -> list[Repository]:
        """The repositories the app may see there, without those that nobody can write to any more."""
        return list(await self.default_branches(installation_id))

    async def default_branches(self, installation_id: int) -> dict[Repository, str]:
        """The same, each with its default branch."""
        found = self._installation(installation_id).getiter(
            "/installation/repositories{?per_page}", {"per_page": "100"}, iterable_key="repositories"
        )
        return {
            Repository.from_payload({"repository": entry, "installation": {"id": installation_id}}): str(
                entry["default_branch"]
            )
            async for entry in found
            if not (entry.get("archived") or entry.get("disabled"))
        }

    async def open_heads(
        self, installation_id: int, repositories: Sequence[Repository]
    ) -> dict[Repository, OpenHeads]:
        """The newest open heads of some repositories of an installation, in one call; without those that are gone."""
        names = {f"o{index}": each.owner for index, each in enumerate(repositories)}
        names |= {f"n{index}": each.name for index, each in enumerate(repositories)}
        answer = await self._installation(installation_id).graphql(
            documents.heads(len(repositories)), **names
        )
        found: dict[Repository, OpenHeads] = {}
        for index, repository in enumerate(repositories):
            pulls = (answer.data.get(f"r{index}") or {}).get("pullRequests")
            if pulls:
                newest = tuple(
                    (int(node["number"]), str(node["headRefOid"])) for node in pulls["nodes"] if node
                )
                found[repository] = OpenHeads(int(pulls["totalCount"]), newest)
        return found

    def deliveries(self, since: datetime.datetime) -> AsyncIterator[Delivery]:
        """What GitHub tried to deliver since then, see `Deliveries.all`."""
        return self._deliveries.all(since)

    async def redeliver(self, delivery_id: int) -> None:
        await self._deliveries.redeliver(delivery_id)


def missing(app: App | Installation) -> list[str]:
    """What the app needs and was not given, in words: `permission pull_requests: write`, `event merge_group`."""
    lacks = [
        f"permission {name}: {level}"
        for name, level in PERMISSIONS.items()
        if _RANKS.get(app.permissions.get(name, ""), 0) < _RANKS[level]
    ]
    if isinstance(app, App):
        lacks += [f"event {event}" for event in EVENTS if event not in app.events]
    return lacks


def _installation(entry: Mapping[str, Any]) -> Installation:
    return Installation(
        id=int(entry["id"]),
        account=str((entry.get("account") or {}).get("login", "")),
        permissions=_permissions(entry),
        suspended=entry.get("suspended_at") is not None,
    )


def _permissions(entry: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(level) for name, level in entry["permissions"].items()}
