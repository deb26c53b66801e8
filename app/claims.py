"""One check run for each commit, also when several machines want to make it at one moment.

GitHub takes a second run of the same name and id without a word. So whoever makes one claims the commit first, in the
database that the machines share; the others wait for the run and rewrite it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

import sqlalchemy as sa
import structlog

from app import tables
from app.database import insert_into
from app.github.errors import Forbidden, Gone, Invalid, NotFound, RateLimited
from app.github.models import CheckRun, Repository
from app.runs import external_id
from app.store import Store

log = structlog.get_logger(__name__)

CLAIM_SECONDS: Final = 60.0
"""Longer than making a run takes with all its repetitions: whoever holds a claim without a run for so long is dead."""
LOOK_SECONDS: Final = 0.25
_NOTHING_MADE: Final = (Forbidden, Gone, Invalid, NotFound, RateLimited)

Making = Callable[[], Awaitable[CheckRun]]


class Only(NamedTuple):
    """The run of the commit."""

    run: CheckRun
    is_new: bool
    """Made just now, with everything that was to be said."""


class _Claim(NamedTuple):
    holder: str
    run_id: int | None
    at: float


class Claims:
    """In the name of one machine. A machine that is alone needs none: its tasks wait for each other."""

    def __init__(self, store: Store, holder: str) -> None:
        self._store = store
        self._holder = holder

    async def only(self, repository: Repository, head_sha: str, find: Making | None, make: Making) -> Only:
        """The one run: `make` makes it, unless somebody else has. `find` looks for what an earlier attempt of ours may
        have made; it raises NotFound."""
        if not self._store.is_shared:
            return Only(await make(), is_new=True)
        while True:
            claim = await self._store.transact(_claim, repository, head_sha, self._holder, time.time())
            if claim is None:
                return await self._make(repository, head_sha, make)
            if claim.run_id is not None:
                return Only(_known(claim.run_id, head_sha), is_new=False)
            if claim.holder == self._holder or time.time() - claim.at > CLAIM_SECONDS:
                if await self._store.transact(_take, repository, head_sha, claim, self._holder, time.time()):
                    log.info("claim_taken_over", head_sha=head_sha)
                    return await self._found_or_made(repository, head_sha, find, make)
            else:
                await asyncio.sleep(LOOK_SECONDS)

    async def void(self, repository: Repository, head_sha: str) -> None:
        """The run that was claimed is no more."""
        await self._store.transact(_release, repository, head_sha, None)

    async def _found_or_made(
        self, repository: Repository, head_sha: str, find: Making | None, make: Making
    ) -> Only:
        if find is not None:
            try:
                run = await find()
            except NotFound:
                pass
            else:
                await self._store.transact(_made, repository, head_sha, run.id)
                return Only(run, is_new=False)
        return await self._make(repository, head_sha, make)

    async def _make(self, repository: Repository, head_sha: str, make: Making) -> Only:
        try:
            run = await make()
        except (
            _NOTHING_MADE
        ):  # of other faults nobody knows: the claim stays ours, and we look when we come again
            await self._store.transact(_release, repository, head_sha, self._holder)
            raise
        await self._store.transact(_made, repository, head_sha, run.id)
        return Only(run, is_new=True)


def _known(run_id: int, head_sha: str) -> CheckRun:
    return CheckRun(
        id=run_id, head_sha=head_sha, external_id=external_id(head_sha), status="", conclusion=None
    )


def _of(repository: Repository, head_sha: str) -> sa.ColumnElement[bool]:
    table = tables.claims
    return sa.and_(table.c.repository_id == repository.id, table.c.head_sha == head_sha)


def _claim(
    connection: sa.Connection, repository: Repository, head_sha: str, holder: str, now: float
) -> _Claim | None:
    """None when the claim is ours from now on; else whose it is."""
    row = {
        "repository_id": repository.id,
        "head_sha": head_sha,
        "installation_id": repository.installation_id,
        "holder": holder,
        "run_id": None,
        "at": now,
    }
    connection.execute(insert_into(connection, tables.claims).on_conflict_do_nothing(), row)
    columns = (tables.claims.c.holder, tables.claims.c.run_id, tables.claims.c.at)
    found = connection.execute(sa.select(*columns).where(_of(repository, head_sha))).first()
    if found is None:  # released this moment
        return _Claim("", None, now)
    claim = _Claim(*found)
    return None if claim == _Claim(holder, None, now) else claim


def _take(
    connection: sa.Connection, repository: Repository, head_sha: str, before: _Claim, holder: str, now: float
) -> bool:
    table = tables.claims
    same = sa.and_(table.c.holder == before.holder, table.c.at == before.at, table.c.run_id.is_(None))
    taken = sa.update(table).where(_of(repository, head_sha), same).values(holder=holder, at=now)
    return connection.execute(taken).rowcount == 1


def _made(connection: sa.Connection, repository: Repository, head_sha: str, run_id: int) -> None:
    connection.execute(sa.update(tables.claims).where(_of(repository, head_sha)).values(run_id=run_id))


def _release(connection: sa.Connection, repository: Repository, head_sha: str, holder: str | None) -> None:
    statement = sa.delete(tables.claims).where(_of(repository, head_sha))
    if holder is not None:
        statement = statement.where(tables.claims.c.holder == holder, tables.claims.c.run_id.is_(None))
    connection.execute(statement)
