"""Merge queues: the commit that would be merged gets a verdict of its own."""

from __future__ import annotations

import asyncio
import datetime
from weakref import WeakValueDictionary

import msgspec
import structlog

from app.assessment import Assessor
from app.concurrency import together
from app.factsversion import facts_version
from app.github.client import RepositoryClient
from app.github.documents import CONFIGURATION
from app.github.errors import NotFound
from app.github.models import PullState
from app.github.pulls import Group
from app.publishing import Publisher
from app.review import queue
from app.review.config import Config
from app.review.report import Report
from app.review.wishes import Wishes
from app.store import COULD_NOT, Store
from app.verdict import Gathered, is_revert, of_report, too_large, unreviewed, verdict_key
from app.work import MergeGroupJob

log = structlog.get_logger(__name__)


class MergeQueue:
    """Answers groups as their pull requests were answered: with the same configuration, waivers and mildness."""

    def __init__(self, assessor: Assessor, publisher: Publisher, store: Store) -> None:
        self._assessor = assessor
        self._publisher = publisher
        self._store = store
        self._heads: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()

    async def answer(self, client: RepositoryClient, job: MergeGroupJob) -> None:
        """Review what a merge queue would merge; the check run decides, and a failing one is told to whom it concerns."""
        said, report, group = await self._gather(client, job)
        await self._conclude(client, said)
        if said.conclusion == "failure" and report is not None:
            await self._tell(client, job, report, group)

    async def give_up(self, client: RepositoryClient, job: MergeGroupJob, reason: str) -> None:
        """Conclude the group as the project wants it after a fault of ours."""
        config = Config.parse((await self._last(client, job)).documents)
        fault = unreviewed(job.head_sha, config.on_fault, f"a fault of its own ({reason})", None)
        said = msgspec.structs.replace(fault, title=COULD_NOT)
        await self._conclude(client, said)
        entry = f"{job.repository.id}:fault:{job.head_sha}"
        number = client.pulls.last_of(job.head_ref)
        await self._store.record(entry, job.repository, number, "fastperf", "fault", reason)

    async def _conclude(self, client: RepositoryClient, said: Gathered) -> None:
        """A group may be asked about twice at once: the later one rewrites the run of the earlier."""
        key = client.repository.id, said.head_sha
        async with self._heads.setdefault(key, asyncio.Lock()):
            await self._publisher.conclude(client, said, again=True, asks=False)

    async def _gather(
        self, client: RepositoryClient, job: MergeGroupJob
    ) -> tuple[Gathered, Report | None, Group]:
        group, state = await together(
            client.pulls.group(job.base_sha, job.head_sha, job.head_ref), self._last(client, job)
        )
        config = Config.parse(state.documents)
        if reason := too_large(group.compared):
            return unreviewed(job.head_sha, config.on_skip, reason, None), None, group
        wishes = await self._wishes(client, job, group)
        if said := await self._known(job, group, state, wishes):
            return said, None, group
        assessed = await self._assessor.assess(
            client,
            group.compared,
            job.head_sha,
            config,
            job.base_ref,
            tip_sha=job.base_sha,
            wishes=wishes,
            revert=is_revert(state),
        )
        return of_report(job.head_sha, assessed.report, python=assessed.python), assessed.report, group

    async def _last(self, client: RepositoryClient, job: MergeGroupJob) -> PullState:
        """The pull request that the group's branch is named after; of a group without one, what decides about it."""
        if number := client.pulls.last_of(job.head_ref):
            try:
                return await client.pulls.state(number)
            except NotFound:
                log.info("queued_pull_request_gone")
        contents = await client.contents.texts([(job.base_sha, name) for name in CONFIGURATION])
        return PullState(
            head_sha=job.head_sha,
            base_sha=job.base_sha,
            base_ref=job.base_ref,
            is_draft=False,
            state="open",
            author="",
            threads=(),
            check_runs=(),
            documents={
                path: None if content is None else content.decode(errors="replace")
                for (_, path), content in contents.items()
            },
        )

    async def _wishes(self, client: RepositoryClient, job: MergeGroupJob, group: Group) -> Wishes:
        """What was waived on the pull requests of the group.

        Beside the one that GitHub names, only those whose own head is among the commits: what a commit says of
        itself is its author's word.
        """
        numbers = {number for number in (client.pulls.last_of(job.head_ref),) if number}
        if others := group.named - numbers:
            heads = {pull.number: pull.head_sha for pull in await client.pulls.list_open()}
            numbers |= {number for number in others if heads.get(number) in group.commits}
        found = [await self._store.wishes(job.repository, number) for number in sorted(numbers)]
        return Wishes(waivers=tuple(waiver for wishes in found for waiver in wishes.waivers))

    async def _known(
        self, job: MergeGroupJob, group: Group, state: PullState, wishes: Wishes
    ) -> Gathered | None:
        """The verdict of the pull request, if this is the same change on the same base: each touched file is the
        same blob. One that failed is looked at again, to say what it is about."""
        asked = msgspec.structs.replace(state, base_sha=job.base_sha)
        key = verdict_key(group.compared, asked, wishes, await asyncio.to_thread(facts_version))
        if not key or (data := await self._store.verdict(job.repository, key)) is None:
            return None
        try:
            said = Gathered.decode(data)
        except msgspec.MsgspecError:  # of another version
            return None
        if said.conclusion == "failure":
            return None
        log.info("verdict_reused")
        return msgspec.structs.replace(said, head_sha=job.head_sha)

    async def _tell(self, client: RepositoryClient, job: MergeGroupJob, report: Report, group: Group) -> None:
        """One comment on each pull request of the group, once for the same problems."""
        open_now = {pull.number for pull in await client.pulls.list_open()}
        numbers = sorted(group.named & open_now)
        links = self._assessor.links(client, job.head_sha)
        told = queue.identity(report)
        for number in numbers:
            entry = f"{job.repository.id}#{number}:group:{told}"
            # Said by whoever writes this line first: groups of one pull request may fail at the same time.
            own = f"{told} {job.trigger}"
            await self._store.record(entry, job.repository, number, "fastperf", "merge group failed", own)
            if await self._store.recorded_detail(entry) != own:
                continue
            mark = f"<!-- fastperf:group {told} -->"
            others = [other for other in numbers if other != number]
            body = f"{queue.failing_group(report, others, links)}\n{mark}"
            since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
            await client.comments.create(number, body, marker=mark, since=since)
