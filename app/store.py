"""Our tables, beside the job engine's in the same database: facts and trees by content, reviews, machines.

Everything belongs to a repository and an installation, and goes with them. Calls run in threads of the
store's own, so that a slow disk never holds the event loop.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql, sqlite

from app.database import engine_options, forgets_commits, refuse_damage
from app.github.models import Repository
from app.migrations import migrate
from app.review.history import Merged
from app.review.wishes import Waiver, Wishes
from app.version import version

log = structlog.get_logger(__name__)

Value = TypeVar("Value")
DAY: Final = 86_400.0
MACHINE_SECONDS: Final = 20.0
"""A machine that was silent for so long is taken for dead: its jobs are another's."""
DOCUMENT: Final = "document"
"""The kind of a stored text file; facts have the engine's version as their kind."""
COSTS_DAYS: Final = 730.0
"""A line of costs is worth something when it is longer than the reports it is drawn on."""
_CHUNK: Final = 400
_MOST_MERGED: Final = 200

metadata = sa.MetaData()

_blobs = sa.Table(
    "fastperf_blobs",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("sha", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(64), primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("used_at", sa.Float, nullable=False, index=True),
)
_trees = sa.Table(
    "fastperf_trees",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("commit_sha", sa.String(64), primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("used_at", sa.Float, nullable=False, index=True),
)
_reviews = sa.Table(
    "fastperf_reviews",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("head_sha", sa.String(64), primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("conclusion", sa.String(32), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
_reports = sa.Table(
    "fastperf_reports",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("repository_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
_costs = sa.Table(
    "fastperf_costs",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("base_ref", sa.String(255), nullable=False),
    sa.Column("head_sha", sa.String(64), nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
"""What merged pull requests did to endpoint costs."""
_verdicts = sa.Table(
    "fastperf_verdicts",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
_begun = sa.Table(
    "fastperf_begun_checks",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("head_sha", sa.String(64), primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
_pulls = sa.Table(
    "fastperf_pulls",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("folded", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
_said = sa.Table(
    "fastperf_said",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("token", sa.String(128), primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
_waivers = sa.Table(
    "fastperf_waivers",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("code", sa.String(16), primary_key=True),
    sa.Column("path", sa.String(500), primary_key=True),
    sa.Column("token", sa.String(128), primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("author", sa.String(255), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)
_pauses = sa.Table(
    "fastperf_pauses",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("author", sa.String(255), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)
_advised = sa.Table(
    "fastperf_advised",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("head_sha", sa.String(64), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)
"""The one review of a repository that said what the project lacks; kept for as long as the repository is."""
_log = sa.Table(
    "fastperf_log",
    metadata,
    sa.Column("id", sa.String(255), primary_key=True),
    sa.Column("repository_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("repository", sa.String(255), nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.String(255), nullable=False),
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
_machines = sa.Table(
    "fastperf_machines",
    metadata,
    sa.Column("id", sa.String(255), primary_key=True),
    sa.Column("seen_at", sa.Float, nullable=False),
    sa.Column("version", sa.String(64)),
)
PING: Final = "ping"
"""The row that is no machine: written to see whether writing works."""
_OWNED: Final = (
    _blobs,
    _trees,
    _reviews,
    _reports,
    _costs,
    _verdicts,
    _begun,
    _pulls,
    _said,
    _waivers,
    _pauses,
    _advised,
    _log,
)


class HeadReview(msgspec.Struct, frozen=True):
    """What a pull request's review says of a head commit."""

    number: int
    conclusion: str
    title: str
    summary: str


class KeptReport(msgspec.Struct, frozen=True):
    """A report and whose it is."""

    repository_id: int
    data: bytes
    at: float


class KeptLine(msgspec.Struct, frozen=True):
    """One report in a list."""

    id: str
    repository_id: int
    data: bytes
    at: float


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the record: who did what to the gate. Lines are added, never changed."""

    repository: str
    number: int
    actor: str
    action: str
    detail: str
    at: float


class Store:
    """One per process. `start` makes the tables."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="store-")
        self._opened: sa.Engine | None = None
        self._version = ""

    async def start(self) -> None:
        """Open the database and make its tables, or bring them up to date. Raises SQLAlchemyError or SchemaError."""
        await self._run(self._create)

    async def close(self) -> None:
        if self._opened is not None:
            await self._run(self._opened.dispose)
        self._threads.shutdown(wait=False)

    @property
    def _engine(self) -> sa.Engine:
        if self._opened is None:
            raise RuntimeError("the store is used before it is started")
        return self._opened

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
        await self._run(self._upsert, _trees, [row])

    async def reviewed(self, repository: Repository, number: int, head_sha: str) -> bool:
        """Whether the pull request was reviewed at this head."""
        return any(review.number == number for review in await self.reviews(repository, head_sha))

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
        await self._run(self._upsert, _reviews, [row])

    async def keep_report(self, repository: Repository, report_id: str, data: bytes) -> None:
        """What the report's page shows."""
        row = {
            "id": report_id,
            "repository_id": repository.id,
            "installation_id": repository.installation_id,
            "data": zlib.compress(data, 3),
            "at": time.time(),
        }
        await self._run(self._upsert, _reports, [row])

    async def report(self, report_id: str) -> bytes | None:
        """None for one that was never kept, or is no more."""
        data = await self._run(self._scalar, sa.select(_reports.c.data).where(_reports.c.id == report_id))
        return None if data is None else zlib.decompress(data)

    async def keep_verdict(self, repository: Repository, key: str, data: bytes) -> None:
        """What was said of a change, by everything it depends on."""
        row = {
            "repository_id": repository.id,
            "key": key,
            "installation_id": repository.installation_id,
            "data": zlib.compress(data, 3),
            "at": time.time(),
        }
        await self._run(self._upsert, _verdicts, [row])

    async def verdict(self, repository: Repository, key: str) -> bytes | None:
        where = (_verdicts.c.repository_id == repository.id, _verdicts.c.key == key)
        data = await self._run(self._scalar, sa.select(_verdicts.c.data).where(*where))
        return None if data is None else zlib.decompress(data)

    async def kept_report(self, report_id: str) -> KeptReport | None:
        """The report with the repository it belongs to; None as for `report`."""
        columns = (_reports.c.repository_id, _reports.c.data, _reports.c.at)
        row = await self._run(self._row, sa.select(*columns).where(_reports.c.id == report_id))
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
        await self._run(self._insert_once, _costs, row)

    async def costs(self, repository_id: int, base_ref: str, until: float) -> list[Merged]:
        """The last merged pull requests of a branch that moved costs, those merged until a time; newest first."""
        query = (
            sa.select(_costs.c.number, _costs.c.head_sha, _costs.c.at, _costs.c.data)
            .where(
                _costs.c.repository_id == repository_id, _costs.c.base_ref == base_ref, _costs.c.at <= until
            )
            .order_by(_costs.c.at.desc())
            .limit(_MOST_MERGED)
        )
        return await self._run(self._read_costs, query)

    async def recent_reports(self, limit: int) -> list[KeptLine]:
        """The newest reports of all repositories, newest first."""
        columns = [_reports.c[name] for name in KeptLine.__struct_fields__]
        return await self._run(
            self._read_reports, sa.select(*columns).order_by(_reports.c.at.desc()).limit(limit)
        )

    async def drop_reviews(self, repository: Repository, number: int) -> None:
        """The pull request is closed: what was said of it concerns nobody who shares its commits."""
        where = (_reviews.c.repository_id == repository.id, _reviews.c.number == number)
        await self._run(self._execute, sa.delete(_reviews).where(*where))

    async def begin_check(self, repository: Repository, number: int, head_sha: str) -> None:
        """Note, before it is made, that a check run in progress will be ours to finish."""
        row = {**_review_key(repository, number, head_sha), "at": time.time()}
        await self._run(self._upsert, _begun, [row])

    async def begun_checks(self, repository: Repository, number: int) -> frozenset[str]:
        """Heads of the pull request on which a check run may still be in progress."""
        query = sa.select(_begun.c.head_sha).where(
            _begun.c.repository_id == repository.id, _begun.c.number == number
        )
        return frozenset(await self._run(self._scalars, query))

    async def orphans(self, before: float) -> list[tuple[int, int]]:
        """Repositories and pull requests of check runs that were begun before a time and never ended."""
        return await self._run(self._read_orphans, before)

    async def drop_begun(self, repository: Repository, number: int) -> None:
        """The pull request is gone, and its check runs with it."""
        where = (_begun.c.repository_id == repository.id, _begun.c.number == number)
        await self._run(self._execute, sa.delete(_begun).where(*where))

    async def knows(self, repository: Repository) -> bool:
        """Whether anything of the repository was ever reviewed."""
        query = sa.select(_reviews.c.number).where(_reviews.c.repository_id == repository.id).limit(1)
        return await self._run(self._scalar, query) is not None

    async def end_check(self, repository: Repository, number: int, head_sha: str) -> None:
        key = _review_key(repository, number, head_sha)
        await self._run(
            self._execute,
            sa.delete(_begun).where(
                _begun.c.repository_id == key["repository_id"],
                _begun.c.number == number,
                _begun.c.head_sha == head_sha,
            ),
        )

    async def folded(self, repository: Repository, number: int) -> tuple[str, ...]:
        """Findings of the pull request that stay in the summary, as `app.review` names them."""
        query = sa.select(_pulls.c.folded).where(
            _pulls.c.repository_id == repository.id, _pulls.c.number == number
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
        await self._run(self._upsert, _pulls, [row])

    async def said(self, repository: Repository, number: int) -> frozenset[str]:
        """Findings that were said on lines of the pull request, as `app.review` names them, whatever became of that."""
        where = (_said.c.repository_id == repository.id, _said.c.number == number)
        return frozenset(await self._run(self._scalars, sa.select(_said.c.token).where(*where)))

    async def keep_said(self, repository: Repository, number: int, tokens: Sequence[str]) -> None:
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
        await self._run(self._upsert, _said, rows)

    async def advises(self, repository: Repository, number: int, head_sha: str) -> bool:
        """Whether a review of this head says what the project lacks: no other has said it before."""
        query = sa.select(_advised.c.number, _advised.c.head_sha).where(
            _advised.c.repository_id == repository.id
        )
        said = await self._run(self._row, query)
        return said is None or said == (number, head_sha)

    async def keep_advised(self, repository: Repository, number: int, head_sha: str) -> None:
        """Note that this review said it; the first one to say it stays."""
        row = {**_review_key(repository, number, head_sha), "at": time.time()}
        await self._run(self._insert_once, _advised, row)

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
            }
            for waiver in waivers
        ]
        await self._run(self._upsert, _waivers, rows)

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
        where = [_waivers.c.repository_id == repository.id, _waivers.c.number == number]
        if tokens:
            where.append(_waivers.c.token.in_(list(tokens)))
        else:
            where.append(_waivers.c.code == code)
            where += [_waivers.c.path == path] if path else []
        return await self._run(self._delete, sa.delete(_waivers).where(*where))

    async def pause(self, repository: Repository, number: int, author: str) -> None:
        row = {
            "repository_id": repository.id,
            "number": number,
            "installation_id": repository.installation_id,
            "author": author,
            "at": time.time(),
        }
        await self._run(self._upsert, _pauses, [row])

    async def resume(self, repository: Repository, number: int) -> int:
        where = (_pauses.c.repository_id == repository.id, _pauses.c.number == number)
        return await self._run(self._delete, sa.delete(_pauses).where(*where))

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
        await self._run(self._insert_once, _log, row)

    async def recorded_detail(self, entry_id: str) -> str | None:
        """What the line says; None when there is no such line."""
        return await self._run(self._scalar, sa.select(_log.c.detail).where(_log.c.id == entry_id))

    async def recorded(
        self, *, limit: int = 200, repository: str = "", number: int = 0, action: str = ""
    ) -> list[Entry]:
        """The newest lines of the record, newest first."""
        query = sa.select(_log).order_by(_log.c.at.desc()).limit(limit)
        query = query.where(_log.c.repository == repository) if repository else query
        query = query.where(_log.c.number == number) if number else query
        query = query.where(_log.c.action == action) if action else query
        return await self._run(self._read_log, query)

    async def heartbeat(self, machine_id: str) -> frozenset[str]:
        """Note that the machine lives; returns all that do."""
        return await self._run(self._beat, machine_id)

    async def leave(self, machine_id: str) -> None:
        """Note that the machine is gone: what it left undone is the others' at once."""
        await self._run(self._execute, sa.delete(_machines).where(_machines.c.id == machine_id))

    async def machines(self) -> dict[str, str]:
        """The machines that live, and the version that each runs."""
        return await self._run(self._living)

    async def ping(self) -> None:
        """Raises SQLAlchemyError when the database cannot be written."""
        await self._run(self._upsert, _machines, [{"id": PING, "seen_at": time.time()}])

    async def forget(self, installation_id: int, repository_ids: Sequence[int] = ()) -> None:
        """Delete what belongs to the installation, or to those repositories of it."""
        await self._run(self._forget, installation_id, list(repository_ids))

    async def forget_repositories(self, repository_ids: Sequence[int]) -> None:
        """Delete what belongs to those repositories, under whatever installation it was stored."""
        await self._run(
            self._execute,
            *(sa.delete(table).where(table.c.repository_id.in_(list(repository_ids))) for table in _OWNED),
        )

    async def drop_reports(self, repository_ids: Sequence[int]) -> None:
        """Delete the report pages of those repositories."""
        where = _reports.c.repository_id.in_(list(repository_ids))
        await self._run(self._execute, sa.delete(_reports).where(where))

    async def retain(self, days: float) -> None:
        """Delete what nobody used for so long."""
        await self._run(self._retain, time.time() - days * DAY)

    async def _run(self, function: Callable[..., Value], *arguments: Any) -> Value:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

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
        migrate(self._engine, metadata)

    def _read_blobs(self, repository_id: int, shas: list[str], kind: str) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        with self._engine.connect() as connection:
            for start in range(0, len(shas), _CHUNK):
                query = sa.select(_blobs.c.sha, _blobs.c.data).where(
                    _blobs.c.repository_id == repository_id,
                    _blobs.c.kind == kind,
                    _blobs.c.sha.in_(shas[start : start + _CHUNK]),
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
            self._upsert(_blobs, rows[start : start + _CHUNK])

    def _read_tree(self, repository_id: int, commit: str) -> dict[str, str] | None:
        query = sa.select(_trees.c.data).where(
            _trees.c.repository_id == repository_id, _trees.c.commit_sha == commit
        )
        data = self._scalar(query)
        return None if data is None else msgspec.msgpack.decode(zlib.decompress(data), type=dict[str, str])

    def _read_reviews(self, repository_id: int, head_sha: str) -> list[HeadReview]:
        columns = (_reviews.c.number, _reviews.c.conclusion, _reviews.c.title, _reviews.c.summary)
        query = (
            sa.select(*columns)
            .where(_reviews.c.repository_id == repository_id, _reviews.c.head_sha == head_sha)
            .order_by(_reviews.c.number)
        )
        with self._engine.connect() as connection:
            return [HeadReview(*row) for row in connection.execute(query)]

    def _read_orphans(self, before: float) -> list[tuple[int, int]]:
        query = sa.select(_begun.c.repository_id, _begun.c.number).where(_begun.c.at < before).distinct()
        with self._engine.connect() as connection:
            return [(int(repository), int(number)) for repository, number in connection.execute(query)]

    def _upsert(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        keys = [column.name for column in table.primary_key]
        insert = sqlite.insert if self._engine.dialect.name == "sqlite" else postgresql.insert
        statement = insert(table)
        others = {name: statement.excluded[name] for name in rows[0] if name not in keys}
        with self._engine.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), rows)

    def _read_wishes(self, repository_id: int, number: int) -> Wishes:
        columns = [_waivers.c[name] for name in Waiver.__struct_fields__]
        waivers = sa.select(*columns).where(
            _waivers.c.repository_id == repository_id, _waivers.c.number == number
        )
        pause = sa.select(_pauses.c.author).where(
            _pauses.c.repository_id == repository_id, _pauses.c.number == number
        )
        with self._engine.connect() as connection:
            rows = connection.execute(waivers.order_by(_waivers.c.at)).mappings()
            found = tuple(Waiver(**row) for row in rows)
            return Wishes(waivers=found, paused_by=connection.scalar(pause) or "")

    def _read_log(self, query: sa.Select[Any]) -> list[Entry]:
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings()
            return [Entry(**{name: row[name] for name in Entry.__struct_fields__}) for row in rows]

    def _insert_once(self, table: sa.Table, row: dict[str, Any]) -> None:
        insert = sqlite.insert if self._engine.dialect.name == "sqlite" else postgresql.insert
        with self._engine.begin() as connection:
            connection.execute(insert(table).on_conflict_do_nothing(), [row])

    def _delete(self, statement: sa.Delete) -> int:
        with self._engine.begin() as connection:
            return connection.execute(statement).rowcount

    def _scalar(self, query: sa.Select[Any]) -> Any:
        with self._engine.connect() as connection:
            return connection.scalar(query)

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

    def _row(self, query: sa.Select[Any]) -> tuple[Any, ...] | None:
        with self._engine.connect() as connection:
            found = connection.execute(query).first()
            return None if found is None else tuple(found)

    def _scalars(self, query: sa.Select[Any]) -> list[Any]:
        with self._engine.connect() as connection:
            return list(connection.scalars(query))

    def _execute(self, *statements: sa.Executable) -> None:
        with self._engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)

    def _beat(self, machine_id: str) -> frozenset[str]:
        self._upsert(_machines, [{"id": machine_id, "seen_at": self._now(), "version": self._version}])
        return frozenset(self._living())

    def _living(self) -> dict[str, str]:
        query = sa.select(_machines.c.id, _machines.c.version).where(
            _machines.c.seen_at > self._now() - MACHINE_SECONDS, _machines.c.id != PING
        )
        with self._engine.connect() as connection:
            return {str(identity): str(running or "") for identity, running in connection.execute(query)}

    def _now(self) -> float:
        """By the database's clock: those of the machines may differ by more than a machine may be silent."""
        if self._engine.dialect.name == "sqlite":
            return time.time()
        return float(self._scalar(sa.select(sa.func.extract("epoch", sa.func.clock_timestamp()))))

    def _forget(self, installation_id: int, repository_ids: list[int]) -> None:
        self._execute(
            *(
                sa.delete(table).where(
                    table.c.installation_id == installation_id,
                    table.c.repository_id.in_(repository_ids) if repository_ids else sa.true(),
                )
                for table in _OWNED
            )
        )

    def _retain(self, until: float) -> None:
        self._execute(
            sa.delete(_blobs).where(_blobs.c.used_at < until),
            sa.delete(_trees).where(_trees.c.used_at < until),
            sa.delete(_reviews).where(_reviews.c.at < until),
            sa.delete(_reports).where(_reports.c.at < until),
            sa.delete(_costs).where(_costs.c.at < time.time() - COSTS_DAYS * DAY),
            sa.delete(_verdicts).where(_verdicts.c.at < until),
            sa.delete(_begun).where(_begun.c.at < until),
            sa.delete(_pulls).where(_pulls.c.at < until),
            sa.delete(_said).where(_said.c.at < until),
            sa.delete(_machines).where(_machines.c.seen_at < until),
        )


def _review_key(repository: Repository, number: int, head_sha: str) -> dict[str, Any]:
    return {
        "repository_id": repository.id,
        "number": number,
        "head_sha": head_sha,
        "installation_id": repository.installation_id,
    }
