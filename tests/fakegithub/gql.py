"""The GraphQL side: every document is validated against GitHub's public schema and executed on the state.

A field that the schema has and no resolver knows is an error of the stand-in and fails the test, as an
operation that is not implemented does.
"""

from __future__ import annotations

import base64
import functools
import gzip
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import graphql
from graphql import language as ast

from . import auth, ops_reviews, rules
from .gitrepo import FileDiff
from .ops_issues import react
from .spec import DATA
from .state import (
    CheckRun,
    CheckSuite,
    Installation,
    IssueComment,
    Pull,
    Reaction,
    Repo,
    Review,
    ReviewComment,
    Thread,
    User,
    iso,
    node_id,
)

if TYPE_CHECKING:
    from .server import World

JSON = dict[str, Any]
MAX_NODES = 500_000
MAX_TEXT = 512_000
TYPES = {
    "R": "Repository", "PR": "PullRequest", "PRRT": "PullRequestReviewThread", "PRRC": "PullRequestReviewComment",
    "PRR": "PullRequestReview", "IC": "IssueComment", "CR": "CheckRun", "CS": "CheckSuite", "A": "App",
    "LA": "Label", "REA": "Reaction",
}  # fmt: skip
REACTIONS = {
    "+1": "THUMBS_UP", "-1": "THUMBS_DOWN", "laugh": "LAUGH", "confused": "CONFUSED", "heart": "HEART",
    "hooray": "HOORAY", "rocket": "ROCKET", "eyes": "EYES",
}  # fmt: skip


class ProblemError(Exception):
    """An error of GitHub's kind: `type` beside the message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class UnimplementedError(Exception):
    """The schema has the field, the stand-in does not."""


@dataclass(frozen=True)
class GitObject:
    repo: Repo
    type: str
    oid: str


@dataclass(frozen=True)
class Ref:
    repo: Repo
    name: str
    oid: str


@dataclass
class Context:
    world: World
    principal: auth.Principal
    cost: int

    def need(self, repo: Repo, permission: str, level: auth.Level = "read") -> None:
        """Raises ProblemError when the token may not (reading public repositories is free)."""
        token = self.principal.token
        assert token is not None
        if level == "read" and not repo.private:
            return
        if not auth.may_see(token, repo) or not auth.has(token, permission, level):
            raise ProblemError("FORBIDDEN", "Resource not accessible by integration")

    def sees(self, repo: Repo) -> bool:
        token = self.principal.token
        assert token is not None
        return not repo.private or auth.may_see(token, repo)


Resolver = Callable[[Context, Any, JSON], Any]
RESOLVERS: dict[tuple[str, str], Resolver] = {}


def field(parent: str, *names: str) -> Callable[[Resolver], Resolver]:
    def register(resolver: Resolver) -> Resolver:
        for name in names:
            RESOLVERS[(parent, name)] = resolver
        return resolver

    return register


@functools.cache
def schema() -> graphql.GraphQLSchema:
    """GitHub's public schema, built once per process (about a second)."""
    text = gzip.decompress((DATA / "schema.graphql.gz").read_bytes()).decode()
    built = graphql.build_schema(text, assume_valid=True, no_location=True)
    # GitHub's ids left 32 bits long ago, and its Int fields carry them all the same.
    integer = built.type_map["Int"]
    assert isinstance(integer, graphql.GraphQLScalarType)
    integer.coerce_output_value = int
    return built


@functools.cache
def warm() -> None:
    """Do all that is slow the first time, so that no client's patience pays for it."""
    _parsed("{ viewer { login } }")


@functools.lru_cache(maxsize=512)
def _parsed(query: str) -> tuple[ast.DocumentNode | None, tuple[graphql.GraphQLError, ...]]:
    try:
        document = graphql.parse(query)
    except graphql.GraphQLError as error:
        return None, (error,)
    return document, tuple(graphql.validate(schema(), document))


def execute(world: World, principal: auth.Principal, body: Any) -> JSON:
    """Answer a GraphQL request."""
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        return {
            "message": "A query attribute must be specified and must be a string.",
            "errors": [_plain("A query attribute must be specified and must be a string.")],
        }
    document, errors = _parsed(body["query"])
    if document is None or errors:
        return {"errors": [_invalid(error) for error in errors]}
    variables = body.get("variables") or {}
    cost, nodes, missing = _cost(document, variables, body.get("operationName"))
    if missing:
        return {"errors": missing}
    if nodes > MAX_NODES:
        text = f"This query requests up to {nodes:,} possible nodes which exceeds the maximum limit of {MAX_NODES:,}."
        return {"errors": [_plain(text) | {"type": "MAX_NODE_LIMIT_EXCEEDED"}]}
    bucket = world.limits.bucket(principal.key, "graphql", world.state.clock())
    bucket.used += cost
    result = graphql.execute_sync(
        schema(),
        document,
        context_value=Context(world, principal, cost),
        variable_values=variables,
        operation_name=body.get("operationName"),
        field_resolver=_resolve,
        type_resolver=_type_of,
    )
    answer: JSON = {"data": result.data}
    if result.errors:
        answer["errors"] = [_formatted(world, error) for error in result.errors]
    for fault in world.faults.take("graphql", "graphql_partial"):
        fields = list(answer["data"] or {})
        keep = fields[: len(fields) // 2]
        answer["data"] = {name: value if name in keep else None for name, value in answer["data"].items()}
        message = fault.settings.get("message", "Something went wrong while executing your query.")
        answer.setdefault("errors", []).append({"message": message, "type": "SERVICE_UNAVAILABLE"})
    return answer


def _plain(message: str) -> JSON:
    return {"message": message}


def _invalid(error: graphql.GraphQLError) -> JSON:
    locations = [{"line": place.line, "column": place.column} for place in error.locations or []]
    made: JSON = {"message": error.message, "locations": locations}
    match = re.match(r"Cannot query field '(\w+)' on type '(\w+)'", error.message)
    if match:
        made["message"] = f"Field '{match[1]}' doesn't exist on type '{match[2]}'"
        made["extensions"] = {"code": "undefinedField", "typeName": match[2], "fieldName": match[1]}
    return made


def _formatted(world: World, error: graphql.GraphQLError) -> JSON:
    made: JSON = {"message": error.message, "path": list(error.path or [])}
    made["locations"] = [{"line": place.line, "column": place.column} for place in error.locations or []]
    if isinstance(error.original_error, ProblemError):
        made["type"] = error.original_error.kind
    elif error.original_error is not None:
        world.violation(f"graphql: {error.original_error!r} at {error.path}")
    return made


def _cost(document: ast.DocumentNode, variables: JSON, name: str | None) -> tuple[int, int, list[JSON]]:
    """GitHub's price in points, the nodes asked for, and errors for connections without bounds."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, ast.FragmentDefinitionNode)}
    operations = [d for d in document.definitions if isinstance(d, ast.OperationDefinitionNode)]
    operation = next(
        (o for o in operations if name is None or (o.name and o.name.value == name)), operations[0]
    )
    requests, nodes = 0, 0
    missing: list[JSON] = []

    def bound(node: ast.FieldNode) -> int | None:
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                value = argument.value
                if isinstance(value, ast.IntValueNode):
                    return int(value.value)
                if isinstance(value, ast.VariableNode):
                    return int(variables.get(value.name.value) or 0)
        return None

    def walk(selection: ast.SelectionSetNode | None, times: int) -> None:
        nonlocal requests, nodes
        for item in selection.selections if selection else ():
            if isinstance(item, ast.FragmentSpreadNode):
                walk(fragments[item.name.value].selection_set, times)
            elif isinstance(item, ast.InlineFragmentNode):
                walk(item.selection_set, times)
            elif isinstance(item, ast.FieldNode):
                count = bound(item)
                below = {
                    s.name.value
                    for s in (item.selection_set.selections if item.selection_set else ())
                    if isinstance(s, ast.FieldNode)
                }
                title = item.name.value
                if count is None and below & {"nodes", "edges"}:
                    text = f"You must provide a `first` or `last` value to properly paginate the `{title}` connection."
                    missing.append(_plain(text) | {"type": "MISSING_PAGINATION_BOUNDARIES"})
                if count is not None and not 1 <= count <= 100:
                    text = f"Requesting {count} records on the `{title}` connection exceeds the `first` limit of 100 records."
                    missing.append(_plain(text) | {"type": "EXCESSIVE_PAGINATION"})
                if count is not None:
                    requests += times
                    nodes += times * count
                walk(item.selection_set, times * (count or 1))

    walk(operation.selection_set, 1)
    return max(1, round(requests / 100)), nodes, missing


# Resolving


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def _resolve(source: Any, info: graphql.GraphQLResolveInfo[Context], **arguments: Any) -> Any:
    parent, name = info.parent_type.name, info.field_name
    resolver = RESOLVERS.get((parent, name))
    if resolver is not None:
        return resolver(info.context, source, arguments)
    if isinstance(source, Mapping):
        if name in source:
            return source[name]
    elif name == "id" and hasattr(source, "kind"):
        return node_id(source)
    elif name in ("databaseId", "fullDatabaseId") and hasattr(source, "kind"):
        return source.id if name == "databaseId" else str(source.id)
    elif hasattr(source, _snake(name)):
        return getattr(source, _snake(name))
    raise UnimplementedError(f"{parent}.{name} is not implemented by the stand-in")


def _type_of(value: Any, info: graphql.GraphQLResolveInfo[Context], abstract: Any) -> str | None:
    if isinstance(value, GitObject):
        return value.type
    if isinstance(value, User):
        return value.type
    if isinstance(value, Mapping):
        return str(value.get("__typename"))
    return TYPES.get(getattr(value, "kind", ""))


def connection(items: Sequence[Any], arguments: JSON) -> JSON:
    """One page of a list, with cursors."""
    start, end = 0, len(items)
    if arguments.get("after"):
        start = _index(arguments["after"]) + 1
    if arguments.get("before"):
        end = _index(arguments["before"])
    low, high = start, end
    if arguments.get("first") is not None:
        high = min(high, low + arguments["first"])
    elif arguments.get("last") is not None:
        low = max(low, high - arguments["last"])
    shown = list(items[low:high])
    edges = [{"node": item, "cursor": _cursor(low + i)} for i, item in enumerate(shown)]
    return {
        "nodes": shown,
        "edges": edges,
        "totalCount": len(items),
        "pageInfo": {
            "hasNextPage": high < len(items),
            "hasPreviousPage": low > 0,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }


def _cursor(index: int) -> str:
    return base64.b64encode(f"cursor:{index}".encode()).decode()


def _index(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor).decode().removeprefix("cursor:"))
    except ValueError as error:
        raise ProblemError(
            "INVALID_CURSOR_ARGUMENTS", f"`{cursor}` does not appear to be a valid cursor."
        ) from error


# Query


@field("Query", "viewer")
def _viewer(context: Context, source: Any, arguments: JSON) -> JSON:
    bot = context.world.app.bot
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


def _found(context: Context, identity: str, *kinds: type) -> Any:
    thing = context.world.state.node(identity)
    repo = _repo_of(thing)
    if (
        thing is None
        or (kinds and not isinstance(thing, kinds))
        or (repo is not None and not context.sees(repo))
    ):
        raise ProblemError("NOT_FOUND", f"Could not resolve to a node with the global id of '{identity}'")
    return thing


def _repo_of(thing: Any) -> Repo | None:
    if isinstance(thing, Repo):
        return thing
    if isinstance(thing, Thread | Review):
        return thing.pull.repo
    repo = getattr(thing, "repo", None)
    return repo if isinstance(repo, Repo) else None


@field("Query", "node")
def _node(context: Context, source: Any, arguments: JSON) -> Any:
    thing = _found(context, arguments["id"])
    if isinstance(thing, Installation):
        raise ProblemError(
            "NOT_FOUND", f"Could not resolve to a node with the global id of '{arguments['id']}'"
        )
    return thing


@field("Query", "nodes")
def _nodes(context: Context, source: Any, arguments: JSON) -> list[Any]:
    return [_found(context, identity) for identity in arguments["ids"]]


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
    return _ref(repo, f"refs/heads/{repo.default_branch}")


@field("Repository", "ref")
def _ref_field(context: Context, repo: Repo, arguments: JSON) -> Ref | None:
    context.need(repo, "contents")
    name = arguments["qualifiedName"]
    return _ref(repo, name if name.startswith("refs/") else f"refs/heads/{name}")


def _ref(repo: Repo, name: str) -> Ref | None:
    oid = repo.git.refs(name).get(name)
    return Ref(repo, name, oid) if oid else None


@field("Ref", "name")
def _ref_name(context: Context, ref: Ref, arguments: JSON) -> str:
    return ref.name.removeprefix("refs/heads/")


@field("Ref", "target")
def _ref_target(context: Context, ref: Ref, arguments: JSON) -> GitObject:
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
        if (not states or _pull_state(pull) in states)
        and (not base or pull.base_ref == base)
        and (not head or pull.head_ref == head)
    ]
    order = arguments.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    updated = order["field"] == "UPDATED_AT"
    found.sort(key=lambda pull: (pull.updated_at if updated else pull.created_at, pull.number))
    return connection(found[::-1] if order["direction"] == "DESC" else found, arguments)


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


@field("Commit", "checkSuites")
def _suites(context: Context, commit: GitObject, arguments: JSON) -> JSON:
    context.need(commit.repo, "checks")
    wanted = arguments.get("filterBy") or {}
    found = [
        suite
        for suite in commit.repo.check_suites
        if suite.head_sha == commit.oid
        and wanted.get("appId") in (None, suite.app.id)
        and (wanted.get("checkName") is None or any(run.name == wanted["checkName"] for run in suite.runs))
    ]
    return connection(found, arguments)


@field("CheckSuite", "checkRuns")
def _runs(context: Context, suite: CheckSuite, arguments: JSON) -> JSON:
    wanted = arguments.get("filterBy") or {}
    runs = suite.runs if wanted.get("checkType") == "ALL" else suite.latest
    found = [
        run
        for run in runs
        if wanted.get("checkName") in (None, run.name)
        and wanted.get("appId") in (None, run.app.id)
        and wanted.get("status") in (None, run.status.upper())
        and (not wanted.get("statuses") or run.status.upper() in wanted["statuses"])
        and (not wanted.get("conclusions") or (run.conclusion or "").upper() in wanted["conclusions"])
    ]
    return connection(found, arguments)


@field("CheckRun", "status")
@field("CheckSuite", "status")
def _status(context: Context, run: CheckRun | CheckSuite, arguments: JSON) -> str:
    return run.status.upper()


@field("CheckRun", "conclusion")
@field("CheckSuite", "conclusion")
def _conclusion(context: Context, run: CheckRun | CheckSuite, arguments: JSON) -> str | None:
    return run.conclusion.upper() if run.conclusion else None


@field("CheckRun", "title")
def _title(context: Context, run: CheckRun, arguments: JSON) -> str | None:
    return run.output.get("title")


@field("CheckRun", "summary")
def _summary(context: Context, run: CheckRun, arguments: JSON) -> str | None:
    return run.output.get("summary")


@field("CheckRun", "text")
def _run_text(context: Context, run: CheckRun, arguments: JSON) -> str | None:
    return run.output.get("text")


@field("CheckRun", "checkSuite")
def _run_suite(context: Context, run: CheckRun, arguments: JSON) -> CheckSuite:
    return run.suite


# Pull requests


def _pull_state(pull: Pull) -> str:
    return "MERGED" if pull.merged_at else pull.state.upper()


@field("PullRequest", "state")
def _state(context: Context, pull: Pull, arguments: JSON) -> str:
    return _pull_state(pull)


@field("PullRequest", "headRefOid")
def _head_oid(context: Context, pull: Pull, arguments: JSON) -> str:
    return pull.head_sha


@field("PullRequest", "baseRefOid")
def _base_oid(context: Context, pull: Pull, arguments: JSON) -> str:
    return pull.base_sha


@field("PullRequest", "baseRef")
def _base_ref(context: Context, pull: Pull, arguments: JSON) -> Ref | None:
    context.need(pull.repo, "contents")
    return _ref(pull.repo, f"refs/heads/{pull.base_ref}")


@field("PullRequest", "headRefName")
def _head_name(context: Context, pull: Pull, arguments: JSON) -> str:
    return pull.head_ref


@field("PullRequest", "baseRefName")
def _base_name(context: Context, pull: Pull, arguments: JSON) -> str:
    return pull.base_ref


@field("PullRequest", "baseRef")
def _base_ref(context: Context, pull: Pull, arguments: JSON) -> Ref | None:
    return _ref(pull.repo, f"refs/heads/{pull.base_ref}")


@field("PullRequest", "headRef")
def _head_ref(context: Context, pull: Pull, arguments: JSON) -> Ref | None:
    return _ref(pull.head_repo, f"refs/heads/{pull.head_ref}") if pull.head_repo else None


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
    bot = context.world.app.bot
    return [t for t in pull.threads if t.first.review.state != "PENDING" or t.first.user is bot]


@field("PullRequest", "reviews")
def _reviews(context: Context, pull: Pull, arguments: JSON) -> JSON:
    states = arguments.get("states")
    found = ops_reviews.visible(pull, context.world.app.bot)
    return connection([review for review in found if not states or review.state in states], arguments)


@field("PullRequest", "comments")
def _comments(context: Context, pull: Pull, arguments: JSON) -> JSON:
    return connection([c for c in pull.repo.comments if c.number == pull.number], arguments)


# Threads and comments


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
    return context.world.render.association(_repo_of(comment) or comment.pull.repo, comment.user)


@_each_comment("isMinimized")
def _minimized(context: Context, comment: Any, arguments: JSON) -> bool:
    return comment.minimized is not None


@_each_comment("minimizedReason")
def _reason(context: Context, comment: Any, arguments: JSON) -> str | None:
    return comment.minimized.lower() if comment.minimized else None


@_each_comment("viewerDidAuthor")
def _did_author(context: Context, comment: Any, arguments: JSON) -> bool:
    return comment.user is context.world.app.bot


@_each_comment("viewerCanMinimize", "viewerCanUpdate", "viewerCanDelete")
def _can_minimize(context: Context, comment: Any, arguments: JSON) -> bool:
    return comment.user is context.world.app.bot


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


# Mutations


def _payload(arguments: JSON, **values: Any) -> JSON:
    return {"clientMutationId": arguments["input"].get("clientMutationId"), **values}


@field("Mutation", "minimizeComment")
def _minimize(context: Context, source: Any, arguments: JSON) -> JSON:
    comment = _found(context, arguments["input"]["subjectId"], ReviewComment, IssueComment, Review)
    context.need(_repo_of(comment) or comment.pull.repo, "pull_requests", "write")
    comment.minimized = arguments["input"]["classifier"]
    return _payload(arguments, minimizedComment=comment)


@field("Mutation", "unminimizeComment")
def _unminimize(context: Context, source: Any, arguments: JSON) -> JSON:
    comment = _found(context, arguments["input"]["subjectId"], ReviewComment, IssueComment, Review)
    context.need(_repo_of(comment) or comment.pull.repo, "pull_requests", "write")
    comment.minimized = None
    return _payload(arguments, unminimizedComment=comment)


def _resolve_thread(context: Context, arguments: JSON, user: User | None) -> JSON:
    thread: Thread = _found(context, arguments["input"]["threadId"], Thread)
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
    comment: ReviewComment = _found(context, arguments["input"]["pullRequestReviewCommentId"], ReviewComment)
    context.need(comment.repo, "pull_requests", "write")
    _own_text(context, comment, arguments["input"]["body"])
    ops_reviews.edit(context.world.state, comment, arguments["input"]["body"])
    return _payload(arguments, pullRequestReviewComment=comment)


@field("Mutation", "updateIssueComment")
def _update_issue_comment(context: Context, source: Any, arguments: JSON) -> JSON:
    comment: IssueComment = _found(context, arguments["input"]["id"], IssueComment)
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
    comment = _found(context, arguments["input"]["subjectId"], ReviewComment, IssueComment)
    context.need(comment.repo, "pull_requests", "write")
    content = next(name for name, value in REACTIONS.items() if value == arguments["input"]["content"])
    reaction, _ = react(context.world.state, comment, context.world.app.bot, content)
    return _payload(arguments, reaction=reaction, subject=comment)


@field("Mutation", "addPullRequestReviewThread")
def _add_thread(context: Context, source: Any, arguments: JSON) -> JSON:
    """A place outside the diff is accepted in silence and shown nowhere, as on the real service."""
    sent = arguments["input"]
    pull: Pull | None = _found(context, sent["pullRequestId"], Pull) if sent.get("pullRequestId") else None
    review: Review | None = None
    if sent.get("pullRequestReviewId"):
        review = _found(context, sent["pullRequestReviewId"], Review)
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
