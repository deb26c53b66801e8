"""The button *Apply fixes*: commits what was proven, to the commit whose check run had the button."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from app.assessment import Assessor
from app.github.client import GitHub, RepositoryClient
from app.github.errors import Conflict, Forbidden, Invalid, NotFound, Unsupported
from app.review.config import Config
from app.review.markdown import one_line, plural
from app.review.report import Report
from app.store import Store
from app.work import CommandJob

log = structlog.get_logger(__name__)

FORKED = (
    "The branch belongs to a fork, to which fastperf never commits. The patch in the check run applies there."
)
NOT_GRANTED = "The owner has not granted `contents: write`, without which fastperf commits nothing."
NOT_PROVEN = "Applied together these fixes do not prove themselves any more. The suggestions on the lines still do, one by one."
TOO_OLD = "GitHub Enterprise Server {version} takes no commits this way. The patch in the check run applies."
HEADLINE = "Apply fixes of fastperf"


class Fixes:
    """Whether the person may is asked before; whether the app may, here."""

    def __init__(self, github: GitHub, assessor: Assessor, store: Store) -> None:
        self._github = github
        self._assessor = assessor
        self._store = store

    async def may_commit(self, installation_id: int) -> bool:
        return (await self._github.grants(installation_id)).get("contents") == "write"

    async def apply(self, client: RepositoryClient, job: CommandJob) -> str:
        """Commit the fixes of the head; what there is to answer, which is nothing when all went well.

        A head that has moved on has a check run of its own, whose button tells the truth.
        """
        state = await client.pulls.state(job.number)
        if await self._is_done(client, job, state.head_sha):
            return ""
        if state.state != "open" or state.head_sha != job.head_sha:
            log.info("fixes_are_late", head_sha=state.head_sha)
            return ""
        if state.is_fork:
            return FORKED
        if not await self.may_commit(job.repository.installation_id):
            return NOT_GRANTED
        config = Config.parse(state.documents)
        compared = await client.pulls.compare(state.base_sha, state.head_sha, number=job.number)
        assessed = await self._assessor.assess(
            client,
            compared,
            state.head_sha,
            config,
            state.base_ref,
            tip_sha=state.base_sha,
            wishes=await self._store.wishes(job.repository, job.number),
        )
        files = await self._assessor.mend(assessed)
        if not files:
            return NOT_PROVEN
        told = mended(assessed.report)
        asked = f"Asked for by {one_line(job.author)} on #{job.number}."
        body = "\n".join([*told, "", asked, "", _trailer(job)])
        try:
            sha = await client.commits.create(
                state.head_ref, state.head_sha, files, headline=HEADLINE, body=body
            )
        except Conflict:
            head_sha = await client.pulls.head(job.number)
            if not await self._is_done(client, job, head_sha):
                log.info("fixes_are_late", head_sha=head_sha)
            return ""
        except Forbidden:
            return NOT_GRANTED
        except Unsupported:
            return TOO_OLD.format(version=self._github.server.version or "this version")
        except Invalid as error:
            log.warning("fixes_refused", reason=error.reasons[:1])
            return "GitHub takes no commit on this branch: it is protected, or its rules forbid one."
        await self._record(job, sha, told)
        return ""

    async def _is_done(self, client: RepositoryClient, job: CommandJob, head_sha: str) -> bool:
        """Whether the commit was made already, before a fault kept its line from the record; then the line is there now.

        Somebody may have taken the commit off the branch meanwhile: whoever did that does not find it there again.
        """
        if await self._is_below(client, job, head_sha):
            return True
        for replaced in await client.pulls.replaced(job.number):
            if await self._is_below(client, job, replaced):
                return True
        return False

    async def _is_below(self, client: RepositoryClient, job: CommandJob, head_sha: str) -> bool:
        if head_sha == job.head_sha:
            return False
        try:
            commits = await client.commits.messages(job.head_sha, head_sha)
        except NotFound:  # nothing in common, or GitHub has thrown it away
            return False
        for sha, message in commits:
            if message.startswith(HEADLINE) and _trailer(job) in message.splitlines():
                await self._record(job, sha, message.split("\n\n")[1].splitlines())
                return True
        return False

    async def _record(self, job: CommandJob, sha: str, told: Sequence[str]) -> None:
        log.info("fixes_applied", commit=sha, fixes=len(told))
        entry = f"{job.repository.id}#{job.number}:{job.trigger}:apply"
        detail = f"{plural(len(told), 'fix', 'fixes')} in {sha}: {'; '.join(told)}"
        await self._store.record(entry, job.repository, job.number, job.author, "apply", detail)


def _trailer(job: CommandJob) -> str:
    """By which a commit is known as what this press of the button made."""
    return f"Fastperf-Delivery: {job.trigger}"


def mended(report: Report) -> list[str]:
    """What the patch mends, a line each."""
    inside = frozenset(report.mended)
    return [
        f"{finding.code} {finding.name} at {one_line(finding.path)}:{finding.line}"
        for finding in report.new
        if finding.fingerprint in inside
    ]
