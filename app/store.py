"""Our tables, beside the job engine's in the same database: facts and trees by content, reviews, machines.

Everything belongs to a repository and an installation, and goes with them. Calls run in threads of the
store's own, so that a slow disk never holds the event loop.
"""

from __future__ import annotations

import hashlib
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
import structlog

from app import retention, tables
from app.database import engine_options, forgets_commits, refuse_damage
from app.github.models import Repository
from app.migrations import migrate
from app.records import Entry, HeadReview, KeptLine, KeptReport, LeftHead
from app.retention import DAY
from app.review.history import Merged
from app.review.wishes import Waiver, Wishes
from app.rows import Rows
from app.version import version

log = structlog.get_logger(__name__)

MACHINE_SECONDS: Final = 20.0
"""A machine that was silent for so long is taken for dead: its jobs are another's."""
DOCUMENT: Final = "document"
"""The kind of a stored text file; facts have the engine's version as their kind."""
_CHUNK: Final = 400
_MOST_MERGED: Final = 200
_MOST_ANSWERS: Final = 50
_LONGEST_KEY: Final = 500

PING: Final = "ping"
"""The row that is no machine: written to see whether writing works."""


COULD_NOT: Final = "fastperf could not review this commit"
"""The title of what a fault of ours leaves: it counts like a review, and the next event tries again."""
NOT_PERMITTED: Final = "not reviewed: a permission is missing"
"""The title where an owner has not granted enough: the same, and once more is granted it is tried again unasked."""


class Store(Rows):
    """One per process. `start` makes the tables."""

    def __init__(self, database_url: str) -> None:
        super().__init__(database_url)
        self._version = ""

    async def start(self) -> None:
        """Open the database and make its tables, or bring them up to date. Raises SQLAlchemyError or SchemaError."""
        await self._run(self._create)

    async def blobs(self, repository: Repository, shas: Iterable[str], kind: str) -> dict[str, bytes]:
        """Those of `shas` that are stored as `kind`, uncompressed."""
        return await self._run(self._read_blobs, repository.id, sorted(set(shas)), kind)

    async def keep_blobs(self, repository: Repository, blobs: Mapping[str, bytes], kind: str) -> None:
        await self._run(self._write_blobs, repository, dict(blobs), kind)

    async def tree(self, repository: Repository, commit: str) -> dict[str, str] | None:
        """Path to blob sha of a whole commit, or None when it was never seen."""
        return await self._run(self._read_tree, repository.id, commit)

    async def keep_tree(self, repository: Repository, commit: str, tree: Mapping[str, str]) -> None:
        row = {
            "repository_id": repository.id,
            "commit_sha": commit,
            "installation_id": repository.installation_id,
            "data": zlib.compress(msgspec.msgpack.encode(tree), 3),
            "used_at": time.time(),
        }
        await self._run(self._upsert, tables.trees, [row])

    async def reviewed(self, repository: Repository, number: int, head_sha: str) -> bool:
        """Whether the pull request was reviewed at this head, and not given up."""
        return any(
            review.number == number and review.title not in {COULD_NOT, NOT_PERMITTED}
            for review in await self.reviews(repository, head_sha)
        )

    async def reviews(self, repository: Repository, head_sha: str) -> list[HeadReview]:
        """What was said of this commit, by pull request: several may share it."""
        return await self._run(self._read_reviews, repository.id, head_sha)

    async def keep_review(self, repository: Repository, head_sha: str, review: HeadReview) -> None:
        row = {
            **_review_key(repository, review.number, head_sha),
            "conclusion": review.conclusion,
            "title": review.title,
            "summary": review.summary,
            "at": time.time(),
        }
        await self._run(self._upsert, tables.reviews, [row])

    async def keep_report(self, repository: Repository, report_id: str, data: bytes) -> None:
        """What the report's page shows."""
        row = {
            "id": report_id,
            "repository_id": repository.id,
            "installation_id": repository.installation_id,
            "data": zlib.compress(data, 3),
            "at": time.time(),
        }
        await self._run(self._upsert, tables.reports, [row])

    async def report(self, report_id: str) -> bytes | None:
        """None for one that was never kept, or is no more."""
        data = await self._run(
            self._scalar, sa.select(tables.reports.c.data).where(tables.reports.c.id == report_id)
        )
        return None if data is None else zlib.decompress(data)

    async def keep_answer(self, repository: Repository, report_id: str, name: str, data: bytes) -> None:
        """What the page of an answer shows."""
        row = {
            "report_id": report_id,
            "name": name,
            "repository_id": repository.id,
            "installation_id": repository.installation_id,
            "data": zlib.compress(data, 3),
            "at": time.time(),
        }
        await self._run(self._upsert, tables.answers, [row])

    async def answer(self, report_id: str, name: str) -> KeptReport | None:
        """None for one that was never kept, or is no more."""
        columns = (tables.answers.c.repository_id, tables.answers.c.data, tables.answers.c.at)
        where = (tables.answers.c.report_id == report_id, tables.answers.c.name == name)
        row = await self._run(self._row, sa.select(*columns).where(*where))
        return None if row is None else KeptReport(row[0], zlib.decompress(row[1]), row[2])

    async def answers(self, report_id: str) -> list[str]:
        """The names of what was answered at that head, in the order in which it was asked for."""
        where = tables.answers.c.report_id == report_id
        query = (
            sa.select(tables.answers.c.name).where(where).order_by(tables.answers.c.at).limit(_MOST_ANSWERS)
        )
        return await self._run(self._scalars, query)

    async def keep_verdict(self, repository: Repository, key: str, data: bytes) -> None:
        """What was said of a change, by everything it depends on."""
        row = {
            "repository_id": repository.id,
            "key": key,
            "installation_id": repository.installation_id,
            "data": zlib.compress(data, 3),
            "at": time.time(),
        }
        await self._run(self._upsert, tables.verdicts, [row])

    async def verdict(self, repository: Repository, key: str) -> bytes | None:
        where = (tables.verdicts.c.repository_id == repository.id, tables.verdicts.c.key == key)
        data = await self._run(self._scalar, sa.select(tables.verdicts.c.data).where(*where))
        return None if data is None else zlib.decompress(data)

    async def kept_report(self, report_id: str) -> KeptReport | None:
        """The report with the repository it belongs to; None as for `report`."""
        columns = (tables.reports.c.repository_id, tables.reports.c.data, tables.reports.c.at)
        row = await self._run(self._row, sa.select(*columns).where(tables.reports.c.id == report_id))
        return None if row is None else KeptReport(row[0], zlib.decompress(row[1]), row[2])

    async def keep_costs(self, repository: Repository, base_ref: str, merged: Merged) -> None:
        """What a merged pull request did to endpoint costs; the first time it is said stays."""
        row = {
            "repository_id": repository.id,
            "number": merged.number,
            "installation_id": repository.installation_id,
            "base_ref": base_ref,
            "head_sha": merged.head_sha,
            "data": zlib.compress(merged.encoded_moves(), 3),
            "at": merged.at,
        }
        await self._run(self._insert_once, tables.costs, row)

    async def costs(self, repository_id: int, base_ref: str, until: float) -> list[Merged]:
        """The last merged pull requests of a branch that moved costs, those merged until a time; newest first."""
        query = (
            sa.select(tables.costs.c.number, tables.costs.c.head_sha, tables.costs.c.at, tables.costs.c.data)
            .where(
                tables.costs.c.repository_id == repository_id,
                tables.costs.c.base_ref == base_ref,
                tables.costs.c.at <= until,
            )
            .order_by(tables.costs.c.at.desc())
            .limit(_MOST_MERGED)
        )
        return await self._run(self._read_costs, query)

    async def recent_reports(self, limit: int) -> list[KeptLine]:
        """The newest reports of all repositories, newest first."""
        columns = [tables.reports.c[name] for name in KeptLine.__struct_fields__]
        return await self._run(
            self._read_reports, sa.select(*columns).order_by(tables.reports.c.at.desc()).limit(limit)
        )

    async def drop_reviews(self, repository: Repository, head_sha: str, numbers: Iterable[int]) -> None:
        """These pull requests have left the commit: what was said of it for them counts no more."""
        table = tables.reviews
        where = (table.c.repository_id == repository.id, table.c.head_sha == head_sha)
        await self._run(self._execute, sa.delete(table).where(*where, table.c.number.in_(sorted(numbers))))

    async def left_heads(self, repository: Repository, number: int, head_sha: str = "") -> list[LeftHead]:
        """Commits other than `head_sha` of which something is said, or begun, for the pull request."""
        return await self._run(self._read_left, repository.id, number, head_sha)

    async def shared_heads(self) -> list[tuple[int, str, int]]:
        """Repository, commit and pull request of what was said of commits that several have, or had."""
        return await self._run(self._read_shared)

    async def begin_check(self, repository: Repository, number: int, head_sha: str) -> None:
        """Note, before it is made, that a check run in progress will be ours to finish."""
        row = {**_review_key(repository, number, head_sha), "at": time.time()}
        await self._run(self._upsert, tables.begun, [row])

    async def begun_checks(self, repository: Repository, number: int) -> frozenset[str]:
        """Heads of the pull request on which a check run may still be in progress."""
        query = sa.select(tables.begun.c.head_sha).where(
            tables.begun.c.repository_id == repository.id, tables.begun.c.number == number
        )
        return frozenset(await self._run(self._scalars, query))

    async def orphans(self, before: float) -> list[tuple[int, int]]:
        """Repositories and pull requests of check runs that were begun before a time and never ended."""
        return await self._run(self._read_orphans, before)

    async def drop_begun(self, repository: Repository, number: int) -> None:
        """The pull request is gone, and its check runs with it."""
        where = (tables.begun.c.repository_id == repository.id, tables.begun.c.number == number)
        await self._run(self._execute, sa.delete(tables.begun).where(*where))

    async def knows(self, repository: Repository) -> bool:
        """Whether anything of the repository was ever reviewed."""
        query = (
            sa.select(tables.reviews.c.number).where(tables.reviews.c.repository_id == repository.id).limit(1)
        )
        return await self._run(self._scalar, query) is not None

    async def not_permitted(self, installation_id: int) -> frozenset[tuple[int, int, str]]:
        """Repository, pull request and head of what waits for a permission."""
        columns = (tables.reviews.c.repository_id, tables.reviews.c.number, tables.reviews.c.head_sha)
        where = (tables.reviews.c.installation_id == installation_id, tables.reviews.c.title == NOT_PERMITTED)
        return frozenset(await self._run(self._read_heads, sa.select(*columns).where(*where)))

    async def reviewed_repositories(self, installation_id: int) -> frozenset[int]:
        """The repositories of an installation of which a review is kept."""
        query = sa.select(tables.reviews.c.repository_id).where(
            tables.reviews.c.installation_id == installation_id
        )
        return frozenset(await self._run(self._scalars, query.distinct()))

    async def end_check(self, repository: Repository, number: int, head_sha: str) -> None:
        key = _review_key(repository, number, head_sha)
        await self._run(
            self._execute,
            sa.delete(tables.begun).where(
                tables.begun.c.repository_id == key["repository_id"],
                tables.begun.c.number == number,
                tables.begun.c.head_sha == head_sha,
            ),
        )

    async def folded(self, repository: Repository, number: int) -> tuple[str, ...]:
        """Findings of the pull request that stay in the summary, as `app.review` names them."""
        query = sa.select(tables.pulls.c.folded).where(
            tables.pulls.c.repository_id == repository.id, tables.pulls.c.number == number
        )
        text = await self._run(self._scalar, query)
        return () if text is None else msgspec.json.decode(text, type=tuple[str, ...])

    async def keep_folded(self, repository: Repository, number: int, folded: Sequence[str]) -> None:
        row = {
            "repository_id": repository.id,
            "number": number,
            "installation_id": repository.installation_id,
            "folded": msgspec.json.encode(folded).decode(),
            "at": time.time(),
        }
        await self._run(self._upsert, tables.pulls, [row])

    async def said(self, repository: Repository, number: int) -> frozenset[str]:
        """Findings that were said on lines of the pull request, as `app.review` names them, whatever became of that."""
        where = (tables.said.c.repository_id == repository.id, tables.said.c.number == number)
        return frozenset(await self._run(self._scalars, sa.select(tables.said.c.token).where(*where)))

    async def keep_said(self, repository: Repository, number: int, tokens: Sequence[str]) -> None:
        """Add what was said now; what was said before is kept for as long as the pull request is reviewed."""
        rows = [
            {
                "repository_id": repository.id,
                "number": number,
                "token": token,
                "installation_id": repository.installation_id,
                "at": time.time(),
            }
            for token in dict.fromkeys(tokens)
        ]
        where = (tables.said.c.repository_id == repository.id, tables.said.c.number == number)
        await self._run(self._execute, sa.update(tables.said).where(*where).values(at=time.time()))
        await self._run(self._upsert, tables.said, rows)

    async def resolved(self, repository: Repository, number: int) -> frozenset[str]:
        """Findings of the pull request whose thread a person resolved, as `app.review` names them."""
        table = tables.resolved
        where = (table.c.repository_id == repository.id, table.c.number == number)
        return frozenset(await self._run(self._scalars, sa.select(table.c.token).where(*where)))

    async def keep_resolved(self, repository: Repository, number: int, tokens: Mapping[str, bool]) -> None:
        """Note which of these are resolved by now, and which are not any more."""
        table, now = tables.resolved, time.time()
        rows = [
            {
                "repository_id": repository.id,
                "number": number,
                "token": token,
                "installation_id": repository.installation_id,
                "at": now,
            }
            for token, resolved in tokens.items()
            if resolved
        ]
        reopened = [token for token, resolved in tokens.items() if not resolved]
        where = (table.c.repository_id == repository.id, table.c.number == number)
        if reopened:
            await self._run(self._execute, sa.delete(table).where(*where, table.c.token.in_(reopened)))
        await self._run(self._upsert, table, rows)

    async def advises(self, repository: Repository, number: int, head_sha: str) -> bool:
        """Whether a review of this head says what the project lacks: no other has said it before."""
        query = sa.select(tables.advised.c.number, tables.advised.c.head_sha).where(
            tables.advised.c.repository_id == repository.id
        )
        said = await self._run(self._row, query)
        return said is None or said == (number, head_sha)

    async def keep_advised(self, repository: Repository, number: int, head_sha: str) -> None:
        """Note that this review said it; the first one to say it stays."""
        row = {**_review_key(repository, number, head_sha), "at": time.time()}
        await self._run(self._insert_once, tables.advised, row)

    async def wishes(self, repository: Repository, number: int) -> Wishes:
        """What people asked for on the pull request."""
        return await self._run(self._read_wishes, repository.id, number)

    async def waive(self, repository: Repository, number: int, waivers: Sequence[Waiver]) -> None:
        rows = [
            {
                "repository_id": repository.id,
                "number": number,
                "installation_id": repository.installation_id,
                **msgspec.structs.asdict(waiver),
                "path": _path_key(waiver.path),
                "whole_path": waiver.path,
            }
            for waiver in waivers
        ]
        await self._run(self._upsert, tables.waivers, rows)

    async def unwaive(
        self,
        repository: Repository,
        number: int,
        *,
        code: str = "",
        path: str = "",
        tokens: Sequence[str] = (),
    ) -> int:
        """Take back waivers: of a code (at a path), or of these findings; how many."""
        where = [tables.waivers.c.repository_id == repository.id, tables.waivers.c.number == number]
        if tokens:
            where.append(tables.waivers.c.token.in_(list(tokens)))
        else:
            where.append(tables.waivers.c.code == code)
            where += [tables.waivers.c.path == _path_key(path)] if path else []
        return await self._run(self._delete, sa.delete(tables.waivers).where(*where))

    async def pause(self, repository: Repository, number: int, author: str) -> None:
        row = {
            "repository_id": repository.id,
            "number": number,
            "installation_id": repository.installation_id,
            "author": author,
            "at": time.time(),
        }
        await self._run(self._upsert, tables.pauses, [row])

    async def resume(self, repository: Repository, number: int) -> int:
        where = (tables.pauses.c.repository_id == repository.id, tables.pauses.c.number == number)
        return await self._run(self._delete, sa.delete(tables.pauses).where(*where))

    async def record(
        self, entry_id: str, repository: Repository, number: int, actor: str, action: str, detail: str = ""
    ) -> None:
        """Add a line to the record; the same `entry_id` twice is one line."""
        row = {
            "id": entry_id,
            "repository_id": repository.id,
            "installation_id": repository.installation_id,
            "repository": repository.full_name,
            "number": number,
            "actor": actor,
            "action": action,
            "detail": detail[:2000],
            "at": time.time(),
        }
        await self._run(self._insert_once, tables.log, row)

    async def recorded_detail(self, entry_id: str) -> str | None:
        """What the line says; None when there is no such line."""
        return await self._run(
            self._scalar, sa.select(tables.log.c.detail).where(tables.log.c.id == entry_id)
        )

    async def recorded(
        self, *, limit: int = 200, repository: str = "", number: int = 0, action: str = ""
    ) -> list[Entry]:
        """The newest lines of the record, newest first."""
        query = sa.select(tables.log).order_by(tables.log.c.at.desc()).limit(limit)
        query = query.where(tables.log.c.repository == repository) if repository else query
        query = query.where(tables.log.c.number == number) if number else query
        query = query.where(tables.log.c.action == action) if action else query
        return await self._run(self._read_log, query)

    async def heartbeat(self, machine_id: str) -> frozenset[str]:
        """Note that the machine lives; returns all that do."""
        return await self._run(self._beat, machine_id)

    async def leave(self, machine_id: str) -> None:
        """Note that the machine is gone: what it left undone is the others' at once."""
        await self._run(self._execute, sa.delete(tables.machines).where(tables.machines.c.id == machine_id))

    async def machines(self) -> dict[str, str]:
        """The machines that live, and the version that each runs."""
        return await self._run(self._living)

    async def ping(self) -> None:
        """Raises SQLAlchemyError when the database cannot be written."""
        await self._run(self._upsert, tables.machines, [{"id": PING, "seen_at": time.time()}])

    async def forget(self, installation_id: int, repository_ids: Sequence[int] = ()) -> None:
        """Delete what belongs to the installation, or to those repositories of it."""
        await self._run(self._forget, installation_id, list(repository_ids))

    async def forget_repositories(self, repository_ids: Sequence[int]) -> None:
        """Delete what belongs to those repositories, under whatever installation it was stored."""
        await self._run(
            self._execute,
            *(
                sa.delete(table).where(table.c.repository_id.in_(list(repository_ids)))
                for table in tables.OWNED
            ),
        )

    async def drop_reports(self, repository_ids: Sequence[int]) -> None:
        """Delete the report pages of those repositories."""
        await self._run(
            self._execute,
            *(
                sa.delete(table).where(table.c.repository_id.in_(list(repository_ids)))
                for table in (tables.reports, tables.answers)
            ),
        )

    async def retain(self, days: float) -> None:
        """Delete what nobody used for so long."""
        await self._run(self._execute, *retention.unused(time.time() - days * DAY))

    def _create(self) -> None:
        self._opened = sa.create_engine(
            self._database_url, pool_size=3, max_overflow=0, **engine_options(self._database_url)
        )
        self._version = version()
        with self._engine.connect() as connection:
            if self._engine.dialect.name == "sqlite":
                refuse_damage(connection)
            elif setting := forgets_commits(connection):
                log.warning("commits_may_be_lost", setting=setting)
        migrate(self._engine, tables.metadata)

    def _read_blobs(self, repository_id: int, shas: list[str], kind: str) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        with self._engine.connect() as connection:
            for start in range(0, len(shas), _CHUNK):
                query = sa.select(tables.blobs.c.sha, tables.blobs.c.data).where(
                    tables.blobs.c.repository_id == repository_id,
                    tables.blobs.c.kind == kind,
                    tables.blobs.c.sha.in_(shas[start : start + _CHUNK]),
                )
                found.update((sha, zlib.decompress(data)) for sha, data in connection.execute(query))
        return found

    def _write_blobs(self, repository: Repository, blobs: dict[str, bytes], kind: str) -> None:
        now = time.time()
        rows = [
            {
                "repository_id": repository.id,
                "sha": sha,
                "kind": kind,
                "installation_id": repository.installation_id,
                "data": zlib.compress(data, 1),
                "used_at": now,
            }
            for sha, data in blobs.items()
        ]
        for start in range(0, len(rows), _CHUNK):
            self._upsert(tables.blobs, rows[start : start + _CHUNK])

    def _read_tree(self, repository_id: int, commit: str) -> dict[str, str] | None:
        query = sa.select(tables.trees.c.data).where(
            tables.trees.c.repository_id == repository_id, tables.trees.c.commit_sha == commit
        )
        data = self._scalar(query)
        return None if data is None else msgspec.msgpack.decode(zlib.decompress(data), type=dict[str, str])

    def _read_reviews(self, repository_id: int, head_sha: str) -> list[HeadReview]:
        columns = (
            tables.reviews.c.number,
            tables.reviews.c.conclusion,
            tables.reviews.c.title,
            tables.reviews.c.summary,
        )
        query = (
            sa.select(*columns)
            .where(tables.reviews.c.repository_id == repository_id, tables.reviews.c.head_sha == head_sha)
            .order_by(tables.reviews.c.number)
        )
        with self._engine.connect() as connection:
            return [HeadReview(*row) for row in connection.execute(query)]

    def _read_left(self, repository_id: int, number: int, head_sha: str) -> list[LeftHead]:
        heads: dict[str, dict[sa.Table, set[int]]] = {}
        with self._engine.connect() as connection:
            for table in (tables.reviews, tables.begun):
                ours = sa.select(table.c.head_sha).where(
                    table.c.repository_id == repository_id, table.c.number == number
                )
                heads |= {sha: {} for sha in connection.scalars(ours) if sha != head_sha and sha not in heads}
            for table in (tables.reviews, tables.begun):
                everybody = sa.select(table.c.head_sha, table.c.number).where(
                    table.c.repository_id == repository_id, table.c.head_sha.in_(sorted(heads))
                )
                for sha, each in connection.execute(everybody) if heads else ():
                    heads[sha].setdefault(table, set()).add(each)
        return [
            LeftHead(
                sha,
                frozenset(set().union(*said.values()) - {number}),
                number in said.get(tables.begun, ()),
            )
            for sha, said in sorted(heads.items())
        ]

    def _read_heads(self, query: sa.Select[Any]) -> list[tuple[int, int, str]]:
        with self._engine.connect() as connection:
            return [(int(row[0]), int(row[1]), str(row[2])) for row in connection.execute(query)]

    def _read_shared(self) -> list[tuple[int, str, int]]:
        table = tables.reviews
        several = (
            sa.select(table.c.repository_id, table.c.head_sha)
            .group_by(table.c.repository_id, table.c.head_sha)
            .having(sa.func.count() > 1)
            .subquery()
        )
        query = sa.select(table.c.repository_id, table.c.head_sha, table.c.number).join(
            several,
            sa.and_(several.c.repository_id == table.c.repository_id, several.c.head_sha == table.c.head_sha),
        )
        with self._engine.connect() as connection:
            return [(int(row[0]), str(row[1]), int(row[2])) for row in connection.execute(query)]

    def _read_orphans(self, before: float) -> list[tuple[int, int]]:
        query = (
            sa.select(tables.begun.c.repository_id, tables.begun.c.number)
            .where(tables.begun.c.at < before)
            .distinct()
        )
        with self._engine.connect() as connection:
            return [(int(repository), int(number)) for repository, number in connection.execute(query)]

    def _read_wishes(self, repository_id: int, number: int) -> Wishes:
        stored = tables.waivers.c
        columns = [stored[name] for name in Waiver.__struct_fields__ if name != "path"]
        path = sa.func.coalesce(stored.whole_path, stored.path).label("path")
        waivers = sa.select(*columns, path).where(
            tables.waivers.c.repository_id == repository_id, tables.waivers.c.number == number
        )
        pause = sa.select(tables.pauses.c.author).where(
            tables.pauses.c.repository_id == repository_id, tables.pauses.c.number == number
        )
        with self._engine.connect() as connection:
            rows = connection.execute(waivers.order_by(tables.waivers.c.at)).mappings()
            found = tuple(Waiver(**row) for row in rows)
            return Wishes(waivers=found, paused_by=connection.scalar(pause) or "")

    def _read_log(self, query: sa.Select[Any]) -> list[Entry]:
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings()
            return [Entry(**{name: row[name] for name in Entry.__struct_fields__}) for row in rows]

    def _read_reports(self, query: sa.Select[Any]) -> list[KeptLine]:
        with self._engine.connect() as connection:
            rows = list(connection.execute(query))
        return [KeptLine(row.id, row.repository_id, zlib.decompress(row.data), row.at) for row in rows]

    def _read_costs(self, query: sa.Select[Any]) -> list[Merged]:
        with self._engine.connect() as connection:
            rows = list(connection.execute(query))
        return [
            Merged(
                number=row.number,
                head_sha=row.head_sha,
                at=row.at,
                moves=Merged.decoded_moves(zlib.decompress(row.data)),
            )
            for row in rows
        ]

    def _beat(self, machine_id: str) -> frozenset[str]:
        self._upsert(tables.machines, [{"id": machine_id, "seen_at": self._now(), "version": self._version}])
        return frozenset(self._living())

    def _living(self) -> dict[str, str]:
        query = sa.select(tables.machines.c.id, tables.machines.c.version).where(
            tables.machines.c.seen_at > self._now() - MACHINE_SECONDS, tables.machines.c.id != PING
        )
        with self._engine.connect() as connection:
            return {str(identity): str(running or "") for identity, running in connection.execute(query)}

    def _forget(self, installation_id: int, repository_ids: list[int]) -> None:
        self._execute(
            *(
                sa.delete(table).where(
                    table.c.installation_id == installation_id,
                    table.c.repository_id.in_(repository_ids) if repository_ids else sa.true(),
                )
                for table in tables.OWNED
            )
        )


def _path_key(path: str) -> str:
    """The path itself where an index can hold it: paths have up to 4,096 bytes, and PostgreSQL takes 2,700 for a key."""
    if len(path) <= _LONGEST_KEY:
        return path
    return f"sha256:{hashlib.sha256(path.encode(errors='surrogatepass')).hexdigest()}"


def _review_key(repository: Repository, number: int, head_sha: str) -> dict[str, Any]:
    return {
        "repository_id": repository.id,
        "number": number,
        "head_sha": head_sha,
        "installation_id": repository.installation_id,
    }
