"""GraphQL: review threads, comments, reviews, reactions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import auth
from .gql_fields import JSON, REACTIONS, Context, GitObject, Resolver, connection, field, repo_of
from .state import IssueComment, Pull, Reaction, Review, ReviewComment, Thread, User


@field("PullRequestReviewThread", "path")
def _thread_path(context: Context, thread: Thread, arguments: JSON) -> str:
    return thread.first.path


@field("PullRequestReviewThread", "line")
def _thread_line(context: Context, thread: Thread, arguments: JSON) -> int | None:
    return thread.first.line


@field("PullRequestReviewThread", "originalLine")
def _thread_original(context: Context, thread: Thread, arguments: JSON) -> int | None:
    return thread.first.original_line


@field("PullRequestReviewThread", "startLine")
def _thread_start(context: Context, thread: Thread, arguments: JSON) -> int | None:
    return thread.first.start_line


@field("PullRequestReviewThread", "originalStartLine")
def _thread_original_start(context: Context, thread: Thread, arguments: JSON) -> int | None:
    return thread.first.original_start_line


@field("PullRequestReviewThread", "diffSide")
def _thread_side(context: Context, thread: Thread, arguments: JSON) -> str:
    return thread.first.side


@field("PullRequestReviewThread", "startDiffSide")
def _thread_start_side(context: Context, thread: Thread, arguments: JSON) -> str | None:
    return thread.first.start_side


@field("PullRequestReviewThread", "subjectType")
def _thread_subject(context: Context, thread: Thread, arguments: JSON) -> str:
    return thread.first.subject_type.upper()


@field("PullRequestReviewThread", "isCollapsed")
def _collapsed(context: Context, thread: Thread, arguments: JSON) -> bool:
    return thread.is_resolved or thread.is_outdated


@field("PullRequestReviewThread", "viewerCanResolve")
def _can_resolve(context: Context, thread: Thread, arguments: JSON) -> bool:
    token = context.principal.token
    return token is not None and auth.has(token, "contents", "write") and not thread.is_resolved


@field("PullRequestReviewThread", "pullRequest")
def _thread_pull(context: Context, thread: Thread, arguments: JSON) -> Pull:
    return thread.pull


@field("PullRequestReviewThread", "comments")
def _thread_comments(context: Context, thread: Thread, arguments: JSON) -> JSON:
    return connection(thread.comments, arguments)


COMMENTS = ("PullRequestReviewComment", "IssueComment", "PullRequestReview")


def _each_comment(*names: str) -> Callable[[Resolver], Resolver]:
    def register(resolver: Resolver) -> Resolver:
        for parent in COMMENTS:
            field(parent, *names)(resolver)
        return resolver

    return register


@_each_comment("author")
def _author(context: Context, comment: Any, arguments: JSON) -> User:
    user: User = comment.user
    return user


@_each_comment("authorAssociation")
def _comment_association(context: Context, comment: Any, arguments: JSON) -> str:
    return context.world.render.association(repo_of(comment) or comment.pull.repo, comment.user)


@_each_comment("isMinimized")
def _minimized(context: Context, comment: Any, arguments: JSON) -> bool:
    return comment.minimized is not None


@_each_comment("minimizedReason")
def _reason(context: Context, comment: Any, arguments: JSON) -> str | None:
    return comment.minimized.lower() if comment.minimized else None


@_each_comment("viewerDidAuthor")
def _did_author(context: Context, comment: Any, arguments: JSON) -> bool:
    return comment.user is context.viewer


@_each_comment("viewerCanMinimize", "viewerCanUpdate", "viewerCanDelete")
def _can_minimize(context: Context, comment: Any, arguments: JSON) -> bool:
    return comment.user is context.viewer


@field("PullRequestReviewComment", "replyTo")
def _reply_to(context: Context, comment: ReviewComment, arguments: JSON) -> ReviewComment | None:
    return comment.in_reply_to


@field("PullRequestReviewComment", "outdated")
def _outdated(context: Context, comment: ReviewComment, arguments: JSON) -> bool:
    return comment.thread.is_outdated


@field("PullRequestReviewComment", "commit")
def _comment_commit(context: Context, comment: ReviewComment, arguments: JSON) -> GitObject:
    return GitObject(comment.repo, "Commit", comment.commit_id)


@field("PullRequestReviewComment", "originalCommit")
def _comment_original(context: Context, comment: ReviewComment, arguments: JSON) -> GitObject:
    return GitObject(comment.repo, "Commit", comment.original_commit_id)


@field("PullRequestReviewComment", "pullRequestReview")
def _comment_review(context: Context, comment: ReviewComment, arguments: JSON) -> Review:
    return comment.review


@field("PullRequestReviewComment", "url")
def _comment_url(context: Context, comment: ReviewComment, arguments: JSON) -> str:
    return str(context.world.render.review_comment(comment)["html_url"])


@field("PullRequestReview", "commit")
def _review_commit(context: Context, review: Review, arguments: JSON) -> GitObject:
    return GitObject(review.pull.repo, "Commit", review.commit_id)


@field("PullRequestReview", "comments")
def _review_comments(context: Context, review: Review, arguments: JSON) -> JSON:
    return connection(review.comments, arguments)


@field("PullRequestReviewComment", "reactions")
@field("IssueComment", "reactions")
def _reactions(context: Context, comment: ReviewComment | IssueComment, arguments: JSON) -> JSON:
    wanted = arguments.get("content")
    found = [r for r in comment.reactions if wanted in (None, REACTIONS[r.content])]
    return connection(found, arguments)


@field("Reaction", "content")
def _reaction_content(context: Context, reaction: Reaction, arguments: JSON) -> str:
    return REACTIONS[reaction.content]


@field("Bot", "login")
def _bot_login(context: Context, user: User, arguments: JSON) -> str:
    # REST says `name[bot]`, GraphQL leaves the suffix out.
    return user.login.removesuffix("[bot]")
