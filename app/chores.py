"""What is no review: commands of people, runs asked for again, installations that leave, the sweep."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import sqlalchemy as sa
import structlog

from app.analysis import AnalysisError
from app.applying import Fixes
from app.github.client import GitHub, RepositoryClient
from app.github.errors import Gone, NotFound, RateLimited, Unavailable
from app.github.models import Output, Repository
from app.obeying import Order
from app.reportlinks import ReportLinks
from app.review import marker
from app.review.record import Record
from app.runs import external_id
from app.store import Store
from app.surveys import Surveys
from app.sweep import Sweep
from app.verdict import RESCAN
from app.work import ArriveJob, CommandJob, ForgetJob, Outcome, RerunJob, ReviewJob, Swept, ThreadJob

log = structlog.get_logger(__name__)

_TRANSIENT: Final = (Unavailable, AnalysisError, TimeoutError, ConnectionError, sa.exc.OperationalError)
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
        self.sweeping = Sweep(github, store)

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
            job = await self._meant([msgspec.structs.replace(job, number=number) for number in numbers])
        order = Order(job, client, self.store, self._surveys, self._public_url, self._fixes, self._reports)
        try:
            return await order.obey(await self._blocking(job) if job.head_sha else ())
        except (Gone, NotFound):
            return None

    async def refuse_command(self, job: CommandJob) -> Outcome:
        """The last resort: whoever asked hears that nothing came of it."""
        if job.number:
            order = Order(job, self.github.repository(job.repository), self.store, None, self._public_url)
            with contextlib.suppress(Gone, NotFound):
                await order.fail()
        return {"status": "fault"}

    async def _meant(self, jobs: Sequence[CommandJob]) -> CommandJob:
        """Of pull requests with one head the first in which something blocks: the button of their run is for that."""
        if len(jobs) > 1:
            for job in jobs:
                if await self._blocking(job):
                    return job
        return jobs[0]

    async def _blocking(self, job: CommandJob) -> tuple[str, ...]:
        """The findings that fail the check run whose button was pressed."""
        if self._reports is None:
            return ()
        report_id = self._reports.id(job.repository.id, job.number, job.head_sha)
        data = await self.store.report(report_id)
        if data is None:
            return ()
        try:
            return Record.decode(data).blocking
        except msgspec.MsgspecError:  # of another version: the other buttons need none of it
            log.warning("report_of_another_version", number=job.number)
            return ()

    async def thread(self, job: ThreadJob) -> Outcome:
        """Remember what a person resolved, also for when the thread itself is gone."""
        mark = marker.read(job.body)
        if mark is None or job.writer not in {self.github.slug, f"{self.github.slug}[bot]"}:
            return {"status": "ignored"}
        await self.store.keep_resolved(
            job.repository, job.number, dict.fromkeys(mark.fingerprints, job.resolved)
        )
        return {"status": "done"}

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
            case "suspended":
                self.github.forget(job.installation_id)
        return {"status": "done"}

    async def heartbeat(self, machine_id: str) -> frozenset[str]:
        return await self.store.heartbeat(machine_id)

    async def leave(self, machine_id: str) -> None:
        await self.store.leave(machine_id)

    async def sweep(self) -> Swept:
        """Ask again for deliveries that did not arrive; name what is undone."""
        await self.store.retain(self._retention_days)
        return await self.sweeping.sweep()

    async def arrive(self, job: ArriveJob) -> Swept:
        """Name the open heads of an installation that is ours now, or again, or has more repositories."""
        self.github.forget(job.installation_id)
        return await self.sweeping.arrived(job.installation_id)

    async def close_begun(
        self, client: RepositoryClient, number: int, head_sha: str, *, awaited: bool = False
    ) -> None:
        """End the check run that was begun on a commit, if it still runs: a newer one is what counts.

        One that is `awaited` by another pull request is left to that one's review, and looked for again.
        """
        run = await client.checks.find(head_sha, external_id(head_sha))
        if run is not None and run.status != "completed":
            if awaited:
                return
            output = Output("superseded", "A newer commit is reviewed instead.")
            await client.checks.complete(run, output, conclusion="cancelled", actions=(RESCAN,))
        await self.store.end_check(client.repository, number, head_sha)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """A task group wraps what its tasks raise."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
