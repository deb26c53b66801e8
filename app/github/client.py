"""The way in: one `GitHub` for the process, from it a client for the app and one for each repository."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable, Mapping
from types import TracebackType

import aiohttp
from cachetools import LRUCache, TTLCache

from app.github.api import API, Call, Server, Transport, check_url, derive_graphql_url
from app.github.app import PERMISSIONS, AppClient
from app.github.auth import AppAuthorization, InstallationAuthorization, Secrets, Tokens, parse_private_key
from app.github.branches import Branches
from app.github.checks import Checks
from app.github.comments import Comments
from app.github.commits import Commits
from app.github.contents import Contents
from app.github.limits import Limits
from app.github.models import App, Repository
from app.github.people import Person, PersonAuthorization
from app.github.pulls import Pulls
from app.github.reviews import Reviews

_CONNECTIONS = 32
"""At once, in all; GitHub allows a hundred."""


_GRANT_SECONDS = 55 * 60


class RepositoryClient:
    """One repository, seen with a token for it alone."""

    def __init__(
        self,
        api: API,
        repository: Repository,
        *,
        app_id: int,
        slug: str,
        pause: float = 1.0,
        committing: API | None = None,
    ) -> None:
        """`committing` signs with a token that may write contents, if anybody granted that."""
        self.repository = repository
        self.pulls = Pulls(api, repository, app_id, slug)
        self.contents = Contents(api, repository)
        self.reviews = Reviews(api, repository, slug, pause=pause)
        self.checks = Checks(api, repository, app_id, pause=pause)
        self.branches = Branches(api, repository)
        self.commits = Commits(committing or api, repository)
        self.comments = Comments(api, repository, app_id, slug, pause=pause)

    def __repr__(self) -> str:
        return f"RepositoryClient({self.repository.full_name!r})"


class GitHub:
    """All talk with one GitHub. Use it as an async context manager.

    Entering parses the key (BadPrivateKey) and asks nothing of the network. `slug` is the app's name in addresses,
    by which its own comments are known beside its id; `identify` asks for it. `on_call` hears of each exchange,
    `may_write` is asked right before each write.

    In seconds: `timeout` for one exchange; `pauses` before each repetition of a read; `patience` for a limit, beyond
    which RateLimited is raised; `pause` before looking again, for a write in doubt or a token that spreads.
    """

    def __init__(
        self,
        *,
        app_id: str,
        private_key: str,
        api_url: str = "https://api.github.com",
        graphql_url: str | None = None,
        slug: str = "",
        on_call: Callable[[Call], None] | None = None,
        may_write: Callable[[], bool] = lambda: True,
        timeout: float = 30.0,
        pauses: tuple[float, ...] = (0.5, 1.0, 2.0),
        patience: float = 5.0,
        pause: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ValueError for an app id that is no number, and for an address neither https nor this machine's."""
        int(app_id)
        self.app_id = app_id
        self.api_url = check_url(api_url)
        self.graphql_url = check_url(graphql_url or derive_graphql_url(self.api_url))
        self.slug = slug
        self.secrets = Secrets()
        self._private_key = private_key
        self._on_call = on_call
        self._may_write = may_write
        self._timeout = timeout
        self._pauses = pauses
        self._patience = patience
        self._pause = pause
        self._clock = clock
        self._grants: TTLCache[int, Mapping[str, str]] = TTLCache(maxsize=10_000, ttl=_GRANT_SECONDS)
        self._limits: LRUCache[int | None, Limits] = LRUCache(maxsize=10_000)
        self._session: aiohttp.ClientSession | None = None
        self._opened: tuple[Transport, Tokens, AppClient] | None = None
        self._authorization: AppAuthorization | None = None

    def __repr__(self) -> str:
        return f"GitHub(app_id={self.app_id!r}, api_url={self.api_url!r})"

    async def __aenter__(self) -> GitHub:
        key = await asyncio.to_thread(parse_private_key, self._private_key)
        self._private_key = ""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS, ttl_dns_cache=300),
            timeout=aiohttp.ClientTimeout(total=self._timeout, connect=10.0, sock_read=self._timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        transport = Transport(
            self._session,
            self.api_url,
            self.graphql_url,
            pauses=self._pauses,
            patience=self._patience,
            on_call=self._on_call,
            may_write=self._may_write,
        )
        self._authorization = AppAuthorization(self.app_id, key, self.secrets)
        api = API(transport, self._authorization, self.limits(None))
        tokens = Tokens(api, self.secrets, permissions=PERMISSIONS, timer=self._clock, step=self._pause)
        self._opened = transport, tokens, AppClient(api, self._installation)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._opened is not None:
            await self._opened[1].close()
        if self._session is not None:
            await self._session.close()

    @property
    def app(self) -> AppClient:
        return self._open[2]

    @property
    def server(self) -> Server:
        """What answers, as far as it said."""
        return self._open[0].server

    @property
    def skew(self) -> float:
        """How far GitHub's clock is ahead of ours, in seconds, once it mattered."""
        return 0.0 if self._authorization is None else self._authorization.skew

    async def identify(self) -> App:
        """The app as GitHub knows it; from then on its `slug` is known here."""
        app = await self.app.get()
        self.slug = app.slug
        return app

    def repository(self, repository: Repository) -> RepositoryClient:
        transport, tokens, _ = self._open
        installation_id = repository.installation_id
        api, committing = (
            API(
                transport,
                InstallationAuthorization(tokens, installation_id, repository, commits=commits),
                self.limits(installation_id),
                installation_id=installation_id,
            )
            for commits in (False, True)
        )
        return RepositoryClient(
            api,
            repository,
            app_id=int(self.app_id),
            slug=self.slug,
            pause=self._pause,
            committing=committing,
        )

    async def grants(self, installation_id: int) -> Mapping[str, str]:
        """The permissions that an installation gave us, asked for once an hour."""
        granted = self._grants.get(installation_id)
        if granted is None:
            granted = (await self.app.installation(installation_id)).permissions
            self._grants[installation_id] = granted
        return granted

    def person(self, token: str) -> Person:
        """GitHub as seen by somebody who signed in. Nothing of it is kept for another person, nor waited for long."""
        transport, _, _ = self._open
        own = dataclasses.replace(
            transport, responses=TTLCache(maxsize=1, ttl=1), pauses=(0.3,), patience=0.0, on_call=None
        )
        self.secrets.add(token)
        return Person(API(own, PersonAuthorization(token), Limits()))

    @property
    def session(self) -> aiohttp.ClientSession:
        """The connections of this process; without cookies and credentials of their own."""
        if self._session is None:
            raise RuntimeError("GitHub is used before it is entered")
        return self._session

    def forget(self, installation_id: int) -> None:
        """Drop what is kept for an installation: it was removed or suspended, or its permissions changed."""
        transport, tokens, _ = self._open
        self._grants.pop(installation_id, None)
        tokens.forget(installation_id)
        for key in [key for key in transport.responses if key[0] == installation_id]:
            transport.responses.pop(key, None)

    def limits(self, installation_id: int | None) -> Limits:
        """What is known about an installation's limits, or the app's own with None."""
        limits = self._limits.get(installation_id)
        if limits is None:
            limits = self._limits[installation_id] = Limits()
        return limits

    def budgets(self) -> dict[int | None, dict[str, int]]:
        """Primary calls left by installation (None: the app's own) and resource, as of the last answers."""
        return {owner: dict(limits.remaining) for owner, limits in self._limits.items() if limits.remaining}

    def redact(self, text: str) -> str:
        """`text` without any token that is in use."""
        return self.secrets.redact(text)

    @property
    def _open(self) -> tuple[Transport, Tokens, AppClient]:
        if self._opened is None:
            raise RuntimeError("GitHub is used before it is entered")
        return self._opened

    def _installation(self, installation_id: int) -> API:
        transport, tokens, _ = self._open
        authorization = InstallationAuthorization(tokens, installation_id, None)
        return API(transport, authorization, self.limits(installation_id), installation_id=installation_id)
