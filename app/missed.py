"""Deliveries that did not arrive: which they are, and asking for them again, each only so often.

GitHub's log of deliveries reaches back three days. Its end is read with every sweep, up to where the last one began;
what failed is noted in the database until it arrived, GitHub forgets it, or it was asked for often enough. A refusal
of ours is asked for again like any other failure: a wrong secret, or a proxy that takes no long bodies, is mended by
people meanwhile.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterable
from typing import Final, NamedTuple

import sqlalchemy as sa
import structlog

from app import tables
from app.database import insert_into
from app.github.client import GitHub
from app.github.errors import GitHubError, NotFound, RateLimited
from app.github.models import Delivery
from app.store import Store

log = structlog.get_logger(__name__)

KEPT_SECONDS: Final = 3 * 24 * 3600.0
"""For so long GitHub delivers again."""
OVERLAP_SECONDS: Final = 600.0
"""Entries appear in the log a little late, and not in order: so much is read once more."""
PAUSES: Final = (0.0, 240.0, 540.0, 1_800.0, 2 * 3600.0, 8 * 3600.0, 24 * 3600.0)
"""Before each request for one delivery. What failed after the last is left to the look at open heads."""
MOST_AT_ONCE: Final = 100
MARK: Final = "deliveries"


class Lost(NamedTuple):
    """A delivery that failed, and how often it was asked for."""

    guid: str
    delivery_id: int
    attempts: int


class Missed:
    """Asks GitHub for what did not come."""

    def __init__(self, github: GitHub, store: Store) -> None:
        self._github = github
        self._store = store

    async def redeliver(self) -> int:
        """How many deliveries were asked for."""
        try:
            await self._read()
        except NotFound:
            log.info("no_log_of_deliveries")  # an older server of one's own has none
            return 0
        asked = 0
        for lost in await self._store.transact(_due, time.time()):
            try:
                await self._github.app.redeliver(lost.delivery_id)
                asked += 1
            except RateLimited:
                raise
            except GitHubError as error:  # one that GitHub does not give again is not all of them
                log.warning("not_redelivered", delivery=lost.guid, status=error.status)
            attempts = lost.attempts + 1
            pause = PAUSES[attempts] if attempts < len(PAUSES) else KEPT_SECONDS
            await self._store.transact(_tried, lost.guid, attempts, time.time() + pause)
            if attempts == len(PAUSES):
                log.error("delivery_given_up", delivery=lost.guid)
        return asked

    async def _read(self) -> None:
        """Note what failed and what arrived since the last time."""
        now = time.time()
        oldest = now - KEPT_SECONDS
        since = max(oldest, await self._store.transact(_mark) - OVERLAP_SECONDS)
        entries = [entry async for entry in self._github.app.deliveries(_time(since))]
        arrived = {entry.guid for entry in entries if entry.status == "OK"}
        failed = [entry for entry in entries if entry.status != "OK" and entry.guid not in arrived]
        newest = max((_seconds(entry) for entry in entries), default=since)
        await self._store.transact(_note, failed, arrived, newest, oldest)


def _mark(connection: sa.Connection) -> float:
    where = tables.marks.c.name == MARK
    return float(connection.scalar(sa.select(tables.marks.c.at).where(where)) or 0.0)


def _note(
    connection: sa.Connection, failed: Iterable[Delivery], arrived: set[str], newest: float, oldest: float
) -> None:
    rows = [
        {
            "guid": entry.guid,
            "delivery_id": entry.id,
            "event": entry.event,
            "attempts": 0,
            "due": 0.0,
            "at": _seconds(entry),
        }
        for entry in reversed(list(failed))  # the first attempt of several
    ]
    if rows:
        connection.execute(insert_into(connection, tables.lost).on_conflict_do_nothing(), rows)
    known = set(connection.scalars(sa.select(tables.lost.c.guid)))
    for guid in known & arrived:
        connection.execute(sa.delete(tables.lost).where(tables.lost.c.guid == guid))
    connection.execute(sa.delete(tables.lost).where(tables.lost.c.at < oldest))
    statement = insert_into(connection, tables.marks)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"at": statement.excluded["at"]}),
        {"name": MARK, "at": newest},
    )


def _due(connection: sa.Connection, now: float) -> list[Lost]:
    table = tables.lost
    query = (
        sa.select(table.c.guid, table.c.delivery_id, table.c.attempts)
        .where(table.c.due <= now, table.c.attempts < len(PAUSES))
        .order_by(table.c.at)
        .limit(MOST_AT_ONCE)
    )
    return [Lost(*row) for row in connection.execute(query)]


def _tried(connection: sa.Connection, guid: str, attempts: int, due: float) -> None:
    connection.execute(
        sa.update(tables.lost).where(tables.lost.c.guid == guid).values(attempts=attempts, due=due)
    )


def _seconds(entry: Delivery) -> float:
    return datetime.datetime.fromisoformat(entry.delivered_at).timestamp()


def _time(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
