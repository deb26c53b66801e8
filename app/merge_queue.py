"""Merge queues: the commit that would be merged gets a verdict of its own."""

from __future__ import annotations

import datetime

from app.assessment import Assessor
from app.concurrency import together
from app.github.client import RepositoryClient
from app.github.documents import CONFIGURATION
from app.publishing import Publisher
from app.review import queue
from app.review.config import Config
from app.review.report import Report
from app.store import Store
from app.verdict import Gathered, of_report, too_large, unreviewed
from app.work import MergeGroupJob


class MergeQueue:
    def __init__(self, assessor: Assessor, publisher: Publisher, store: Store) -> None:
        self._assessor = assessor
        self._publisher = publisher
        self._store = store

    async def answer(self, client: RepositoryClient, job: MergeGroupJob) -> None:
        """Review what a merge queue would merge; the check run decides, and a failing one is told to whom it concerns."""
        said, report = await self._gather(client, job)
        await self._publisher.conclude(client, said, again=True)
        if said.conclusion == "failure" and report is not None:
            await self._tell(client, job, report)

    async def _gather(self, client: RepositoryClient, job: MergeGroupJob) -> tuple[Gathered, Report | None]:
        compared, contents = await together(
            client.pulls.compare(job.base_sha, job.head_sha, number=0),
            client.contents.texts([(job.base_sha, name) for name in CONFIGURATION]),
        )
        config = Config.parse(
            {
                path: None if content is None else content.decode(errors="replace")
                for (_, path), content in contents.items()
            }
        )
        if reason := too_large(compared):
            return unreviewed(job.head_sha, config.on_skip, reason, None), None
        report, python = await self._assessor.report(
            client, compared, job.head_sha, config, job.base_ref, tip_sha=job.base_sha
        )
        return of_report(job.head_sha, report, python=python), report

    async def _tell(self, client: RepositoryClient, job: MergeGroupJob, report: Report) -> None:
        """One comment on each pull request of the group, once for the same problems."""
        numbers = await client.pulls.queued(job.base_sha, job.head_sha, job.head_ref)
        links = self._assessor.links(client, job.head_sha)
        told = queue.identity(report)
        for number in numbers:
            entry = f"{job.repository.id}#{number}:group:{told}"
            if await self._store.is_recorded(entry):
                continue
            mark = f"<!-- fastperf:group {told} -->"
            others = [other for other in numbers if other != number]
            body = f"{queue.failing_group(report, others, links)}\n{mark}"
            since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
            await client.comments.create(number, body, marker=mark, since=since)
            await self._store.record(entry, job.repository, number, "fastperf", "merge group failed", told)
