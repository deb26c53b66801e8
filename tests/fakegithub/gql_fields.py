"""What resolvers of GraphQL fields share: their register, who asks, pages of a list, things found by their id."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import field as field_of
from typing import TYPE_CHECKING, Any

from . import auth
from .call import Event
from .state import Pull, Repo, Review, Thread, User

if TYPE_CHECKING:
    from .server import World

JSON = dict[str, Any]
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
    events: list[Event] = field_of(default_factory=list)
    """What this document made happen."""

    @property
    def viewer(self) -> User:
        """Who asks: a person, or the app's bot."""
        return self.principal.user or self.world.app.bot

    def need(self, repo: Repo, permission: str, level: auth.Level = "read") -> None:
        """Raises ProblemError when the token may not (reading public repositories is free)."""
        if level == "read" and not repo.private:
            return
        if self.principal.user is not None:
            if not auth.person_may(self.principal.user, repo, level):
                raise ProblemError("FORBIDDEN", "Resource not accessible by personal access token")
            return
        token = self.principal.token
        assert token is not None
        if not auth.may_see(token, repo) or not auth.has(token, permission, level):
            raise ProblemError("FORBIDDEN", "Resource not accessible by integration")

    def sees(self, repo: Repo) -> bool:
        if self.principal.user is not None:
            return auth.person_may(self.principal.user, repo, "read")
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


def found(context: Context, identity: str, *kinds: type) -> Any:
    thing = context.world.state.node(identity)
    repo = repo_of(thing)
    if (
        thing is None
        or (kinds and not isinstance(thing, kinds))
        or (repo is not None and not context.sees(repo))
    ):
        raise ProblemError("NOT_FOUND", f"Could not resolve to a node with the global id of '{identity}'")
    return thing


def repo_of(thing: Any) -> Repo | None:
    if isinstance(thing, Repo):
        return thing
    if isinstance(thing, Thread | Review):
        return thing.pull.repo
    repo = getattr(thing, "repo", None)
    return repo if isinstance(repo, Repo) else None


def ref_of(repo: Repo, name: str) -> Ref | None:
    oid = repo.git.refs(name).get(name)
    return Ref(repo, name, oid) if oid else None


def pull_state(pull: Pull) -> str:
    return "MERGED" if pull.merged_at else pull.state.upper()
