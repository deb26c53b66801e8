"""What `fastperf log` prints: the record of everything that people and faults did to the gate."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import sqlalchemy as sa

from app.printable import visible
from app.records import Entry
from app.settings import database_url
from app.store import Store


def read(environment: Mapping[str, str], *, repository: str, number: int, limit: int, as_json: bool) -> str:
    """The newest entries as text. Raises SQLAlchemyError, and SettingsError for a wrong address of the database."""
    url = database_url(environment)
    place = sa.make_url(url).database if url.startswith("sqlite") else None
    if place and Path(place).parent.is_dir() and not Path(place).exists():  # looking must not make it
        return "[]\n" if as_json else ""
    entries = asyncio.run(_read(url, repository, number, limit))
    return _as_json(entries) if as_json else "".join(map(_line, entries))


async def _read(url: str, repository: str, number: int, limit: int) -> list[Entry]:
    store = Store(url)
    try:
        await store.start()
        return await store.recorded(limit=limit, repository=repository, number=number)
    finally:
        await store.close()


def _as_json(entries: Sequence[Entry]) -> str:
    rows = [{**msgspec.structs.asdict(entry), "at": _time(entry)} for entry in entries]
    return msgspec.json.format(msgspec.json.encode(rows), indent=2).decode() + "\n"


def _line(entry: Entry) -> str:
    detail = f": {visible(entry.detail)}" if entry.detail else ""
    where = f"{entry.repository}#{entry.number}"
    return f"{_time(entry)}  {visible(where)}  {visible(entry.actor)}  {entry.action}{detail}\n"


def _time(entry: Entry) -> str:
    return datetime.datetime.fromtimestamp(entry.at, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
