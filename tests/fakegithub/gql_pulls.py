"""GraphQL: pull requests."""

from __future__ import annotations

import itertools

from . import ops_reviews
from .gitrepo import FileDiff
from .gql_fields import (
    JSON,
    Context,
    GitObject,
    Ref,
    UnimplementedError,
    connection,
    field,
    pull_state,
    ref_of,
)
from .state import Pull, Repo, Thread, User


@field("PullRequest", "state")
def _state(context: Context, pull: Pull, arguments: JSON) -> str:
    return pull_state(pull)


@field("PullRequest", "headRefOid")
def _head_oid(context: Context, pull: Pull, arguments: JSON) -> str:
    return pull.head_sha


@field("PullRequest", "baseRefOid")
def _base_oid(context: Context, pull: Pull, arguments: JSON) -> str:
    return pull.base_sha


@field("PullRequest", "headRefName")
def _head_name(context: Context, pull: Pull, arguments: JSON) -> str:
    return pull.head_ref


@field("PullRequest", "baseRefName")
def _base_name(context: Context, pull: Pull, arguments: JSON) -> str:
    return pull.base_ref


@field("PullRequest", "baseRef")
def _base_ref(context: Context, pull: Pull, arguments: JSON) -> Ref | None:
    return ref_of(pull.repo, f"refs/heads/{pull.base_ref}")


@field("PullRequest", "headRef")
def _head_ref(context: Context, pull: Pull, arguments: JSON) -> Ref | None:
    return ref_of(pull.head_repo, f"refs/heads/{pull.head_ref}") if pull.head_repo else None


@field("PullRequest", "isDraft")
def _draft(context: Context, pull: Pull, arguments: JSON) -> bool:
    return pull.draft


@field("PullRequest", "merged")
def _merged(context: Context, pull: Pull, arguments: JSON) -> bool:
    return pull.merged_at is not None


@field("PullRequest", "closed")
def _closed(context: Context, pull: Pull, arguments: JSON) -> bool:
    return pull.state == "closed"


@field("PullRequest", "mergeable")
def _mergeable(context: Context, pull: Pull, arguments: JSON) -> str:
    return "MERGEABLE" if pull.mergeable else "CONFLICTING"


@field("PullRequest", "mergeStateStatus")
def _merge_state(context: Context, pull: Pull, arguments: JSON) -> str:
    return context.world.render.mergeable_state(pull).upper()


@field("PullRequest", "isCrossRepository")
def _cross(context: Context, pull: Pull, arguments: JSON) -> bool:
    return pull.head_repo is not pull.repo


@field("PullRequest", "headRepository")
def _head_repo(context: Context, pull: Pull, arguments: JSON) -> Repo | None:
    repo = pull.head_repo
    return repo if repo is not None and context.sees(repo) else None


@field("PullRequest", "repository", "baseRepository")
def _base_repo(context: Context, pull: Pull, arguments: JSON) -> Repo:
    return pull.repo


@field("PullRequest", "url")
def _pull_url(context: Context, pull: Pull, arguments: JSON) -> str:
    return f"{context.world.render.html}/{pull.repo.full_name}/pull/{pull.number}"


@field("PullRequest", "labels")
def _labels(context: Context, pull: Pull, arguments: JSON) -> JSON:
    return connection(pull.labels, arguments)


@field("PullRequest", "author")
def _pull_author(context: Context, pull: Pull, arguments: JSON) -> User:
    return pull.author


@field("PullRequest", "authorAssociation")
def _association(context: Context, pull: Pull, arguments: JSON) -> str:
    return context.world.render.association(pull.repo, pull.author)


@field("PullRequest", "changedFiles")
def _changed(context: Context, pull: Pull, arguments: JSON) -> int:
    return len(_files_of(pull))


@field("PullRequest", "additions")
def _additions(context: Context, pull: Pull, arguments: JSON) -> int:
    return sum(file.additions for file in _files_of(pull))


@field("PullRequest", "deletions")
def _deletions(context: Context, pull: Pull, arguments: JSON) -> int:
    return sum(file.deletions for file in _files_of(pull))


def _files_of(pull: Pull) -> tuple[FileDiff, ...]:
    return pull.repo.git.three_dot(pull.base_sha, pull.head_sha)


@field("PullRequest", "files")
def _files(context: Context, pull: Pull, arguments: JSON) -> JSON:
    kinds = {"removed": "DELETED"}
    made = [
        {
            "path": file.path,
            "additions": file.additions,
            "deletions": file.deletions,
            "changeType": kinds.get(file.status, file.status.upper()),
        }
        for file in _files_of(pull)
    ]
    return connection(made, arguments)


@field("PullRequest", "commits")
def _commits(context: Context, pull: Pull, arguments: JSON) -> JSON:
    shas = pull.repo.git.log(pull.head_sha, exclude=pull.base_sha)[::-1]
    made = [{"commit": GitObject(pull.repo, "Commit", sha)} for sha in shas]
    return connection(made, arguments)


@field("PullRequest", "reviewThreads")
def _threads(context: Context, pull: Pull, arguments: JSON) -> JSON:
    return connection(_visible(context, pull), arguments)


def _visible(context: Context, pull: Pull) -> list[Thread]:
    bot = context.viewer
    return [t for t in pull.threads if t.first.review.state != "PENDING" or t.first.user is bot]


@field("PullRequest", "reviews")
def _reviews(context: Context, pull: Pull, arguments: JSON) -> JSON:
    states = arguments.get("states")
    found = ops_reviews.visible(pull, context.viewer)
    return connection([review for review in found if not states or review.state in states], arguments)


@field("PullRequest", "comments")
def _comments(context: Context, pull: Pull, arguments: JSON) -> JSON:
    return connection([c for c in pull.repo.comments if c.number == pull.number], arguments)


@field("PullRequest", "timelineItems")
def _timeline(context: Context, pull: Pull, arguments: JSON) -> JSON:
    if arguments.get("itemTypes") != ["HEAD_REF_FORCE_PUSHED_EVENT"]:
        raise UnimplementedError("PullRequest.timelineItems of other types")
    git = pull.repo.git
    forced = [
        {"__typename": "HeadRefForcePushedEvent", "beforeCommit": GitObject(pull.repo, "Commit", before)}
        for before, after in itertools.pairwise(pull.heads)
        if git.merge_base(before, after) != before
    ]
    return connection(forced, arguments)
