"""Merge queues: the commit that would be merged gets a verdict of its own."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Sequence
from typing import NamedTuple
from weakref import WeakValueDictionary

import msgspec
import structlog

from app.analysis.documents import text_of
from app.assessment import Assessor
from app.concurrency import together
from app.factsversion import facts_version
from app.github.client import RepositoryClient
from app.github.documents import CONFIGURATION
from app.github.errors import GitHubError, NotFound, RateLimited
from app.github.models import PullState
from app.github.pulls import Group
from app.publishing import Publisher
from app.review import marker, queue
from app.review.config import Config
from app.review.report import Report
from app.review.wishes import Waiver, Wishes, waived
from app.store import COULD_NOT, Store
from app.verdict import Gathered, is_revert, of_report, too_large, unreviewed, verdict_key
from app.work import MergeGroupJob
from rules.engine.finding import Finding

log = structlog.get_logger(__name__)


class Member(NamedTuple):
    """A pull request of a group, and what of the group is its own: all between two commits."""

    number: int
    before: str
    after: str
    is_revert: bool


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
            try:
                await self._tell(client, job, report, group)
            except RateLimited:
                raise
            except GitHubError as error:  # a fault would conclude the group anew, and let pass what fails
                log.warning("group_not_told", error=type(error).__name__)

    async def give_up(self, client: RepositoryClient, job: MergeGroupJob, reason: str) -> None:
        """Conclude the group as the project wants it after a fault of ours."""
        config = Config.parse((await self._last(client, job)).documents)
        fault = unreviewed(job.head_sha, config.on_fault, f"a fault of its own ({reason})", None)
        said = msgspec.structs.replace(fault, title=COULD_NOT)
        await self._conclude(client, said)
        entry = f"{job.repository.id}@{job.head_sha}:fault:{job.trigger}"[:255]
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
        members = await self._members(client, job, group, state)
        if members and members[-1].after == job.head_sha:
            group = group._replace(named=frozenset(member.number for member in members))
        wishes = await self._wishes(client, job, config, members)
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
            revert=bool(members) and all(member.is_revert for member in members),
            quiet=True,
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
                path: None if content is None else text_of(path, content)
                for (_, path), content in contents.items()
            },
        )

    async def _members(
        self, client: RepositoryClient, job: MergeGroupJob, group: Group, state: PullState
    ) -> tuple[Member, ...]:
        """The pull requests of the group, in their order.

        What a commit says of itself is its author's word. So beside the one that GitHub names, only those count whose
        place in the queue is among the commits; where GitHub shows no queue, those whose own head is.
        """
        last = client.pulls.last_of(job.head_ref)
        mild = is_revert(state)
        if not group.named - {last}:
            return (Member(last, job.base_sha, job.head_sha, mild),) if last else ()
        queue = await client.pulls.queued(job.base_ref)
        queued = [each for each in queue if each.commit in {*group.commits, job.head_sha}]
        if queued and queued[-1].commit == job.head_sha:
            before = (job.base_sha, *(each.commit for each in queued))
            return tuple(
                Member(each.number, start, each.commit, is_revert(each))
                for start, each in zip(before, queued, strict=False)
            )
        heads = {pull.number: pull.head_sha for pull in await client.pulls.list_open()}
        others = sorted(number for number in group.named - {last} if heads.get(number) in group.commits)
        found = [Member(number, job.base_sha, heads[number], is_revert=False) for number in others]
        return (
            (*found, Member(last, job.base_sha, heads.get(last, job.head_sha), mild)) if last else (*found,)
        )

    async def _wishes(
        self, client: RepositoryClient, job: MergeGroupJob, config: Config, members: Sequence[Member]
    ) -> Wishes:
        """What was waived on the pull requests of the group: of several each one's waivers are for what it brings
        itself, and the mildness that a revert is shown too."""
        waivers: list[Waiver] = []
        for member in members:
            wishes = await self._store.wishes(job.repository, member.number)
            if len(members) == 1:
                return Wishes(waivers=wishes.waivers)
            if member.is_revert and config.advises_reverts:
                again = Waiver(reason=f"#{member.number} is a revert: it was there before", author="fastperf")
                wishes = Wishes(waivers=(*wishes.waivers, again))
            if wishes.waivers:
                own = await self._own(client, job, config, member)
                waivers += [
                    Waiver(
                        path=entry.finding.path,
                        token=marker.token(entry.finding.fingerprint),
                        reason=entry.waiver.reason,
                        author=entry.waiver.author,
                        at=entry.waiver.at,
                    )
                    for entry in waived(own, wishes)
                ]
        return Wishes(waivers=tuple(waivers))

    async def _own(
        self, client: RepositoryClient, job: MergeGroupJob, config: Config, member: Member
    ) -> tuple[Finding, ...]:
        """What is new by this pull request of several."""
        compared = await client.pulls.compare(member.before, member.after, number=0)
        if too_large(compared):
            return ()
        assessed = await self._assessor.assess(
            client, compared, member.after, config, job.base_ref, tip_sha=member.before
        )
        return assessed.report.new

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
            if (await self._store.wishes(job.repository, number)).paused_by:
                continue
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
            try:
                await client.comments.create(number, body, marker=mark, since=since)
            except RateLimited:
                raise
            except GitHubError as error:  # its conversation may be locked: the others hear of it all the same
                log.warning("group_not_told", number=number, error=type(error).__name__)
