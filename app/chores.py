"""What is no review: commands of people, runs asked for again, installations that leave, the sweep."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from typing import Final

import msgspec
import sqlalchemy as sa
import structlog

from app.analysis import AnalysisError
from app.applying import Fixes
from app.github.client import GitHub, RepositoryClient
from app.github.errors import GitHubError, Gone, NotFound, RateLimited, Unavailable
from app.github.models import CheckRun, OpenPull, Output, Repository
from app.obeying import Order
from app.reportlinks import ReportLinks
from app.review.record import Record
from app.store import Store
from app.surveys import Surveys
from app.verdict import RESCAN
from app.work import CommandJob, ForgetJob, Outcome, RerunJob, ReviewJob, Swept

log = structlog.get_logger(__name__)

_TRANSIENT: Final = (Unavailable, AnalysisError, TimeoutError, ConnectionError, sa.exc.OperationalError)
DELIVERIES_SECONDS: Final = 6 * 3600.0
SWEEP_SECONDS: Final = 300
"""Two machines that sweep at the same time wish for the same."""
ORPHAN_SECONDS: Final = 900.0
"""No review takes longer, waits for limits aside."""
HEADS_SECONDS: Final = 3600.0
"""Open heads are looked through so often, and at once after a start."""
MOST_REDELIVERIES: Final = 50
PRESSED: Final = 0.3
"""Of any budget."""


class Chores:
    """Needs GitHub and the store; `app.pipeline` adds reviewing."""

    def __init__(
        self,
        github: GitHub,
        store: Store,
        *,
        public_url: str = "",
        links: ReportLinks | None = None,
        surveys: Surveys | None = None,
        fixes: Fixes | None = None,
        retention_days: int = 30,
    ) -> None:
        self.github = github
        self._surveys = surveys
        self._fixes = fixes
        self._public_url = public_url
        self._reports = links
        self.store = store
        self._retention_days = retention_days
        self._heads_seen = 0.0

    def is_transient(self, error: BaseException) -> bool:
        """Whether the same step may go well in a moment."""
        return any(isinstance(inner, _TRANSIENT) for inner in _leaves(error))

    def is_pressed(self, installation_id: int) -> bool:
        return self.github.limits(installation_id).used() > PRESSED

    def limited_until(self, error: BaseException) -> float | None:
        limits = [inner.until for inner in _leaves(error) if isinstance(inner, RateLimited)]
        return max(limits, default=None)

    async def command(self, job: CommandJob) -> ReviewJob | None:
        """Do what a comment or a button asks for; a wish for a review when it changes one."""
        client = self.github.repository(job.repository)
        if not job.number:
            numbers = await self._with_head(job.repository, job.head_sha)
            if not numbers:
                return None
            job = msgspec.structs.replace(job, number=numbers[0])
        order = Order(job, client, self.store, self._surveys, self._public_url, self._fixes)
        try:
            return await order.obey(await self._blocking(job) if job.head_sha else ())
        except (Gone, NotFound):
            return None

    async def _blocking(self, job: CommandJob) -> tuple[str, ...]:
        """The findings that fail the check run whose button was pressed."""
        if self._reports is None:
            return ()
        report_id = self._reports.id(job.repository.id, job.number, job.head_sha)
        data = await self.store.report(report_id)
        return Record.decode(data).blocking if data is not None else ()

    async def rerun(self, job: RerunJob) -> tuple[ReviewJob, ...]:
        """The open pull requests whose head the commit is."""
        numbers = job.numbers or await self._with_head(job.repository, job.head_sha)
        return tuple(
            ReviewJob(repository=job.repository, number=number, trigger=job.trigger, force=True)
            for number in numbers
        )

    async def _with_head(self, repository: Repository, head_sha: str) -> tuple[int, ...]:
        """The open pull requests whose head the commit is; GitHub does not name those from forks."""
        try:
            pulls = await self.github.repository(repository).pulls.list_open()
        except (Gone, NotFound):
            return ()
        return tuple(pull.number for pull in pulls if pull.head_sha == head_sha)

    async def forget(self, job: ForgetJob) -> Outcome:
        match job.reason:
            case "privatized":
                await self.store.drop_reports(job.repository_ids)
            case "transferred":
                await self.store.forget_repositories(job.repository_ids)
            case "deleted":
                self.github.forget(job.installation_id)
                await self.store.forget(job.installation_id, job.repository_ids)
            case _:
                self.github.forget(job.installation_id)
        return {"status": "done"}

    async def heartbeat(self, machine_id: str) -> frozenset[str]:
        return await self.store.heartbeat(machine_id)

    async def leave(self, machine_id: str) -> None:
        await self.store.leave(machine_id)

    async def sweep(self) -> Swept:
        """Ask again for deliveries that did not arrive; name open heads without a completed check run."""
        await self.store.retain(self._retention_days)
        redelivered = await self._redeliver()
        reviews: tuple[ReviewJob, ...] = ()
        if time.monotonic() - self._heads_seen >= HEADS_SECONDS or not self._heads_seen:
            reviews = await self._look_through_heads()
        return Swept(reviews=reviews, redelivered=redelivered)

    async def _look_through_heads(self) -> tuple[ReviewJob, ...]:
        """Open heads without an answer. An installation that must wait is looked at next time, the others now."""
        reviews: list[ReviewJob] = []
        limited: set[int] = set()
        for repository in await self._repositories(limited):
            if repository.installation_id in limited:
                continue
            try:
                reviews += await self._unanswered(repository)
            except RateLimited:
                limited.add(repository.installation_id)
        if limited:
            log.warning("sweep_limited", installations=len(limited))
        else:
            self._heads_seen = time.monotonic()
        return tuple(reviews)

    async def _redeliver(self) -> int:
        since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=DELIVERIES_SECONDS)
        failed = [
            delivery
            for delivery in await self.github.app.deliveries(since)
            if not 400 <= delivery.status_code < 500  # what we refused once we would refuse again
        ]
        for delivery in failed[:MOST_REDELIVERIES]:
            await self.github.app.redeliver(delivery.id)
        return len(failed[:MOST_REDELIVERIES])

    async def _repositories(self, limited: set[int]) -> list[Repository]:
        found: list[Repository] = []
        for installation in await self.github.app.installations():
            if installation.suspended:
                continue
            try:
                found += await self.github.app.repositories(installation.id)
            except (Gone, NotFound):
                continue
            except RateLimited:
                limited.add(installation.id)
        return found

    async def _unanswered(self, repository: Repository) -> list[ReviewJob]:
        client = self.github.repository(repository)
        try:
            pulls = await client.pulls.list_open_with_check_runs()
            await self._close_orphans(client, {(each.pull.number, each.pull.head_sha) for each in pulls})
        except (Gone, NotFound):
            return []
        except RateLimited:
            raise
        except GitHubError as error:  # one repository's trouble is not the others'
            log.warning("sweep_skipped", repository=repository.full_name, error=type(error).__name__)
            return []
        now = int(time.time() // SWEEP_SECONDS)
        return [
            ReviewJob(
                repository=repository,
                number=entry.pull.number,
                trigger=f"sweep-{entry.pull.head_sha}-{now}",
                head_sha=entry.pull.head_sha,
            )
            for entry in pulls
            if not _is_answered(entry)
        ]

    async def _close_orphans(self, client: RepositoryClient, heads: set[tuple[int, str]]) -> None:
        """Check runs that a lost job began on what is no head any more. Those on heads are reviewed."""
        since = time.time() - ORPHAN_SECONDS
        for number, head_sha in await self.store.orphans(client.repository, since):
            if (number, head_sha) not in heads:
                await self.close_begun(client, number, head_sha)

    async def close_begun(self, client: RepositoryClient, number: int, head_sha: str) -> None:
        """End the check run that was begun on a commit, if it still runs: a newer one is what counts."""
        run = await client.checks.find(head_sha, external_id(head_sha))
        if run is not None and run.status != "completed":
            output = Output("superseded", "A newer commit is reviewed instead.")
            await client.checks.complete(run, output, conclusion="cancelled", actions=(RESCAN,))
        await self.store.end_check(client.repository, number, head_sha)


def external_id(head_sha: str) -> str:
    """How our one check run on a commit is known."""
    return f"fastperf@{head_sha}"


def own_run(runs: tuple[CheckRun, ...], head_sha: str) -> CheckRun | None:
    """Our run on the commit, the newest if an accident made two."""
    ours = [run for run in runs if run.head_sha == head_sha and run.external_id == external_id(head_sha)]
    return max(ours, key=lambda run: run.id, default=None)


def is_answered(run: CheckRun | None) -> bool:
    """A cancelled run answers nobody: its commit may be pushed again."""
    return (
        run is not None and run.status == "completed" and run.conclusion not in {None, "cancelled", "stale"}
    )


def _is_answered(entry: OpenPull) -> bool:
    return is_answered(own_run(entry.check_runs, entry.pull.head_sha))


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """A task group wraps what its tasks raise."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
