"""Telling GitHub: one review with all comments, one completed check run, each looked for before it is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import structlog

from app.claims import Claims, Only
from app.github.client import RepositoryClient
from app.github.errors import Forbidden, GitHubError, Invalid, NotFound
from app.github.models import Action, Annotation, CheckRun, Conclusion, Output, Posted, ReviewComment
from app.review.reconcile import tokens
from app.runs import external_id
from app.verdict import LONGEST_SUMMARY, Gathered, buttons, lacking

log = structlog.get_logger(__name__)


class Unsaid(NamedTuple):
    """Comments that GitHub did not take, and why, if it is worth a sentence; what those speak of that it took."""

    comments: tuple[ReviewComment, ...] = ()
    why: str = ""
    posted: tuple[str, ...] = ()
    astray: int = 0
    """How many of them GitHub took and put elsewhere, or nowhere."""


class Publisher:
    """Each of its acts may take place twice."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims

    async def post_review(self, client: RepositoryClient, number: int, said: Gathered) -> Unsaid:
        """One review with all new comments; what remains to be said elsewhere, because GitHub refuses it here."""
        if not said.comments:
            return Unsaid()
        try:
            posted = await client.reviews.create(
                number, commit_id=said.head_sha, body=said.body, comments=said.comments
            )
        except Invalid as error:  # GitHub takes none of it, for whatever reason: the check run says it all
            log.error("review_refused", status=error.status, comments=len(said.comments))
            return Unsaid(said.comments)
        except Forbidden as error:
            log.warning("permission_missing", needs=error.accepted)
            why = (
                lacking(error.accepted)
                if error.accepted
                else "GitHub lets nobody comment on this pull request"
            )
            return Unsaid(said.comments, f"Comments are marks here: {why}.")
        if posted.moved_to:
            log.info("head_moved", to=posted.moved_to)
        astray = await self._astray(client, number, posted)
        return Unsaid(
            (*posted.refused, *astray),
            posted=tuple(token for each in posted.posted if each not in astray for token in tokens(each)),
            astray=len(astray),
        )

    async def _astray(
        self, client: RepositoryClient, number: int, posted: Posted
    ) -> tuple[ReviewComment, ...]:
        """What GitHub took and does not show where it should. Not to know is no reason to say all of it twice."""
        if posted.review_id is None or not posted.posted:
            return ()
        try:
            astray = await client.reviews.strayed(number, posted.review_id, posted.posted)
        except GitHubError as error:
            log.warning("review_not_read_back", error=type(error).__name__)
            return ()
        if astray:
            log.error("comments_astray", comments=len(astray), paths=sorted({each.path for each in astray}))
        return astray

    async def conclude(
        self, client: RepositoryClient, said: Gathered, *, again: bool, asks: bool = True
    ) -> CheckRun:
        """The one run on the head, completed: the present one is rewritten, else a new one is made.

        It `asks` by its buttons, which are those of a pull request.
        """
        actions = buttons(said) if asks else ()
        output = Output(said.title, said.summary, said.text, said.annotations)
        run = said.run
        if run is None and (again or said.unsure):
            run = await client.checks.find(said.head_sha, external_id(said.head_sha))
        if run is None:
            run, is_new = await self.begin(client, said, output, said.conclusion, actions)
            if is_new:
                return run
            try:
                return await self._complete(client, run, said, output, actions)
            except NotFound:  # what the claim names is archived, or of an older life of the repository
                await self._claims.void(client.repository, said.head_sha)
                run, is_new = await self.begin(client, said, output, said.conclusion, actions)
                if is_new:
                    return run
        return await self._complete(client, run, said, output, actions)

    async def begin(
        self,
        client: RepositoryClient,
        said: Gathered,
        output: Output,
        conclusion: Conclusion | None,
        actions: Sequence[Action] = (),
    ) -> Only:
        """The one run on the head, made unless another machine makes it at this moment; in progress without a
        `conclusion`."""
        named = external_id(said.head_sha)

        async def find() -> CheckRun:
            if (run := await client.checks.find(said.head_sha, named)) is None:
                raise NotFound("no such check run")
            return run

        async def make() -> CheckRun:
            return await client.checks.create(
                said.head_sha,
                named,
                output,
                conclusion=conclusion,
                actions=actions,
                details_url=said.details_url,
            )

        return await self._claims.only(client.repository, said.head_sha, find, make)

    async def _complete(
        self,
        client: RepositoryClient,
        run: CheckRun,
        said: Gathered,
        output: Output,
        actions: Sequence[Action],
    ) -> CheckRun:
        return await client.checks.complete(
            run, output, conclusion=said.conclusion, actions=actions, details_url=said.details_url
        )

    async def add_refused(
        self, client: RepositoryClient, run: CheckRun, said: Gathered, unsaid: Unsaid
    ) -> None:
        annotations = said.annotations + tuple(_annotation(comment) for comment in unsaid.comments)
        summary = f"{unsaid.why}\n\n{said.summary}" if unsaid.why else said.summary
        if len(summary.encode()) > LONGEST_SUMMARY:
            summary = said.summary
        output = Output(said.title, summary, said.text, annotations)
        await client.checks.complete(run, output, conclusion=said.conclusion, actions=buttons(said))


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
