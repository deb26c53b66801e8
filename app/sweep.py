"""What no delivery told: those that never came, check runs that a lost job began, heads that nobody answered.

Every few minutes, so it must cost next to nothing when all is well: one look at GitHub's log of deliveries, one at
the open heads of each installation. What was answered once is remembered here, and asked for no more.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from typing import Final

import structlog
from cachetools import LRUCache

from app.github.client import GitHub
from app.github.errors import GitHubError, Gone, NotFound, RateLimited
from app.github.models import Repository
from app.missed import Missed
from app.runs import is_answered, own_run
from app.store import Store
from app.work import ReviewJob, Swept

log = structlog.get_logger(__name__)

SWEEP_SECONDS: Final = 300
ORPHAN_SECONDS: Final = 120.0
"""A run in progress for so long whose pull request has no job is nobody's."""
HEADS_SECONDS: Final = 3600.0
"""The list of repositories is asked for so often, and all of a repository's open heads are looked through."""
FIRST_PAUSE: Final = 120.0
"""Doubled before each further wish for the same head."""
FRESH_SECONDS: Final = 3600.0
"""A pull request that is older when its repository is new here was open before we came: the check run says enough.
A younger one may have been opened while its delivery is still on its way."""
MOST_INSTALLATIONS: Final = 50
"""Looked at in one sweep; those that wait longest come first."""
HEADS_AT_ONCE: Final = 100
"""Repositories in one call."""
MOST_REMEMBERED: Final = 100_000


class Sweep:
    """Finds what is undone. It does nothing about it but to ask for deliveries again."""

    def __init__(self, github: GitHub, store: Store) -> None:
        self._github = github
        self._store = store
        self.missed = Missed(github, store)
        self._answered: LRUCache[tuple[int, int], str] = LRUCache(MOST_REMEMBERED)
        """Heads that have their answer, by repository and pull request."""
        self._wished: LRUCache[tuple[int, int, str], tuple[int, float]] = LRUCache(MOST_REMEMBERED)
        """How often a head was wished to be reviewed, and when last: what fails for good is tried ever less often."""
        self._repositories: dict[int, list[Repository]] = {}
        self._listed = 0.0
        self._shared: list[tuple[int, str, int]] = []
        """Repository, commit and pull request of what is said of commits that several have, or had."""
        self._looked: dict[int, float] = {}
        """When an installation was last looked at, and all of its heads."""
        self._looked_through: dict[int, float] = {}

    def answered(self, repository: Repository, number: int, head_sha: str) -> None:
        """This head has its completed check run."""
        self._answered[repository.id, number] = head_sha

    def forget(self) -> None:
        """Ask anew for everything, as after a start."""
        self._listed = 0.0
        self._looked_through.clear()
        self._wished.clear()

    async def sweep(self) -> Swept:
        redelivered = await self.missed.redeliver()
        limited: set[int] = set()
        self._shared = await self._store.shared_heads()
        await self._list(limited)
        reviews = await self._orphans()
        for installation_id in self._next(limited):
            try:
                await self._look(installation_id, reviews)
            except RateLimited:
                limited.add(installation_id)
        if limited:
            log.warning("sweep_limited", installations=len(limited))
        return Swept(reviews=self._wishes(reviews), redelivered=redelivered)

    async def arrived(self, installation_id: int) -> Swept:
        """The open heads of an installation that is new here, or grants more: those that wait for a permission too."""
        try:
            self._repositories[installation_id] = await self._github.app.repositories(installation_id)
        except (Gone, NotFound):
            return Swept()
        self._looked_through.pop(installation_id, None)
        self._shared = await self._store.shared_heads()
        unpermitted = await self._store.not_permitted(installation_id)
        for repository_id, number, _ in unpermitted:
            self._answered.pop((repository_id, number), None)
        reviews: list[ReviewJob] = []
        await self._look(installation_id, reviews, unpermitted)
        return Swept(reviews=self._wishes(reviews))

    def _wishes(self, reviews: Sequence[ReviewJob]) -> tuple[ReviewJob, ...]:
        """What is wished for now."""
        for review in reviews:
            key = review.repository.id, review.number, review.head_sha
            times, _ = self._wished.get(key, (0, 0.0))
            self._wished[key] = times + 1, time.monotonic()
        return tuple({review.id: review for review in reviews}.values())

    # Which repositories there are

    async def _list(self, limited: set[int]) -> None:
        if self._listed and time.monotonic() - self._listed < HEADS_SECONDS:
            return
        found: dict[int, list[Repository]] = {}
        for installation in await self._github.app.installations():
            if installation.suspended:
                continue
            try:
                found[installation.id] = await self._github.app.repositories(installation.id)
            except (Gone, NotFound):
                continue
            except RateLimited:
                limited.add(installation.id)
                found[installation.id] = self._repositories.get(installation.id, [])
        self._repositories = found
        if not limited:
            self._listed = time.monotonic()

    def _next(self, limited: set[int]) -> list[int]:
        """The installations to look at now, those first that were not looked at for longest."""
        waiting = [each for each in self._repositories if each not in limited]
        return sorted(waiting, key=lambda each: self._looked.get(each, 0.0))[:MOST_INSTALLATIONS]

    # Check runs that were begun

    async def _orphans(self) -> list[ReviewJob]:
        """Pull requests of which a check run was begun and never ended. Whoever has a job is left to it by `app.jobs`."""
        begun = await self._store.orphans(time.time() - ORPHAN_SECONDS)
        if not begun:
            return []
        known = {each.id: each for listed in self._repositories.values() for each in listed}
        return [
            _wish(known[repository_id], number) for repository_id, number in begun if repository_id in known
        ]

    # Heads

    async def _look(
        self,
        installation_id: int,
        reviews: list[ReviewJob],
        unpermitted: Set[tuple[int, int, str]] = frozenset(),
    ) -> None:
        """Add a wish for each open head without an answer, or whose answer was only that something is not permitted."""
        now = time.monotonic()
        thorough = now - self._looked_through.get(installation_id, -HEADS_SECONDS) >= HEADS_SECONDS
        listed = self._repositories[installation_id]
        for first in range(0, len(listed), HEADS_AT_ONCE):
            some = listed[first : first + HEADS_AT_ONCE]
            suspects = await self._suspects(installation_id, some, thorough=thorough)
            for repository in suspects:
                reviews += await self._without_answer(repository, unpermitted)
        self._looked[installation_id] = now
        if thorough:
            self._looked_through[installation_id] = now

    async def _suspects(
        self, installation_id: int, repositories: Sequence[Repository], *, thorough: bool
    ) -> list[Repository]:
        """The repositories with an open head that is not known to be answered: one call for all of them."""
        try:
            found = await self._github.app.open_heads(installation_id, repositories)
        except RateLimited:
            raise
        except GitHubError as error:  # one installation's trouble is not the others'
            log.warning("sweep_skipped", installation=installation_id, error=type(error).__name__)
            return []
        return [
            repository
            for repository, heads in found.items()
            if (thorough and heads.total > len(heads.newest))
            or any(self._answered.get((repository.id, number)) != sha for number, sha in heads.newest)
            or (heads.total <= len(heads.newest) and self._left(repository, dict(heads.newest)))
        ]

    def _left(self, repository: Repository, heads: Mapping[int, str]) -> list[tuple[int, str]]:
        """Pull requests that left a commit which is another's head still, and whose word on it stands: nobody told
        us that they were closed or pushed to."""
        standing = set(heads.values())
        return [
            (number, sha)
            for repository_id, sha, number in self._shared
            if repository_id == repository.id and sha in standing and heads.get(number) != sha
        ]

    def _is_due(self, repository: Repository, number: int, head_sha: str) -> bool:
        times, last = self._wished.get((repository.id, number, head_sha), (0, 0.0))
        pause = min(HEADS_SECONDS, FIRST_PAUSE * 2 ** min(times, 10))
        return not times or time.monotonic() - last >= pause

    async def _without_answer(
        self, repository: Repository, unpermitted: Set[tuple[int, int, str]]
    ) -> list[ReviewJob]:
        try:
            pulls = await self._github.repository(repository).pulls.list_open_with_check_runs()
        except RateLimited:
            raise
        except (Gone, NotFound):
            return []
        except GitHubError as error:
            log.warning("sweep_skipped", repository=repository.full_name, error=type(error).__name__)
            return []
        waiting: list[tuple[int, str, float]] = []
        heads = {entry.pull.number: entry.pull.head_sha for entry in pulls}
        having = Counter(heads.values())
        for entry in pulls:
            number, head_sha = entry.pull.number, entry.pull.head_sha
            if (
                (repository.id, number, head_sha) not in unpermitted
                and is_answered(own_run(entry.check_runs, head_sha))
                and (having[head_sha] == 1 or await self._spoke(repository, number, head_sha))
            ):
                self.answered(repository, number, head_sha)
            elif self._is_due(repository, number, head_sha):
                waiting.append((number, head_sha, entry.opened))
        new_here = bool(waiting) and not await self._store.knows(repository)
        fresh = time.time() - FRESH_SECONDS
        unanswered = [
            _wish(repository, number, head_sha, quiet=new_here and opened < fresh)
            for number, head_sha, opened in waiting
        ]
        left = [number for number, _ in self._left(repository, heads) if self._is_due(repository, number, "")]
        return unanswered + [_wish(repository, number) for number in left]

    async def _spoke(self, repository: Repository, number: int, head_sha: str) -> bool:
        """Whether the run on a commit of several pull requests says something for this one."""
        return any(review.number == number for review in await self._store.reviews(repository, head_sha))


def _wish(repository: Repository, number: int, head_sha: str = "", *, quiet: bool = False) -> ReviewJob:
    """Two machines that sweep at the same time wish for the same."""
    trigger = f"sweep-{head_sha or 'begun'}-{int(time.time() // SWEEP_SECONDS)}"
    return ReviewJob(repository=repository, number=number, trigger=trigger, head_sha=head_sha, quiet=quiet)
