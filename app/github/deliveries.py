"""GitHub's log of the deliveries it made to us: it never repeats one by itself, so we ask."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator, Mapping
from typing import Any

from app.github.api import API
from app.github.models import Delivery


class Deliveries:
    def __init__(self, api: API) -> None:
        self._api = api

    async def all(self, since: datetime.datetime) -> AsyncIterator[Delivery]:
        """The log back to `since`, the newest first; without what is still on its way.

        It is read unfiltered: GitHub's own filter goes by status code and misses what timed out.
        """
        entries = self._api.getiter("/app/hook/deliveries{?per_page}", {"per_page": "100"})
        try:
            async for entry in entries:
                if datetime.datetime.fromisoformat(str(entry["delivered_at"])) < since:
                    return
                if entry["status"] != "pending":
                    yield _delivery(entry)
        finally:
            await entries.aclose()

    async def newest(self) -> Delivery | None:
        """The last entry of the log."""
        entries = await self._api.getitem("/app/hook/deliveries{?per_page}", {"per_page": "1"})
        return _delivery(entries[0]) if entries else None

    async def redeliver(self, delivery_id: int) -> None:
        """Ask GitHub to deliver it again. It arrives with the same guid, which the webhook tells apart."""
        await self._api.repeatable(
            "POST", "/app/hook/deliveries/{delivery}/attempts", {"delivery": str(delivery_id)}, b""
        )


def _delivery(entry: Mapping[str, Any]) -> Delivery:
    return Delivery(
        id=int(entry["id"]),
        guid=str(entry["guid"]),
        delivered_at=str(entry["delivered_at"]),
        status=str(entry["status"]),
        status_code=int(entry["status_code"]),
        event=str(entry["event"]),
        action=entry.get("action"),
        installation_id=entry.get("installation_id"),
    )
