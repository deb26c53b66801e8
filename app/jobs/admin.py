"""Looking at jobs from outside the server, and interfering: what `fastperf jobs` does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from dbos import DBOSClient, WorkflowStatus

from app.database import engine_options, trouble
from app.jobs.lease import HOUSEKEEPING
from app.jobs.stored import JobsError, Serializer, job_input, refuse_foreign_rows
from app.jobs.workflows import REVIEWS

OPEN: Final = ("DELAYED", "ENQUEUED", "PENDING")
FAILED: Final = ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED", "CANCELLED")
FINISHED: Final = ("SUCCESS", *FAILED)
_WORDS: Final = {
    "DELAYED": "waiting",
    "ENQUEUED": "waiting",
    "PENDING": "running",
    "SUCCESS": "done",
    "ERROR": "failed",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "given up",
    "CANCELLED": "cancelled",
}


class StoredJob(msgspec.Struct, frozen=True, kw_only=True):
    """One job as the database has it. `state` is one of waiting, running, done, failed, given up, cancelled."""

    id: str
    kind: str
    state: str
    repository: str
    number: int | None
    machine: str
    created: datetime
    updated: datetime
    attempts: int
    outcome: str
    """What a finished one left (`published`, `done`, …)."""
    error: str


class JobsAdmin:
    """Reads and changes the jobs of a database while servers work on them. Use it as a context manager."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._opened: tuple[DBOSClient, sa.Engine] | None = None

    def __enter__(self) -> JobsAdmin:
        """Raises JobsError when the database has no jobs or cannot be read."""
        url = sa.make_url(self._database_url)
        if url.drivername == "sqlite" and not Path(url.database or "").is_file():
            raise JobsError("no server has used this database yet")  # looking must not make the file
        refuse_foreign_rows(self._database_url)
        engine = sa.create_engine(self._database_url, **engine_options(self._database_url))
        schema = None if engine.dialect.name == "sqlite" else "dbos"
        try:
            known = sa.inspect(engine).has_table("workflow_status", schema=schema)
        except sa.exc.SQLAlchemyError as error:
            raise JobsError(f"the database cannot be opened: {trouble(error)}") from None
        if not known:
            engine.dispose()
            raise JobsError("no server has used this database yet")
        client = DBOSClient(
            system_database_url=self._database_url, system_database_engine=engine, serializer=Serializer()
        )
        self._opened = client, engine
        return self

    def __exit__(self, *_: object) -> None:
        if self._opened is not None:
            client, engine = self._opened
            client.destroy()
            engine.dispose()

    def jobs(self, *, finished: bool = False, most: int = 100) -> list[StoredJob]:
        """Open jobs, with `finished` all of them; the newest first."""
        status = [*OPEN, *FINISHED] if finished else list(OPEN)
        with self._asked():
            found = self._client.list_workflows(status=status, limit=most, sort_desc=True)
        return [_stored(entry) for entry in found]

    def job(self, job_id: str) -> StoredJob:
        """Raises JobsError for an unknown one."""
        with self._asked():
            found = self._client.list_workflows(workflow_ids=[job_id])
        if not found:
            raise JobsError(f"there is no job {job_id!r}")
        return _stored(found[0])

    def cancel(self, job_id: str) -> StoredJob:
        """A job that has not finished ends before its next step. Raises JobsError for another."""
        job = self.job(job_id)
        if job.state not in ("waiting", "running"):
            raise JobsError(f"{job_id} is {job.state} already")
        with self._asked():
            self._client.cancel_workflow(job_id)
        return self.job(job_id)

    def retry(self, job_id: str) -> StoredJob:
        """A job that failed or was cancelled goes on with the step it did not finish. Raises JobsError for another."""
        job = self.job(job_id)
        if job.state not in ("failed", "given up", "cancelled"):
            raise JobsError(f"{job_id} is {job.state}: only what failed or was cancelled is tried again")
        with self._asked():
            if job.state == "failed":
                self._reopen(job_id)
            # In a queue of the engine's own it would run beside another job of the same pull request.
            self._client.resume_workflow(job_id, queue_name=REVIEWS if job.kind == "review" else HOUSEKEEPING)
        return self.job(job_id)

    def _reopen(self, job_id: str) -> None:
        """Drop what a failed job came to, from the first step that failed or else the last one on: the engine resumes
        only what has no outcome, and reads recorded steps back."""
        database = self._client._sys_db
        steps, jobs = database.tables.operation_outputs, database.tables.workflow_status
        ours = steps.c.workflow_uuid == job_id
        with database.engine.begin() as connection:
            failed = sa.select(sa.func.min(steps.c.function_id)).where(ours, steps.c.error.is_not(None))
            last = sa.select(sa.func.max(steps.c.function_id)).where(ours)
            if (first := connection.scalar(failed) or connection.scalar(last)) is not None:
                connection.execute(sa.delete(steps).where(ours, steps.c.function_id >= first))
            reopened = {"status": "CANCELLED", "error": None, "output": None}
            failure = sa.and_(jobs.c.workflow_uuid == job_id, jobs.c.status == "ERROR")
            connection.execute(sa.update(jobs).where(failure).values(**reopened))

    @property
    def _client(self) -> DBOSClient:
        if self._opened is None:
            raise RuntimeError("use JobsAdmin as a context manager")
        return self._opened[0]

    @contextlib.contextmanager
    def _asked(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            raise JobsError(f"the database cannot be used: {trouble(error)}") from None


def _stored(status: WorkflowStatus) -> StoredJob:
    given = job_input(status.input)
    repository = given.get("repository") or {}
    output = status.output if isinstance(status.output, dict) else {}
    return StoredJob(
        id=status.workflow_id,
        kind=status.name,
        state=_WORDS.get(status.status, status.status.lower()),
        repository=f"{repository.get('owner', '')}/{repository.get('name', '')}" if repository else "",
        number=given.get("number"),
        machine=str(status.executor_id or ""),
        created=_time(status.created_at),
        updated=_time(status.updated_at),
        attempts=int(status.recovery_attempts or 0),
        outcome=str(output.get("status", "")),
        error=str(status.error or ""),
    )


def _time(milliseconds: Any) -> datetime:
    return datetime.fromtimestamp(int(milliseconds or 0) / 1000, UTC)


__all__ = ["JobsAdmin", "StoredJob"]
