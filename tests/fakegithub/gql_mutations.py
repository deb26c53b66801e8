"""GraphQL: what an app may change."""

from __future__ import annotations

import base64
from typing import Any

from . import branches, ops_reviews, rules
from .call import Event
from .gitrepo import Content
from .gql_fields import JSON, REACTIONS, Context, GitObject, ProblemError, field, found, ref_of, repo_of
from .ops_issues import react
from .state import IssueComment, Pull, Repo, Review, ReviewComment, Thread, User


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
    if (thread.resolved_by is None) != (user is None):
        action = "unresolved" if user is None else "resolved"
        parts = {"pull": thread.pull, "thread": thread}
        told = Event("pull_request_review_thread", action, thread.pull.repo, context.viewer, parts)
        context.events.append(told)
    thread.resolved_by = user
    return _payload(arguments, thread=thread)


@field("Mutation", "resolveReviewThread")
def _resolve_mutation(context: Context, source: Any, arguments: JSON) -> JSON:
    return _resolve_thread(context, arguments, context.viewer)


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
    if comment.user is not context.viewer:
        raise ProblemError("FORBIDDEN", "Resource not accessible by integration")
    if len(body) > rules.BODY_LIMIT or not body.strip():
        raise ProblemError("UNPROCESSABLE", f"Body is too long (maximum is {rules.BODY_LIMIT} characters)")


@field("Mutation", "createCommitOnBranch")
def _commit(context: Context, source: Any, arguments: JSON) -> JSON:
    """One commit on a branch's tip, which has to be where the client thinks it is."""
    sent = arguments["input"]
    branch, message = sent["branch"], sent["message"]
    name = branch.get("branchName")
    if branch.get("id") is not None or not name or not branch.get("repositoryNameWithOwner"):
        raise ProblemError(
            "UNPROCESSABLE", "Either `id` or `repositoryNameWithOwner` and `branchName` are needed."
        )
    repo = context.world.state.repo(branch["repositoryNameWithOwner"])
    if repo is None or not context.sees(repo):
        said = f"Could not resolve to a Repository with the name '{branch['repositoryNameWithOwner']}'."
        raise ProblemError("NOT_FOUND", said)
    context.need(repo, "contents", "write")
    tip = ref_of(repo, f"refs/heads/{name}")
    if name.startswith("refs/") or tip is None:
        raise ProblemError("NOT_FOUND", f'No branch named "{name}" was found.')
    if name in repo.protected:
        raise ProblemError("UNPROCESSABLE", f"Cannot update this protected ref: {name}")
    if tip.oid != sent["expectedHeadOid"]:
        said = f'Expected branch to point to "{sent["expectedHeadOid"]}" but it did not. Pull and try again.'
        raise ProblemError("STALE_DATA", said)
    if not message["headline"].strip():
        raise ProblemError("UNPROCESSABLE", "A commit message headline is required.")
    files = _changes(context, repo, tip.oid, sent.get("fileChanges") or {})
    text = message["headline"] + (f"\n\n{message['body']}" if message.get("body") else "")
    sha = repo.git.commit(
        name, files, text, parent=tip.oid, author=context.viewer.login.removesuffix("[bot]")
    )
    context.events += branches.advance(context.world, repo, name, sha, context.viewer)
    return _payload(arguments, commit=GitObject(repo, "Commit", sha), ref=ref_of(repo, f"refs/heads/{name}"))


def _changes(context: Context, repo: Repo, tip: str, changes: JSON) -> dict[str, Content]:
    """The files of a commit; those that are there keep their mode. Raises ProblemError as GitHub validates."""
    files: dict[str, Content] = {}
    for change in [*(changes.get("additions") or []), *(changes.get("deletions") or [])]:
        path = change["path"]
        if path in files:
            raise ProblemError("UNPROCESSABLE", f"A path was requested to be changed more than once: {path}")
        if not path or path.startswith("/") or {"", ".", "..", ".git"} & set(path.split("/")):
            raise ProblemError("UNPROCESSABLE", f"The path is not valid: {path}")
        entry = repo.git.entry(tip, path)
        if "contents" not in change:
            if entry is None:
                raise ProblemError(
                    "UNPROCESSABLE", f"A path was requested for deletion which does not exist: {path}"
                )
            files[path] = None
            continue
        if path.startswith(".github/workflows/"):
            context.need(repo, "workflows", "write")
        try:
            data = base64.b64decode(change["contents"], validate=True)
        except ValueError:
            raise ProblemError("UNPROCESSABLE", f"The contents of {path} are not valid Base64.") from None
        files[path] = (entry[0] if entry else "100644", data)
    return files


@field("Mutation", "addReaction")
def _add_reaction(context: Context, source: Any, arguments: JSON) -> JSON:
    comment = found(context, arguments["input"]["subjectId"], ReviewComment, IssueComment)
    context.need(comment.repo, "pull_requests", "write")
    content = next(name for name, value in REACTIONS.items() if value == arguments["input"]["content"])
    reaction, _ = react(context.world.state, comment, context.viewer, content)
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
    state, bot = context.world.state, context.viewer
    review = review or ops_reviews.new_review(state, pull, bot, body="", event=None, commit=pull.head_sha)
    made = ops_reviews.add_comment(state, review, place, sent["body"])
    return _payload(arguments, thread=made.thread)
