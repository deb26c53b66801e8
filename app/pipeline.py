"""One review, top to bottom.

Three steps, each of which may run twice: gather and analyse, publish, clean up. What passes between them is
a `Gathered`: texts to say, no sources. Whatever goes wrong inside concludes the check run by the project's
`on_fault`, neutral by default: a fault of ours never blocks a merge.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import re
import time
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from typing import Final, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
import structlog

from app.analysis import Analysis, Comparison, Request
from app.analysis.archive import LARGEST_FILE
from app.analysis.documents import LARGEST_DOCUMENT, is_document, is_link, is_python
from app.analysis.pool import without
from app.chores import Chores, external_id, is_answered, own_run
from app.crash import Crash
from app.github.client import GitHub, RepositoryClient
from app.github.documents import CONFIGURATION
from app.github.errors import Gone, Invalid, NotFound
from app.github.models import (
    Action,
    Annotation,
    ChangedFile,
    CheckRun,
    Compared,
    Conclusion,
    Output,
    PullState,
    Repository,
    ReviewComment,
    Thread,
)
from app.project import Projects
from app.reportlinks import ReportLinks
from app.review import exclusions, queue
from app.review.config import Config
from app.review.diff import Diff
from app.review.links import Links
from app.review.paths import says_generated
from app.review.record import Record
from app.review.report import Report, reconcile
from app.review.wishes import Wishes
from app.store import HeadReview, Store
from app.surveys import Surveys
from app.web.metrics import Metrics
from app.work import MergeGroupJob, Outcome, ReviewJob
from rules.engine.finding import Result, Skipped

One = TypeVar("One")
Other = TypeVar("Other")
log = structlog.get_logger(__name__)

MOST_FILES: Final = 1000
"""Changed Python files of one review."""
MOST_ROUNDS: Final = 3
"""Of asking for the sources of untouched files."""
MOST_WANTED: Final = 100
PROGRESS_SECONDS: Final = 1.5
"""A review that takes longer shows a check run in progress; a shorter one saves the call."""
LONGEST_SUMMARY: Final = 65_535
_WORST_FIRST: Final = (
    "failure",
    "action_required",
    "timed_out",
    "cancelled",
    "neutral",
    "skipped",
    "success",
)
NO_PYTHON: Final = "no Python files changed"
UNRELATED: Final = "it has no commit in common with its base"
RESCAN: Final = Action("Re-scan", "Review this commit again", "rescan")
IGNORE: Final = Action("Ignore in this PR", "Leave what blocks here alone, logged", "ignore")
CODING_AGENTS: Final = frozenset(
    {"claude", "codegen-sh", "copilot-swe-agent", "cursor", "devin-ai-integration", "factory-droid"}
    | {"google-labs-jules", "openai-codex", "openhands-agent", "sweep-ai"}
)
"""Apps that write pull requests and work on what is said there."""
_REVERT: Final = re.compile(r"revert-\d+-")
NO_WISHES: Final = Wishes()

Status = Literal["report", "closed", "done", "gone", "superseded", "published", "limited", "fault"]


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What the first step leaves for the others."""

    status: Status
    head_sha: str = ""
    conclusion: Conclusion = "neutral"
    title: str = ""
    summary: str = ""
    text: str = ""
    annotations: tuple[Annotation, ...] = ()
    comments: tuple[ReviewComment, ...] = ()
    """New ones, to be posted as one review."""
    body: str = ""
    """The review's own text, with its marker."""
    fixed: tuple[Thread, ...] = ()
    """Threads whose finding is gone; their body is what it is to say now."""
    advised: bool = False
    """It says what the project lacks, which is said once per repository."""
    folded: tuple[str, ...] = ()
    """Findings that had no room and stay in the summary from now on."""
    run: CheckRun | None = None
    """Our check run on the head, if there is one."""
    unsure: bool = False
    """A run was begun and no answer came: there may be one."""
    details_url: str | None = None
    """The report's page."""


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
        crash: Crash | None = None,
    ) -> None:
        projects = Projects(store, analysis)
        self._web_url = web_url or web_address(github.api_url)
        super().__init__(
            github,
            store,
            public_url=public_url,
            links=links,
            surveys=Surveys(projects, analysis, self._web_url, public_url),
            retention_days=retention_days,
        )
        self.analysis = analysis
        self.metrics = metrics
        self.projects = projects
        self._crash = crash or Crash()

    # ------------------------------------------------------------------ first step

    async def gather(self, job: ReviewJob) -> Outcome:
        """Ask what there is, analyse it, decide what to say. Posts nothing but a check run in progress."""
        try:
            gathered = await self._gather(job)
        except (Gone, NotFound) as error:
            log.info("pull_request_gone", error=type(error).__name__)
            gathered = Gathered(status="gone")
        outcome: Outcome = msgspec.to_builtins(gathered)
        return outcome

    async def _gather(self, job: ReviewJob) -> Gathered:
        client = self.github.repository(job.repository)
        with self._stage("ask"):
            state, compared = await self._ask(client, job)
        structlog.contextvars.bind_contextvars(head_sha=state.head_sha)
        run = own_run(state.check_runs, state.head_sha)
        if state.state != "open":
            return Gathered(status="closed", head_sha=state.head_sha, run=run)
        reviewed = is_answered(run) and await self.store.reviewed(job.repository, job.number, state.head_sha)
        if reviewed and not job.force:
            return Gathered(status="done", head_sha=state.head_sha, run=run)
        config = Config.parse(state.documents)
        if compared is None:
            return _unreviewed(state.head_sha, config.on_skip, UNRELATED, run)
        if reason := _too_large(compared):
            return _unreviewed(state.head_sha, config.on_skip, reason, run)
        wishes = await self.store.wishes(job.repository, job.number)
        advise = await self.store.advises(job.repository, job.number, state.head_sha)
        async with self._progress(client, job, state.head_sha, run) as progress:
            report, python = await self._report(
                client,
                compared,
                state.head_sha,
                config,
                state.base_ref,
                tip_sha=state.base_sha,
                wishes=wishes,
                revert=_is_revert(state),
                advise=advise,
            )
        details_url = await self._keep_report(job, state.head_sha, report) if python else None
        folded = await self.store.folded(job.repository, job.number)
        quiet = state.is_draft or bool(wishes.paused_by) or _is_machine(state)
        plan = reconcile(report, state.threads, state.head_sha, folded=folded, quiet=quiet)
        return Gathered(
            status="report",
            head_sha=state.head_sha,
            conclusion=report.conclusion,
            title=report.title if python else NO_PYTHON,
            summary=report.summary,
            text=report.text,
            annotations=report.annotations,
            comments=plan.post,
            body=plan.body,
            fixed=plan.fixed,
            advised=report.advised,
            folded=plan.folded,
            run=progress.run or run,
            unsure=progress.begun and progress.run is None,
            details_url=details_url,
        )

    async def _keep_report(self, job: ReviewJob, head_sha: str, report: Report) -> str | None:
        """Keep what the report's page shows; its address, if pages have one."""
        if self._reports is None:
            return None
        report_id = self._reports.id(job.repository.id, job.number, head_sha)
        record = Record.of(report, job.repository.full_name, job.number, head_sha)
        await self.store.keep_report(job.repository, report_id, record.encode())
        return self._reports.url(report_id) or None

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

    async def _report(
        self,
        client: RepositoryClient,
        compared: Compared,
        head_sha: str,
        config: Config,
        base_ref: str,
        *,
        tip_sha: str,
        wishes: Wishes = NO_WISHES,
        revert: bool = False,
        advise: bool = False,
    ) -> tuple[Report, bool]:
        """The report on a change, and whether it touches Python at all."""
        diff = Diff.of(compared.files)
        links = Links(self._web_url, client.repository.full_name, head_sha, self._public_url)
        relevant = [file for file in compared.files if _matters(file, config)]
        advisory = revert or config.is_advisory(base_ref)
        excluded = exclusions.by_path(compared.files, config)
        if not relevant:
            nothing = Result()
            report = Report.of(
                nothing, nothing, diff, config, links, excluded=excluded, advisory=advisory, wishes=wishes
            )
            return report, _has_python(compared)
        with self._stage("read"):
            request, skipped = await self._request(client, compared, relevant, head_sha, config)
            generated = exclusions.by_header(request.before, request.after, request.renamed)
            request = msgspec.structs.replace(
                without(request, {skip.path for skip in generated}), advise=advise
            )
        with self._stage("analyse"):
            self._crash.at("in-analysis")
            comparison, request = await self._compare(client, compared.merge_base_sha, request)
            if tip_sha != compared.merge_base_sha and comparison.is_worse:
                comparison.tip = await self._standing(client, tip_sha, relevant, request, comparison, config)
        await self._keep_facts(client.repository, compared, comparison)
        report = Report.of(
            comparison.before,
            comparison.after,
            diff,
            config,
            links,
            skipped=skipped,
            excluded=(*excluded, *generated),
            excerpts=comparison.excerpts,
            tip=comparison.tip,
            advisory=advisory,
            wishes=wishes,
            advise=advise,
        )
        return report, True

    async def _request(
        self,
        client: RepositoryClient,
        compared: Compared,
        relevant: list[ChangedFile],
        head_sha: str,
        config: Config,
    ) -> tuple[Request, list[Skipped]]:
        """Wave 2: the changed files in both versions, and the project around them."""
        base_sha = compared.merge_base_sha
        old = [file.previous_path or file.path for file in relevant if file.status not in {"added", "copied"}]
        new = [file.path for file in relevant if file.status != "removed"]
        touched = {file.path for file in compared.files} | {
            file.previous_path for file in compared.files if file.previous_path
        }

        def wants(path: str) -> bool:
            return path not in touched and (not is_python(path) or not config.excludes(path))

        contents, project = await together(
            client.contents.texts([(base_sha, path) for path in old] + [(head_sha, path) for path in new]),
            self.projects.at(client, base_sha, wants),
        )
        before = {path: contents.get((base_sha, path)) for path in old}
        after = {path: contents.get((head_sha, path)) for path in new}
        skipped = [
            Skipped(path, "the file is too large")
            for path, content in after.items()
            if content is not None and is_python(path) and len(content) > LARGEST_FILE
        ]
        request = Request(
            before=_sources(before, skipped, config),
            after=_sources(after, skipped, config),
            others=dict(project.facts),
            documents_before=dict(project.documents) | _texts(before),
            documents_after=dict(project.documents) | _texts(after),
            options=config.options(),
            removed=[file.path for file in relevant if file.status == "removed"],
            renamed={
                file.path: file.previous_path
                for file in relevant
                if file.status == "renamed" and file.previous_path
            },
        )
        return request, skipped

    async def _compare(
        self, client: RepositoryClient, base_sha: str, request: Request
    ) -> tuple[Comparison, Request]:
        """Analyse; give the analysis the untouched sources it asks for, which are the same in both versions.

        Returns the last request too.
        """
        for _ in range(MOST_ROUNDS):
            comparison = await self.analysis.compare(request)
            wanted = [path for path in comparison.wanted if path in request.others][:MOST_WANTED]
            if not wanted:
                break
            contents = await client.contents.texts([(base_sha, path) for path in wanted])
            sources = {path: content for (_, path), content in contents.items() if content is not None}
            request = msgspec.structs.replace(
                request,
                before=request.before | sources,
                after=request.after | sources,
                others={path: facts for path, facts in request.others.items() if path not in sources},
            )
        return comparison, request

    async def _standing(
        self,
        client: RepositoryClient,
        tip_sha: str,
        relevant: Sequence[ChangedFile],
        request: Request,
        comparison: Comparison,
        config: Config,
    ) -> Result | None:
        """What the base branch says by now of the changed files: one call more, and only when there is news.

        None when the files stand there as at the merge base.
        """
        paths = {path for file in relevant for path in (file.path, file.previous_path) if path}
        wanted = [path for path in sorted(paths) if is_python(path) and not config.excludes(path)]
        contents = await client.contents.texts([(tip_sha, path) for path in wanted])
        tip = {path: content for (_, path), content in contents.items()}
        if all(request.before.get(path) == content for path, content in tip.items()):
            return None
        return await self.analysis.standing(request, comparison, tip)

    async def _keep_facts(self, repository: Repository, compared: Compared, comparison: Comparison) -> None:
        """When this change is merged, its files will be part of somebody's project."""
        shas = {file.path: file.sha for file in compared.files if file.sha}
        facts = {shas[path]: facts for path, facts in comparison.facts.items() if path in shas}
        await self.projects.keep_facts(repository, facts)

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
        if run is None:
            progress.run = await client.checks.create(head_sha, external_id(head_sha), output)
        else:
            progress.run = await client.checks.complete(run, output, conclusion=None)
        self._crash.at("after-check-begun")

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
        spoken = shared(said, await self.store.reviews(job.repository, said.head_sha), job.number)
        with self._stage("publish"):
            try:
                refused, run = await together(
                    self._post_review(client, job.number, said), self._conclude(client, spoken, again=again)
                )
                if refused:
                    await self._add_refused(client, run, spoken, refused)
            except (Gone, NotFound):
                log.info("pull_request_gone")
                return {"status": "gone"}
        if said.advised:
            await self.store.keep_advised(job.repository, job.number, said.head_sha)
        await self.store.keep_folded(job.repository, job.number, said.folded)
        self.metrics.reviewed(said.conclusion)
        return {"status": "published"}

    async def _post_review(
        self, client: RepositoryClient, number: int, said: Gathered
    ) -> tuple[ReviewComment, ...]:
        """One review with all new comments; those whose place GitHub refuses."""
        if not said.comments:
            return ()
        self._crash.at("before-review")
        await self._crash.hold_for("after-check")
        try:
            posted = await client.reviews.create(
                number, commit_id=said.head_sha, body=said.body, comments=said.comments
            )
        except Invalid as error:  # GitHub takes none of it, for whatever reason: the check run says it all
            log.error("review_refused", status=error.status, comments=len(said.comments))
            return said.comments
        if posted.moved_to:
            log.info("head_moved", to=posted.moved_to)
        self._crash.at("after-review")
        return posted.refused

    async def _conclude(self, client: RepositoryClient, said: Gathered, *, again: bool) -> CheckRun:
        """The one run on the head, completed: the present one is rewritten, else a new one is made."""
        await self._crash.hold_for("before-review")
        await self._crash.hold_for("after-review")
        output = Output(said.title, said.summary, said.text, said.annotations)
        run = said.run
        if run is None and (again or said.unsure):
            run = await client.checks.find(said.head_sha, external_id(said.head_sha))
        if run is None:
            run = await client.checks.create(
                said.head_sha,
                external_id(said.head_sha),
                output,
                conclusion=said.conclusion,
                actions=_buttons(said),
                details_url=said.details_url,
            )
        else:
            run = await client.checks.complete(
                run,
                output,
                conclusion=said.conclusion,
                actions=_buttons(said),
                details_url=said.details_url,
            )
        self._crash.at("after-check")
        return run

    async def _add_refused(
        self, client: RepositoryClient, run: CheckRun, said: Gathered, refused: tuple[ReviewComment, ...]
    ) -> None:
        annotations = said.annotations + tuple(_annotation(comment) for comment in refused)
        output = Output(said.title, said.summary, said.text, annotations)
        await client.checks.complete(run, output, conclusion=said.conclusion, actions=_buttons(said))

    # ------------------------------------------------------------------ third step

    async def clean_up(self, job: ReviewJob, gathered: Outcome) -> Outcome:
        """Mark fixed what is fixed; close what was begun on commits that nobody waits for any more."""
        said = msgspec.convert(gathered, Gathered)
        self._crash.at("before-clean-up")
        client = self.github.repository(job.repository)
        try:
            if said.status == "published":
                await self.store.end_check(job.repository, job.number, said.head_sha)
                if said.fixed:
                    await client.reviews.mark_all_fixed([(thread, thread.body) for thread in said.fixed])
            if said.status == "closed":
                await self.store.drop_reviews(job.repository, job.number)
            await self._close_begun(client, job)
        except (Gone, NotFound):
            log.info("pull_request_gone")
        return {"status": "done"}

    async def _close_begun(self, client: RepositoryClient, job: ReviewJob) -> None:
        output = Output("superseded", "A newer commit is reviewed instead.")
        for head_sha in sorted(await self.store.begun_checks(job.repository, job.number)):
            run = await client.checks.find(head_sha, external_id(head_sha))
            if run is not None and run.status != "completed":
                await client.checks.complete(run, output, conclusion="cancelled", actions=(RESCAN,))
            await self.store.end_check(job.repository, job.number, head_sha)

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
                _unreviewed(state.head_sha, config.on_fault, f"a fault of its own ({reason})", run),
                title="fastperf could not review this commit",
            )
            await self._conclude(client, said, again=True)
            await self.store.end_check(job.repository, job.number, state.head_sha)
        except (Gone, NotFound):
            return {"status": "gone"}
        entry = f"{job.repository.id}#{job.number}:fault:{state.head_sha}"
        await self.store.record(entry, job.repository, job.number, "fastperf", "fault", reason)
        self.metrics.reviewed("fault")
        return {"status": "done"}

    # ------------------------------------------------------------------ merge queues

    async def merge_group(self, job: MergeGroupJob) -> Outcome:
        """Review what a merge queue would merge; the check run decides, and a failing one is told to whom it concerns."""
        client = self.github.repository(job.repository)
        try:
            said, report = await self._gather_group(client, job)
            await self._conclude(client, said, again=True)
            if said.conclusion == "failure" and report is not None:
                await self._tell_group(client, job, report)
        except (Gone, NotFound):
            return {"status": "gone"}
        return {"status": "published"}

    async def _gather_group(
        self, client: RepositoryClient, job: MergeGroupJob
    ) -> tuple[Gathered, Report | None]:
        compared, contents = await together(
            client.pulls.compare(job.base_sha, job.head_sha, number=0),
            client.contents.texts([(job.base_sha, name) for name in CONFIGURATION]),
        )
        config = Config.parse({path: _text(content) for (_, path), content in contents.items()})
        if reason := _too_large(compared):
            return _unreviewed(job.head_sha, config.on_skip, reason, None), None
        report, python = await self._report(
            client, compared, job.head_sha, config, job.base_ref, tip_sha=job.base_sha
        )
        gathered = Gathered(
            status="report",
            head_sha=job.head_sha,
            conclusion=report.conclusion,
            title=report.title if python else NO_PYTHON,
            summary=report.summary,
            text=report.text,
            annotations=report.annotations,
        )
        return gathered, report

    async def _tell_group(self, client: RepositoryClient, job: MergeGroupJob, report: Report) -> None:
        """One comment on each pull request of the group, once for the same problems."""
        numbers = await client.pulls.queued(job.base_sha, job.head_sha, job.head_ref)
        links = Links(self._web_url, client.repository.full_name, job.head_sha, self._public_url)
        told = queue.identity(report)
        for number in numbers:
            entry = f"{job.repository.id}#{number}:group:{told}"
            if await self.store.is_recorded(entry):
                continue
            mark = f"<!-- fastperf:group {told} -->"
            others = [other for other in numbers if other != number]
            body = f"{queue.failing_group(report, others, links)}\n{mark}"
            since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
            await client.comments.create(number, body, marker=mark, since=since)
            await self.store.record(entry, job.repository, number, "fastperf", "merge group failed", told)

    @contextlib.contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.metrics.stage(name, time.perf_counter() - began)


def _is_revert(state: PullState) -> bool:
    """Made by GitHub's Revert: what it brings back was there before, and it is in a hurry."""
    return state.title.startswith('Revert "') and _REVERT.match(state.head_ref) is not None


def _is_machine(state: PullState) -> bool:
    """A bot reads no comments; a coding agent does."""
    return state.author_is_bot and state.author.removesuffix("[bot]") not in CODING_AGENTS


def _buttons(said: Gathered) -> tuple[Action, ...]:
    return (RESCAN, IGNORE) if said.conclusion == "failure" and said.details_url else (RESCAN,)


class _Progress:
    """A check run in progress, as far as one was begun."""

    def __init__(self) -> None:
        self.begun = False
        self.run: CheckRun | None = None


async def together(first: Awaitable[One], second: Awaitable[Other]) -> tuple[One, Other]:
    """Both at once; when one fails the other is cancelled, and the error comes as it is."""
    tasks = asyncio.ensure_future(first), asyncio.ensure_future(second)
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def shared(said: Gathered, reviews: Sequence[HeadReview], number: int) -> Gathered:
    """What the one check run on a head says when several open pull requests have it: the worst conclusion wins."""
    others = [review for review in reviews if review.number != number]
    if not others:
        return said
    mine = HeadReview(number, said.conclusion, said.title, said.summary)
    worst = min([mine, *others], key=lambda review: (_WORST_FIRST.index(review.conclusion), review.number))
    summary = f"{said.summary}\n\n---\n*This commit is also the head of other pull requests.*\n"
    for review in others:
        section = f"\n## #{review.number}: {review.title}\n\n{review.summary}\n"
        if len((summary + section).encode()) <= LONGEST_SUMMARY:
            summary += section
    title = said.title if worst is mine else f"{worst.title} (in #{worst.number})"
    conclusion = msgspec.convert(worst.conclusion, Conclusion)
    return msgspec.structs.replace(said, conclusion=conclusion, title=title, summary=summary)


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


def _too_large(compared: Compared) -> str:
    if not compared.complete:
        return "it changes more files than GitHub lists"
    changed = sum(is_python(file.path) for file in compared.files)
    return f"it changes {changed} Python files, {MOST_FILES} at most" if changed > MOST_FILES else ""


def _unreviewed(head_sha: str, conclusion: Conclusion, reason: str, run: CheckRun | None) -> Gathered:
    return Gathered(
        status="report",
        head_sha=head_sha,
        conclusion=conclusion,
        title="not reviewed",
        summary=f"This change was not reviewed: {reason}.",
        run=run,
    )


def _matters(file: ChangedFile, config: Config) -> bool:
    paths = {file.path, file.previous_path or file.path}
    return any(is_document(path) or (is_python(path) and not config.excludes(path)) for path in paths)


def _has_python(compared: Compared) -> bool:
    return any(is_python(file.path) or is_python(file.previous_path or "") for file in compared.files)


def _sources(
    contents: Mapping[str, bytes | None], skipped: list[Skipped], config: Config
) -> dict[str, bytes]:
    too_large = {skip.path for skip in skipped}
    return {
        path: content
        for path, content in contents.items()
        if content is not None
        and is_python(path)
        and not is_link(content)
        and path not in too_large
        and not config.excludes(path)
        and not says_generated(content)
    }


def _texts(contents: Mapping[str, bytes | None]) -> dict[str, str]:
    return {
        path: content.decode(errors="replace")
        for path, content in contents.items()
        if content is not None and is_document(path) and len(content) <= LARGEST_DOCUMENT
    }


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode(errors="replace")


def _annotation(comment: ReviewComment) -> Annotation:
    """A comment whose place GitHub does not take, said in the check run."""
    return Annotation(
        path=comment.path,
        start_line=comment.start_line or comment.line,
        end_line=comment.line,
        annotation_level="warning",
        message=comment.body,
        title=comment.code,
    )
