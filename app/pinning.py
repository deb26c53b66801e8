"""Whether projects that require our check require it of us: else every app and workflow that may write checks can
make one of that name, and the gate is open to whoever can push a workflow.

Only their owners can change that. Here it is found and said: in the log, as a metric, on the page that says what is
well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import structlog

from app.github.branches import Required
from app.github.checks import NAME
from app.github.client import GitHub
from app.github.errors import GitHubError, Gone, NotFound, RateLimited
from app.github.models import Repository
from app.store import Store

log = structlog.get_logger(__name__)

FIRST_SECONDS: Final = 60.0
"""After a start: the reviews that waited come first."""
AGAIN_SECONDS: Final = 24 * 3600.0
MOST_REPOSITORIES: Final = 50
"""Of one installation, three calls each; those come first that were reviewed."""


class Pins(NamedTuple):
    """What was found."""

    required: int = 0
    """Repositories whose default branch requires our check."""
    open_to_all: int = 0
    """Those of them that take it from anybody."""
    of_others: int = 0
    """Those that take it from another app, so that ours never satisfies them."""

    @property
    def wrong(self) -> int:
        return self.open_to_all + self.of_others


class Pinning:
    """Looks once a day. `found` is what the last look saw; None before the first."""

    def __init__(
        self, github: GitHub, store: Store, on_found: Callable[[Pins], None] = lambda pins: None
    ) -> None:
        self._github = github
        self._store = store
        self._on_found = on_found
        self.found: Pins | None = None

    async def look(self) -> Pins:
        """Names what is wrong in the log. Raises GitHubError when GitHub does not say where the app is installed."""
        pins = Pins()
        for installation in await self._github.app.installations():
            if installation.suspended:
                continue
            try:
                pins = await self._look_at(installation.id, pins)
            except RateLimited:
                log.info("pins_unknown", installation=installation.id, reason="rate limit")
            except GitHubError as error:  # one installation's trouble is not the others'
                log.info("pins_unknown", installation=installation.id, reason=type(error).__name__)
        self.found = pins
        self._on_found(pins)
        return pins

    async def _look_at(self, installation_id: int, pins: Pins) -> Pins:
        listed = await self._github.app.default_branches(installation_id)
        reviewed = await self._store.reviewed_repositories(installation_id)
        first = sorted(listed, key=lambda repository: repository.id not in reviewed)
        for repository in first[:MOST_REPOSITORIES]:
            try:
                required = await self._github.repository(repository).branches.required(listed[repository])
            except (Gone, NotFound):  # or its first commit is still to come
                continue
            pins = self._told(pins, repository, listed[repository], required)
        return pins

    def _told(self, pins: Pins, repository: Repository, branch: str, required: list[Required]) -> Pins:
        of = {check.app_id for check in required if check.name == NAME}
        if not of:
            return pins
        pins = pins._replace(required=pins.required + 1)
        own = int(self._github.app_id)
        if of - {own, None}:
            pins, whom = pins._replace(of_others=pins.of_others + 1), "another app"
        elif own not in of:  # one rule of several suffices
            pins, whom = pins._replace(open_to_all=pins.open_to_all + 1), "any source"
        else:
            return pins
        log.warning("check_not_pinned", repository=repository.full_name, branch=branch, required_of=whom)
        return pins
