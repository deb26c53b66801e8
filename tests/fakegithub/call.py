"""One request on its way through an operation, and the register of operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .auth import Principal
from .errors import ApiError, not_found
from .render import Render
from .spec import Operation
from .state import Pull, Repo, State, User

if TYPE_CHECKING:
    from .server import World


@dataclass(frozen=True)
class Event:
    """Something that GitHub tells its listeners, with the objects its payload is made of."""

    name: str
    action: str | None
    repo: Repo | None
    sender: User
    parts: Mapping[str, Any] = field(default_factory=dict)
    only_owner_of_check: bool = False


@dataclass
class Reply:
    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """Bytes in place of JSON."""
    content_type: str = "application/json; charset=utf-8"


@dataclass
class Call:
    """What an operation gets: the world, who asks, where, and what was sent (already validated)."""

    world: World
    operation: Operation
    principal: Principal
    repo_or_none: Repo | None
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    accept: str
    url: str
    events: list[Event] = field(default_factory=list)

    @property
    def state(self) -> State:
        return self.world.state

    @property
    def render(self) -> Render:
        return self.world.render

    @property
    def repo(self) -> Repo:
        assert self.repo_or_none is not None
        return self.repo_or_none

    @property
    def user(self) -> User:
        """Who acts: a person, or the app's bot."""
        return self.principal.user or self.world.app.bot

    @property
    def pull(self) -> Pull:
        """The pull request that the path names. Raises ApiError 404."""
        number = self.path.get("pull_number") or self.path.get("issue_number") or ""
        pull = self.repo.pulls.get(int(number)) if number.isdigit() else None
        if pull is None:
            raise not_found()
        return pull

    def number(self, name: str) -> int:
        """A path parameter that is a number. Raises ApiError 404."""
        value = self.path[name]
        if not value.isdigit():
            raise not_found()
        return int(value)

    def emit(self, name: str, action: str | None, *, only_owner_of_check: bool = False, **parts: Any) -> None:
        self.events.append(Event(name, action, self.repo_or_none, self.user, parts, only_owner_of_check))

    def page(self, items: Sequence[Any], wrap: str | None = None) -> tuple[Any, dict[str, str]]:
        """One page of a list (in an object with `total_count` under the key `wrap`), and its Link header."""
        size, number = self.per_page, max(1, int(self.query.get("page", "1")))
        shown = list(items[(number - 1) * size : number * size])
        last = max(1, -(-len(items) // size))
        links = []
        if number > 1:
            links += [("prev", number - 1), ("first", 1)]
        if number < last:
            links += [("next", number + 1), ("last", last)]
        headers = {}
        if links:
            headers["link"] = ", ".join(
                f'<{self.link(page=str(target))}>; rel="{name}"' for name, target in links
            )
        return ({"total_count": len(items), wrap: shown} if wrap else shown), headers

    @property
    def per_page(self) -> int:
        return min(100, max(1, int(self.query.get("per_page", "30"))))

    def link(self, **changes: str) -> str:
        from yarl import URL

        return str(URL(self.url).update_query(changes))


Handler = Callable[[Call], Reply]
HANDLERS: dict[str, Handler] = {}


def operation(identity: str) -> Callable[[Handler], Handler]:
    """Register the implementation of a REST operation."""

    def register(handler: Handler) -> Handler:
        HANDLERS[identity] = handler
        return handler

    return register


def commit_of(repo: Repo, ref: str) -> str:
    """The commit a ref names. Raises ApiError 422 as the real service does for an unknown one."""
    found = repo.git.ref(ref)
    if found is None:
        raise ApiError(422, f"No commit found for SHA: {ref}")
    return found
