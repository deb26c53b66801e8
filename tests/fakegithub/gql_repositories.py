"""GraphQL: the query's roots, repositories and git objects."""

from __future__ import annotations

import re
from typing import Any

from .gql_fields import (
    JSON,
    Context,
    GitObject,
    ProblemError,
    Ref,
    connection,
    field,
    found,
    pull_state,
    ref_of,
)
from .state import Installation, Pull, Repo, iso, node_id

MAX_TEXT = 512_000


# Roots


@field("Query", "viewer")
def _viewer(context: Context, source: Any, arguments: JSON) -> JSON:
    bot = context.viewer
    return {
        "__typename": "User",
        "login": bot.login,
        "id": node_id(bot),
        "databaseId": bot.id,
        "url": f"{context.world.render.html}/apps/{context.world.app.slug}",
    }


@field("Query", "rateLimit")
def _rate_limit(context: Context, source: Any, arguments: JSON) -> JSON:
    bucket = context.world.limits.bucket(context.principal.key, "graphql", context.world.state.clock())
    return {
        "limit": bucket.limit,
        "cost": context.cost,
        "remaining": bucket.remaining,
        "used": bucket.used,
        "resetAt": iso(bucket.reset),
        "nodeCount": 0,
    }


@field("Query", "repository")
def _repository(context: Context, source: Any, arguments: JSON) -> Repo:
    name = f"{arguments['owner']}/{arguments['name']}"
    state = context.world.state
    repo = state.repo(name)
    if repo is None and arguments.get("followRenames", True):
        repo = state.renamed(name)
    if repo is None or not context.sees(repo):
        raise ProblemError("NOT_FOUND", f"Could not resolve to a Repository with the name '{name}'.")
    return repo


@field("Query", "node")
def _node(context: Context, source: Any, arguments: JSON) -> Any:
    thing = found(context, arguments["id"])
    if isinstance(thing, Installation):
        raise ProblemError(
            "NOT_FOUND", f"Could not resolve to a node with the global id of '{arguments['id']}'"
        )
    return thing


@field("Query", "nodes")
def _nodes(context: Context, source: Any, arguments: JSON) -> list[Any]:
    return [found(context, identity) for identity in arguments["ids"]]


# Repository


@field("Repository", "nameWithOwner")
def _full_name(context: Context, repo: Repo, arguments: JSON) -> str:
    return repo.full_name


@field("Repository", "isPrivate")
def _private(context: Context, repo: Repo, arguments: JSON) -> bool:
    return repo.private


@field("Repository", "isFork")
def _fork(context: Context, repo: Repo, arguments: JSON) -> bool:
    return repo.fork_of is not None


@field("Repository", "url")
def _repo_page(context: Context, repo: Repo, arguments: JSON) -> str:
    return f"{context.world.render.html}/{repo.full_name}"


@field("Repository", "defaultBranchRef")
def _default(context: Context, repo: Repo, arguments: JSON) -> Ref | None:
    return ref_of(repo, f"refs/heads/{repo.default_branch}")


@field("Repository", "ref")
def _ref_field(context: Context, repo: Repo, arguments: JSON) -> Ref | None:
    context.need(repo, "contents")
    name = arguments["qualifiedName"]
    return ref_of(repo, name if name.startswith("refs/") else f"refs/heads/{name}")


@field("Ref", "name")
def _ref_name(context: Context, ref: Ref, arguments: JSON) -> str:
    return ref.name.removeprefix("refs/heads/")


@field("Ref", "target")
def _ref_target(context: Context, ref: Ref, arguments: JSON) -> GitObject:
    context.need(ref.repo, "contents")
    return GitObject(ref.repo, "Commit", ref.oid)


@field("Repository", "object")
def _object(context: Context, repo: Repo, arguments: JSON) -> GitObject | None:
    context.need(repo, "contents")
    expression = arguments.get("expression") or arguments.get("oid")
    if expression is None:
        raise ProblemError("ARGUMENT_ERROR", "You must provide one of `expression` or `oid`.")
    revision, colon, path = expression.partition(":")
    git = repo.git
    commit = git.ref(revision or repo.default_branch)
    if commit is None:
        found = git.object(revision) if re.fullmatch(r"[0-9a-f]{40}", revision) else None
        if found is None or colon:
            return None
        return GitObject(repo, found[0].capitalize(), revision)
    if not colon:
        return GitObject(repo, "Commit", commit)
    entry = git.entry(commit, path)
    if entry is None or entry[0] == "160000":
        return None
    return GitObject(repo, "Tree" if entry[0] == "040000" else "Blob", entry[1])


@field("Repository", "pullRequest")
def _pull(context: Context, repo: Repo, arguments: JSON) -> Pull:
    context.need(repo, "pull_requests")
    pull = repo.pulls.get(arguments["number"])
    if pull is None:
        raise ProblemError(
            "NOT_FOUND", f"Could not resolve to a PullRequest with the number of {arguments['number']}."
        )
    return pull


@field("Repository", "pullRequests")
def _pulls(context: Context, repo: Repo, arguments: JSON) -> JSON:
    context.need(repo, "pull_requests")
    states = arguments.get("states")
    base, head = arguments.get("baseRefName"), arguments.get("headRefName")
    found = [
        pull
        for pull in repo.pulls.values()
        if (not states or pull_state(pull) in states)
        and (not base or pull.base_ref == base)
        and (not head or pull.head_ref == head)
    ]
    order = arguments.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    updated = order["field"] == "UPDATED_AT"
    found.sort(key=lambda pull: (pull.updated_at if updated else pull.created_at, pull.number))
    return connection(found[::-1] if order["direction"] == "DESC" else found, arguments)


@field("Repository", "mergeQueue")
def _queue(context: Context, repo: Repo, arguments: JSON) -> JSON | None:
    """The groups that are still there, the newest place of each pull request."""
    context.need(repo, "merge_queues")
    branch = arguments.get("branch") or repo.default_branch
    places: dict[int, JSON] = {}
    for group in repo.merge_groups:
        if group.base_ref != f"refs/heads/{branch}" or repo.git.ref(group.head_ref) is None:
            continue
        for pull, sha in zip(group.pulls, group.commits, strict=True):
            places.pop(pull.number, None)
            places[pull.number] = {"pullRequest": pull, "headCommit": GitObject(repo, "Commit", sha)}
    if not places:
        return None
    return {"entries": [{**place, "position": index} for index, place in enumerate(places.values(), 1)]}


@field("MergeQueue", "entries")
def _queue_entries(context: Context, queue: JSON, arguments: JSON) -> JSON:
    return connection(queue["entries"], arguments)


# Git objects


@field("Blob", "byteSize")
def _size(context: Context, blob: GitObject, arguments: JSON) -> int:
    return len(blob.repo.git.blob(blob.oid) or b"")


@field("Blob", "isBinary")
def _binary(context: Context, blob: GitObject, arguments: JSON) -> bool:
    return b"\0" in (blob.repo.git.blob(blob.oid) or b"")[:8000]


@field("Blob", "isTruncated")
def _truncated(context: Context, blob: GitObject, arguments: JSON) -> bool:
    return len(blob.repo.git.blob(blob.oid) or b"") > MAX_TEXT


@field("Blob", "text")
def _text(context: Context, blob: GitObject, arguments: JSON) -> str | None:
    data = blob.repo.git.blob(blob.oid) or b""
    return None if b"\0" in data[:8000] else data[:MAX_TEXT].decode("utf-8", "replace")


@field("Tree", "entries")
def _entries(context: Context, tree: GitObject, arguments: JSON) -> list[JSON]:
    rows = tree.repo.git.tree(tree.oid) or []
    kinds = {"040000": "tree", "160000": "commit"}
    return [
        {"name": name, "oid": oid, "mode": int(mode, 8), "type": kinds.get(mode, "blob"), "path": name}
        for mode, name, oid in rows
    ]


@field("Commit", "committedDate")
def _committed(context: Context, commit: GitObject, arguments: JSON) -> str:
    info = commit.repo.git.commit_info(commit.oid)
    assert info is not None
    return iso(info.committed)


@field("Commit", "message")
def _message(context: Context, commit: GitObject, arguments: JSON) -> str:
    info = commit.repo.git.commit_info(commit.oid)
    assert info is not None
    return info.message


@field("Commit", "tree")
def _commit_tree(context: Context, commit: GitObject, arguments: JSON) -> GitObject:
    info = commit.repo.git.commit_info(commit.oid)
    assert info is not None
    return GitObject(commit.repo, "Tree", info.tree)


@field("Commit", "parents")
def _parents(context: Context, commit: GitObject, arguments: JSON) -> JSON:
    info = commit.repo.git.commit_info(commit.oid)
    assert info is not None
    return connection([GitObject(commit.repo, "Commit", sha) for sha in info.parents], arguments)


@field("Commit", "file")
def _commit_file(context: Context, commit: GitObject, arguments: JSON) -> JSON | None:
    entry = commit.repo.git.entry(commit.oid, arguments["path"])
    if entry is None:
        return None
    kind = "Tree" if entry[0] == "040000" else "Blob"
    target = GitObject(commit.repo, kind, entry[1])
    return {
        "oid": entry[1],
        "mode": int(entry[0], 8),
        "type": kind.lower(),
        "path": arguments["path"],
        "object": target,
    }


@field("Commit", "associatedPullRequests")
def _associated(context: Context, commit: GitObject, arguments: JSON) -> JSON:
    from .ops_pulls import pulls_with

    context.need(commit.repo, "pull_requests")
    return connection(pulls_with(commit.repo, commit.oid), arguments)
