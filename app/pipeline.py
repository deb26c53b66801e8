"""One review, top to bottom.

Three steps, each of which may run twice: gather and analyse, publish, clean up. What passes between them is
a `Gathered`: texts to say, no sources. Whatever goes wrong inside concludes the check run by the project's
`on_fault`, neutral by default: a fault of ours never blocks a merge.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from typing import Final
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import msgspec
import structlog
from cachetools import LRUCache

from app.analysis import Analysis
from app.applying import Fixes
from app.assessment import Assessor
from app.chores import Chores
from app.claims import Claims
from app.concurrency import together
from app.factsversion import facts_version
from app.github.api import Spent, counted
from app.github.client import GitHub, RepositoryClient
from app.github.errors import Forbidden, GitHubError, Gone, NotFound, RateLimited
from app.github.models import CheckRun, Compared, Output, PullState
from app.merge_queue import MergeQueue
from app.project import Projects
from app.publishing import Publisher
from app.records import HeadReview
from app.reportlinks import ReportLinks
from app.review import history
from app.review.commands import CODING_AGENTS
from app.review.config import Config
from app.review.reconcile import marked, reconcile
from app.review.record import Record
from app.review.report import Report
from app.runs import is_answered, own_run
from app.store import COULD_NOT, NOT_PERMITTED, Store
from app.surveys import Surveys
from app.verdict import (
    Gathered,
    is_revert,
    lacking,
    of_report,
    shared,
    too_large,
    unreviewed,
    verdict_key,
)
from app.web.metrics import Metrics
from app.work import MergeGroupJob, Outcome, ReviewJob

log = structlog.get_logger(__name__)

PROGRESS_SECONDS: Final = 1.5
"""A review that takes longer shows a check run in progress; a shorter one saves the call."""
MOST_HEADS: Final = 1000
"""Of which the check run is remembered."""
UNRELATED: Final = "it has no commit in common with its base"


class Pipeline(Chores):
    """Reviews with these collaborators. `web_url` is where people see GitHub."""

    def __init__(
        self,
        github: GitHub,
        analysis: Analysis,
        store: Store,
        metrics: Metrics,
        *,
        public_url: str = "",
        web_url: str = "",
        links: ReportLinks | None = None,
        retention_days: int = 30,
        machine_id: str = "local",
    ) -> None:
        projects = Projects(store, analysis)
        web_url = web_url or web_address(github.api_url)
        self.assessor = Assessor(analysis, projects, metrics, links_to=(web_url, public_url))
        self.publisher = Publisher(Claims(store, machine_id))
        self.queue = MergeQueue(self.assessor, self.publisher, store)
        self.fixes = Fixes(github, self.assessor, store)
        super().__init__(
            github,
            store,
            public_url=public_url,
            links=links,
            surveys=Surveys(projects, analysis, web_url, public_url),
            fixes=self.fixes,
            retention_days=retention_days,
        )
        self.metrics = metrics
        self._heads: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()
        self._made: LRUCache[tuple[int, str], CheckRun] = LRUCache(MOST_HEADS)
        """Our run on a commit, for a review that asked GitHub before it was there."""

    # ------------------------------------------------------------------ first step

    async def gather(self, job: ReviewJob) -> Outcome:
        """Ask what there is, analyse it, decide what to say. Posts nothing but a check run in progress."""
        with counted() as spent:
            gathered = await self._gathered(job)
        outcome: Outcome = msgspec.to_builtins(
            msgspec.structs.replace(gathered, spent=total((0, 0, 0), spent))
        )
        return outcome

    async def _gathered(self, job: ReviewJob) -> Gathered:
        try:
            return await self._gather(job)
        except (Gone, NotFound) as error:
            log.info("pull_request_gone", error=type(error).__name__)
            await self.store.drop_begun(job.repository, job.number)
            return Gathered(status="gone")
        except Forbidden as error:
            if not error.accepted:
                raise
            return await self._not_permitted(job, error)

    async def _not_permitted(self, job: ReviewJob, error: Forbidden) -> Gathered:
        """An owner has not granted something, or taken it away: the check run names it."""
        log.warning("permission_missing", needs=error.accepted)
        state = await self.github.repository(job.repository).pulls.state(job.number)
        if state.state != "open":
            return Gathered(status="closed", head_sha=state.head_sha)
        run = own_run(state.check_runs, state.head_sha)
        config = Config.parse(state.documents)
        said = unreviewed(state.head_sha, config.on_skip, lacking(error.accepted), run)
        return msgspec.structs.replace(said, title=NOT_PERMITTED)

    async def _gather(self, job: ReviewJob) -> Gathered:
        client = self.github.repository(job.repository)
        with self.metrics.timed("ask"):
            state, compared = await self._ask(client, job)
        structlog.contextvars.bind_contextvars(head_sha=state.head_sha)
        run = own_run(state.check_runs, state.head_sha)
        if state.state != "open":
            if state.merged_at:
                await self._keep_costs(job, state)
            return Gathered(status="closed", head_sha=state.head_sha, run=run)
        reviewed = is_answered(run) and await self.store.reviewed(job.repository, job.number, state.head_sha)
        if reviewed and not job.force:
            left = await self.store.left_heads(job.repository, job.number)
            undone = any(each.begun or each.head_sha != state.head_sha for each in left)
            return Gathered(status="superseded" if undone else "done", head_sha=state.head_sha, run=run)
        config = Config.parse(state.documents)
        if compared is None:
            return unreviewed(state.head_sha, config.on_skip, UNRELATED, run)
        if reason := too_large(compared):
            return unreviewed(state.head_sha, config.on_skip, reason, run)
        wishes = await self.store.wishes(job.repository, job.number)
        advise = await self.store.advises(job.repository, job.number, state.head_sha)
        quiet = job.quiet or state.is_draft or bool(wishes.paused_by) or _is_machine(state)
        async with self._progress(client, job, state.head_sha, run) as progress:
            assessed = await self.assessor.assess(
                client,
                compared,
                state.head_sha,
                config,
                state.base_ref,
                tip_sha=state.base_sha,
                wishes=wishes,
                revert=is_revert(state),
                advise=advise,
                threads=state.threads,
                quiet=quiet,
            )
        report = assessed.report
        said = of_report(state.head_sha, report, python=assessed.python)
        if key := verdict_key(compared, state, wishes, await asyncio.to_thread(facts_version)):
            await self.store.keep_verdict(job.repository, key, said.encode())
        details_url = await self._keep_report(job, state, report) if assessed.python else None
        folded = await self.store.folded(job.repository, job.number)
        before = await self.store.said(job.repository, job.number)
        resolved = await self._resolved(job, state)
        plan = reconcile(
            report,
            state.threads,
            state.head_sha,
            folded=folded,
            before=before,
            resolved=resolved,
            quiet=quiet,
        )
        return msgspec.structs.replace(
            said,
            comments=plan.post,
            body=plan.body,
            fixed=plan.fixed,
            advised=report.advised,
            folded=plan.folded,
            run=progress.run or run,
            unsure=progress.begun and progress.run is None,
            details_url=details_url,
            applicable=bool(report.edits) and not state.is_fork and await self._may_commit(job),
        )

    async def _resolved(self, job: ReviewJob, state: PullState) -> frozenset[str]:
        """What people resolved: threads that stand say it themselves, of others we remember it."""
        known = await self.store.resolved(job.repository, job.number)
        standing = {token: thread.resolved for thread in state.threads for token in marked(thread.body)}
        changed = {token: now for token, now in standing.items() if now != (token in known)}
        if changed:
            await self.store.keep_resolved(job.repository, job.number, changed)
        return (known - standing.keys()) | {token for token, now in standing.items() if now}

    async def _may_commit(self, job: ReviewJob) -> bool:
        try:
            return await self.fixes.may_commit(job.repository.installation_id)
        except RateLimited:
            raise
        except GitHubError as error:  # a button less is no reason to lose a review
            log.warning("grants_unknown", error=type(error).__name__)
            return False

    async def _keep_report(self, job: ReviewJob, state: PullState, report: Report) -> str | None:
        """Keep what the report's page shows; its address, if pages have one."""
        if self._reports is None:
            return None
        report_id = self._reports.id(job.repository.id, job.number, state.head_sha)
        record = msgspec.structs.replace(
            Record.of(report, job.repository.full_name, job.number, state.head_sha, state.base_ref),
            applicable=bool(report.edits) and not state.is_fork,
        )
        await self.store.keep_report(job.repository, report_id, record.encode())
        return self._reports.url(report_id) or None

    async def _keep_costs(self, job: ReviewJob, state: PullState) -> None:
        """A merged change is a step in the line of its endpoints' costs, as its last review saw them."""
        if self._reports is None:
            return
        data = await self.store.report(self._reports.id(job.repository.id, job.number, state.head_sha))
        if data is None:
            return
        try:
            moves = history.moves(Record.decode(data))
        except msgspec.MsgspecError:
            log.warning("report_of_another_version", number=job.number)
            return
        if moves:
            merged = history.Merged(
                number=job.number, head_sha=state.head_sha, at=state.merged_at, moves=moves
            )
            await self.store.keep_costs(job.repository, state.base_ref, merged)

    async def _ask(self, client: RepositoryClient, job: ReviewJob) -> tuple[PullState, Compared | None]:
        """Wave 1: state and change at once, if the delivery said which commits; else one after the other.

        There is no change between commits without a common ancestor.
        """
        if not (job.head_sha and job.base_sha):
            state = await client.pulls.state(job.number)
            return state, await self._change(client, job.number, state.base_sha, state.head_sha)
        state, compared = await together(
            client.pulls.state(job.number), self._change(client, job.number, job.base_sha, job.head_sha)
        )
        if compared is None or _is_stale(job, state, compared):
            compared = await self._change(client, job.number, state.base_sha, state.head_sha)
        return state, compared

    async def _change(
        self, client: RepositoryClient, number: int, base_sha: str, head_sha: str
    ) -> Compared | None:
        """None when there is none: one of the commits is no more, or they have no common ancestor."""
        try:
            return await client.pulls.compare(base_sha, head_sha, number=number)
        except NotFound:
            return None

    @contextlib.asynccontextmanager
    async def _progress(
        self, client: RepositoryClient, job: ReviewJob, head_sha: str, run: CheckRun | None
    ) -> AsyncIterator[_Progress]:
        """Show a check run in progress if what happens inside takes long."""
        progress = _Progress()
        showing = asyncio.create_task(self._show(client, job, head_sha, run, progress))
        try:
            yield progress
        finally:
            if not progress.begun:
                showing.cancel()
            (error,) = await asyncio.gather(showing, return_exceptions=True)
            if isinstance(error, Exception):  # it was a courtesy: the review goes on
                log.warning("progress_not_shown", error=type(error).__name__)

    async def _show(
        self,
        client: RepositoryClient,
        job: ReviewJob,
        head_sha: str,
        run: CheckRun | None,
        progress: _Progress,
    ) -> None:
        await asyncio.sleep(PROGRESS_SECONDS)
        progress.begun = True
        await self.store.begin_check(job.repository, job.number, head_sha)
        output = Output("reviewing", "The change is being analysed in the context of its project.")
        key = job.repository.id, head_sha
        async with self._head(*key):
            run = run or self._made.get(key)
            if run is None:
                begun = Gathered(status="report", head_sha=head_sha)
                progress.run, _ = await self.publisher.begin(client, begun, output, None)
            else:
                progress.run = await client.checks.complete(run, output, conclusion=None)
            self._made[key] = progress.run

    # ------------------------------------------------------------------ second step

    async def publish(self, job: ReviewJob, gathered: Outcome, *, again: bool) -> Outcome:
        """Wave 3: the review and the completed check run at once, each looking before it writes.

        `again`: an earlier attempt may have written already.
        """
        said = msgspec.convert(gathered, Gathered)
        client = self.github.repository(job.repository)
        # Kept before it is said: of two pull requests with the same head, the later one sees the earlier.
        review = HeadReview(job.number, said.conclusion, said.title, said.summary)
        await self.store.keep_review(job.repository, said.head_sha, review)
        with self.metrics.timed("publish"), counted() as spent:
            try:
                unsaid, run = await together(
                    self.publisher.post_review(client, job.number, said),
                    self._conclude(client, job, said, again=again),
                )
                if unsaid.comments:
                    async with self._head(job.repository.id, said.head_sha):
                        spoken = await self._spoken(job, said)
                        await self.publisher.add_refused(client, run, spoken, unsaid)
            except (Gone, NotFound):
                log.info("pull_request_gone")
                return {"status": "gone"}
        if unsaid.astray:
            self.metrics.job_event("astray", unsaid.astray)
        if said.advised:
            await self.store.keep_advised(job.repository, job.number, said.head_sha)
        await self.store.keep_folded(job.repository, job.number, said.folded)
        await self.store.keep_said(job.repository, job.number, unsaid.posted)
        self.sweeping.answered(job.repository, job.number, said.head_sha)
        self.metrics.reviewed(said.conclusion)
        return {"status": "published", "spent": total(said.spent, spent)}

    async def _conclude(
        self, client: RepositoryClient, job: ReviewJob, said: Gathered, *, again: bool
    ) -> CheckRun:
        """Pull requests with the same head may come here at once: the later one rewrites the run of the earlier."""
        key = job.repository.id, said.head_sha
        async with self._head(*key):
            spoken = await self._spoken(job, said, forget=True)
            known = said.run or self._made.get(key)
            elsewhere = known is None and spoken is not said  # another machine may have made it
            while True:
                run = await self.publisher.conclude(
                    client, msgspec.structs.replace(spoken, run=known), again=again or elsewhere
                )
                self._made[key] = known = run
                if not self.store.is_shared or (now := await self._spoken(job, said)) == spoken:
                    return run
                spoken = now  # another machine said something of this commit while we wrote

    async def _spoken(self, job: ReviewJob, said: Gathered, *, forget: bool = False) -> Gathered:
        """With what is said of the other pull requests whose head the commit is, now that it is asked.

        On request what was said for those that have left it is forgotten: the run that is written now has none of it.
        """
        reviews = await self.store.reviews(job.repository, said.head_sha)
        if all(review.number == job.number for review in reviews):
            return said
        numbers = {job.number, *await self._with_head(job.repository, said.head_sha)}
        if forget and (left := {review.number for review in reviews} - numbers):
            await self.store.drop_reviews(job.repository, said.head_sha, left)
        together = [review for review in reviews if review.number in numbers]
        spoken = shared(said, together, job.number)
        others = {review.number for review in together} - {job.number}
        if others and not said.applicable and await self._is_applicable_to(others, job, said.head_sha):
            return msgspec.structs.replace(spoken, applicable=True)
        return spoken

    async def _is_applicable_to(self, numbers: Iterable[int], job: ReviewJob, head_sha: str) -> bool:
        """Whether the run's button has fixes to commit for one of these pull requests."""
        if self._reports is None:
            return False
        for number in numbers:
            data = await self.store.report(self._reports.id(job.repository.id, number, head_sha))
            with contextlib.suppress(msgspec.MsgspecError):  # of another version
                if data is not None and Record.decode(data).applicable:
                    return await self._may_commit(job)
        return False

    def _head(self, repository_id: int, head_sha: str) -> asyncio.Lock:
        """Who holds it may write the check run of the commit."""
        return self._heads.setdefault((repository_id, head_sha), asyncio.Lock())

    # ------------------------------------------------------------------ third step

    async def clean_up(self, job: ReviewJob, gathered: Outcome) -> Outcome:
        """Mark fixed what is fixed; close what was begun on commits that nobody waits for any more."""
        said = msgspec.convert(gathered, Gathered)
        reviews: tuple[ReviewJob, ...] = ()
        with counted() as spent:
            try:
                reviews = await self._clean_up(job, said)
            except (Gone, NotFound):
                log.info("pull_request_gone")
        self.metrics.spent(*total(said.spent, spent))
        return {"status": "done", "reviews": msgspec.to_builtins(reviews)}

    async def _clean_up(self, job: ReviewJob, said: Gathered) -> tuple[ReviewJob, ...]:
        """Wishes for those whose check run still says what this pull request deserved."""
        client = self.github.repository(job.repository)
        if said.status == "published":
            await self.store.end_check(job.repository, job.number, said.head_sha)
            if said.fixed:
                await client.reviews.mark_all_fixed([(thread, thread.body) for thread in said.fixed])
        if said.status == "closed":
            return await self._leave(job, "")
        if not said.head_sha:  # broken off for a newer one, which sees what is left
            return ()
        if said.head_sha in await self.store.begun_checks(job.repository, job.number):
            await self.close_begun(client, job.number, said.head_sha)
        return await self._leave(job, said.head_sha)

    async def _leave(self, job: ReviewJob, head_sha: str) -> tuple[ReviewJob, ...]:
        """End what is said and begun on commits that the pull request has left, all but `head_sha`.

        Wishes for one of the others whose head such a commit still is, which rewrites their run with what was said for
        each: a quiet one, for nobody did anything there. What was said for this one stays known until then, so that a
        second attempt wishes for the same.
        """
        client = self.github.repository(job.repository)
        staying: set[int] = set()
        for left in await self.store.left_heads(job.repository, job.number, head_sha):
            others: set[int] = set()
            if left.others or left.begun:
                others = {*await self._with_head(job.repository, left.head_sha)} - {job.number}
            if others:
                staying.add(min(others & left.others or others))
            else:
                await self.store.drop_reviews(job.repository, left.head_sha, [job.number])
            if left.begun:
                await self.close_begun(client, job.number, left.head_sha, awaited=bool(others))
        return tuple(
            ReviewJob(
                repository=job.repository,
                number=number,
                trigger=f"left-{job.trigger}",
                force=True,
                quiet=True,
            )
            for number in sorted(staying)
        )

    async def conclude_fault(self, job: ReviewJob, reason: str) -> Outcome:
        """The last resort: a completed check run that says why there is no review."""
        client = self.github.repository(job.repository)
        try:
            state = await client.pulls.state(job.number)
            if state.state != "open":
                return {"status": "closed"}
            config = Config.parse(state.documents)
            run = own_run(state.check_runs, state.head_sha)
            said = msgspec.structs.replace(
                unreviewed(state.head_sha, config.on_fault, f"a fault of its own ({reason})", run),
                title=COULD_NOT,
            )
            review = HeadReview(job.number, said.conclusion, said.title, said.summary)
            await self.store.keep_review(job.repository, said.head_sha, review)
            await self._conclude(client, job, said, again=True)
            await self.store.end_check(job.repository, job.number, state.head_sha)
            reviews = await self._leave(job, state.head_sha)
        except (Gone, NotFound):
            return {"status": "gone"}
        entry = f"{job.repository.id}#{job.number}:fault:{job.trigger}"[:255]
        await self.store.record(entry, job.repository, job.number, "fastperf", "fault", reason)
        self.metrics.reviewed("fault")
        return {"status": "done", "reviews": msgspec.to_builtins(reviews)}

    # ------------------------------------------------------------------ merge queues

    async def merge_group(self, job: MergeGroupJob) -> Outcome:
        try:
            await self.queue.answer(self.github.repository(job.repository), job)
        except (Gone, NotFound):
            return {"status": "gone"}
        return {"status": "published"}

    async def conclude_group_fault(self, job: MergeGroupJob, reason: str) -> Outcome:
        """The last resort for a group: a queue that hears nothing throws its pull requests out."""
        try:
            await self.queue.give_up(self.github.repository(job.repository), job, reason)
        except (Gone, NotFound):
            return {"status": "gone"}
        self.metrics.reviewed("fault")
        return {"status": "fault"}


def _is_machine(state: PullState) -> bool:
    """A bot reads no comments; a coding agent does."""
    return state.author_is_bot and state.author.removesuffix("[bot]") not in CODING_AGENTS


def total(before: tuple[int, int, int], spent: Spent) -> tuple[int, int, int]:
    calls, points, writes = before
    return calls + spent.calls, points + spent.points, writes + spent.writes


class _Progress:
    """A check run in progress, as far as one was begun."""

    def __init__(self) -> None:
        self.begun = False
        self.run: CheckRun | None = None


def web_address(api_url: str) -> str:
    """Where people see what this API serves."""
    parts = urlsplit(api_url)
    host = parts.netloc.removeprefix("api.")
    return f"{parts.scheme}://{host}"


def _is_stale(job: ReviewJob, state: PullState, compared: Compared) -> bool:
    """Whether the delivery's commits give another change than the present ones.

    The base may have moved on without it: a head that does not even hold the old base has the same merge base.
    """
    if state.head_sha != job.head_sha:
        return True
    return state.base_sha != job.base_sha and compared.merge_base_sha == job.base_sha
