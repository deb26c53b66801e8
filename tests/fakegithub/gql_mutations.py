"""GraphQL: what an app may change."""

from __future__ import annotations

from typing import Any

from . import ops_reviews, rules
from .gql_fields import JSON, REACTIONS, Context, ProblemError, field, found, repo_of
from .ops_issues import react
from .state import IssueComment, Pull, Review, ReviewComment, Thread, User


def _payload(arguments: JSON, **values: Any) -> JSON:
    return {"clientMutationId": arguments["input"].get("clientMutationId"), **values}


@field("Mutation", "minimizeComment")
def _minimize(context: Context, source: Any, arguments: JSON) -> JSON:
    comment = found(context, arguments["input"]["subjectId"], ReviewComment, IssueComment, Review)
    context.need(repo_of(comment) or comment.pull.repo, "pull_requests", "write")
    comment.minimized = arguments["input"]["classifier"]
    return _payload(arguments, minimizedComment=comment)


@field("Mutation", "unminimizeComment")
def _unminimize(context: Context, source: Any, arguments: JSON) -> JSON:
    comment = found(context, arguments["input"]["subjectId"], ReviewComment, IssueComment, Review)
    context.need(repo_of(comment) or comment.pull.repo, "pull_requests", "write")
    comment.minimized = None
    return _payload(arguments, unminimizedComment=comment)


def _resolve_thread(context: Context, arguments: JSON, user: User | None) -> JSON:
    thread: Thread = found(context, arguments["input"]["threadId"], Thread)
    context.need(thread.pull.repo, "pull_requests", "write")
    # Reading permission on code is not enough, whoever wrote the thread.
    context.need(thread.pull.repo, "contents", "write")
    thread.resolved_by = user
    return _payload(arguments, thread=thread)


@field("Mutation", "resolveReviewThread")
def _resolve_mutation(context: Context, source: Any, arguments: JSON) -> JSON:
    return _resolve_thread(context, arguments, context.world.app.bot)


@field("Mutation", "unresolveReviewThread")
def _unresolve_mutation(context: Context, source: Any, arguments: JSON) -> JSON:
    return _resolve_thread(context, arguments, None)


@field("Mutation", "updatePullRequestReviewComment")
def _update_comment(context: Context, source: Any, arguments: JSON) -> JSON:
    comment: ReviewComment = found(context, arguments["input"]["pullRequestReviewCommentId"], ReviewComment)
    context.need(comment.repo, "pull_requests", "write")
    _own_text(context, comment, arguments["input"]["body"])
    ops_reviews.edit(context.world.state, comment, arguments["input"]["body"])
    return _payload(arguments, pullRequestReviewComment=comment)


@field("Mutation", "updateIssueComment")
def _update_issue_comment(context: Context, source: Any, arguments: JSON) -> JSON:
    comment: IssueComment = found(context, arguments["input"]["id"], IssueComment)
    context.need(comment.repo, "pull_requests", "write")
    _own_text(context, comment, arguments["input"]["body"])
    comment.body, comment.updated_at = arguments["input"]["body"], context.world.state.now()
    return _payload(arguments, issueComment=comment)


def _own_text(context: Context, comment: ReviewComment | IssueComment, body: str) -> None:
    if comment.user is not context.world.app.bot:
        raise ProblemError("FORBIDDEN", "Resource not accessible by integration")
    if len(body) > rules.BODY_LIMIT or not body.strip():
        raise ProblemError("UNPROCESSABLE", f"Body is too long (maximum is {rules.BODY_LIMIT} characters)")


@field("Mutation", "addReaction")
def _add_reaction(context: Context, source: Any, arguments: JSON) -> JSON:
    comment = found(context, arguments["input"]["subjectId"], ReviewComment, IssueComment)
    context.need(comment.repo, "pull_requests", "write")
    content = next(name for name, value in REACTIONS.items() if value == arguments["input"]["content"])
    reaction, _ = react(context.world.state, comment, context.world.app.bot, content)
    return _payload(arguments, reaction=reaction, subject=comment)


@field("Mutation", "addPullRequestReviewThread")
def _add_thread(context: Context, source: Any, arguments: JSON) -> JSON:
    """A place outside the diff is accepted in silence and shown nowhere, as on the real service."""
    sent = arguments["input"]
    pull: Pull | None = found(context, sent["pullRequestId"], Pull) if sent.get("pullRequestId") else None
    review: Review | None = None
    if sent.get("pullRequestReviewId"):
        review = found(context, sent["pullRequestReviewId"], Review)
        pull = review.pull if review else pull
    if pull is None:
        raise ProblemError("UNPROCESSABLE", "A pull request or a review is needed")
    context.need(pull.repo, "pull_requests", "write")
    comment = {"path": sent.get("path"), "line": sent.get("line"), "side": sent.get("side") or "RIGHT"}
    comment |= {"start_line": sent.get("startLine"), "start_side": sent.get("startSide")}
    comment["subject_type"] = (sent.get("subjectType") or "LINE").lower()
    place, _ = rules.anchor(rules.files_at(pull, pull.head_sha), comment)
    if place is None:
        return _payload(arguments, thread=None)
    state, bot = context.world.state, context.world.app.bot
    review = review or ops_reviews.new_review(state, pull, bot, body="", event=None, commit=pull.head_sha)
    made = ops_reviews.add_comment(state, review, place, sent["body"])
    return _payload(arguments, thread=made.thread)
