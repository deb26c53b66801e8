"""Who we are to GitHub: the app by a signed JWT, an installation by a token that lives an hour.

The key is parsed once, in a thread: that takes tens of milliseconds, signing a fraction of one. Tokens are opaque
(GitHub changes their form), are kept in memory alone and never show in a repr.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import jwt
from cachetools import TTLCache
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.github.errors import BadPrivateKey, Gone, Invalid, NotFound
from app.github.limits import server_time
from app.github.models import Repository

if TYPE_CHECKING:
    from app.github.api import API

_TOKEN_SECONDS = 55 * 60
_REPLICATION_SECONDS = 5.0
"""A new token may be unknown to some of GitHub's machines for this long."""
_MOST_REFUSALS = 15
_JWT_BACKDATED = 60
_JWT_SECONDS = 9 * 60
_SKEW_WORTH_CORRECTING = 5.0


class Authorization(Protocol):
    """What signs requests."""

    async def header(self) -> str:
        """The value of the `Authorization` header."""

    async def refused(self, tried: Sequence[str], answer: Mapping[str, str]) -> bool:
        """GitHub said 401 to the last of `tried`. Whether asking `header` again may help; waits if it must."""


def parse_private_key(text: str) -> RSAPrivateKey:
    """The key object of a PEM text, also with `\\n` written out. Slow: not for the event loop.

    Raises BadPrivateKey.
    """
    pem = text.strip().replace("\\n", "\n").encode()
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadPrivateKey(_BAD_KEY) from None  # the cause could quote the key
    if not isinstance(key, RSAPrivateKey):
        raise BadPrivateKey(_BAD_KEY)
    return key


_BAD_KEY = (
    "FASTPERF_PRIVATE_KEY (or the file that FASTPERF_PRIVATE_KEY_FILE names) "
    "is not an unencrypted RSA private key in PEM form"
)


class Secrets:
    """Values that must not be written anywhere, each for as long as it can be used."""

    def __init__(self) -> None:
        self._values: TTLCache[str, None] = TTLCache(maxsize=20_000, ttl=65 * 60)

    def add(self, value: str) -> None:
        if value:
            self._values[value] = None

    def redact(self, text: str) -> str:
        """`text` with each known secret replaced."""
        for value in list(self._values):
            if value in text:
                text = text.replace(value, "[redacted]")
        return text

    def __repr__(self) -> str:
        return f"Secrets({len(self._values)})"


class AppAuthorization:
    """Signs as the app. Follows GitHub's clock when ours is refused."""

    def __init__(self, app_id: str, key: RSAPrivateKey, secrets: Secrets) -> None:
        self._app_id = app_id
        self._key = key
        self._secrets = secrets
        self.skew = 0.0
        """Seconds that GitHub's clock is ahead of ours, once it mattered."""

    async def header(self) -> str:
        token = self.jwt()
        self._secrets.add(token)
        return f"Bearer {token}"

    def jwt(self) -> str:
        now = int(time.time() + self.skew)
        claims: dict[str, Any] = {"iat": now - _JWT_BACKDATED, "exp": now + _JWT_SECONDS, "iss": self._app_id}
        return jwt.encode(claims, self._key, algorithm="RS256")

    async def refused(self, tried: Sequence[str], answer: Mapping[str, str]) -> bool:
        date = server_time(answer)
        if len(tried) > 1 or date is None:
            return False
        skew = date - time.time()
        if abs(skew - self.skew) < _SKEW_WORTH_CORRECTING:
            return False
        self.skew = skew
        return True

    def __repr__(self) -> str:
        return f"AppAuthorization({self._app_id!r})"


@dataclasses.dataclass(frozen=True)
class Token:
    value: str = dataclasses.field(repr=False)
    minted: float


Key = tuple[int, int | None, bool]
"""Installation, the repository the token is narrowed to, and whether it is to commit with."""


_ACROSS = ("metadata", "pull_requests")
"""What a token for all repositories of an installation is good for: to see which there are and their open heads."""


class Tokens:
    """Installation tokens, kept for 55 minutes. Callers who want the same one at once share one call."""

    def __init__(
        self,
        app: API,
        secrets: Secrets,
        *,
        permissions: Mapping[str, str],
        timer: Callable[[], float] = time.monotonic,
        step: float = 1.0,
    ) -> None:
        """`permissions` is all that a token shall be good for, however many the app has been granted.

        `step` is the time in seconds between attempts while a new token spreads.
        """
        self._permissions = dict(permissions)
        self._lacking: set[int] = set()
        """Installations that have not granted all of those: their tokens have what they granted."""
        self._app = app
        self._secrets = secrets
        self._timer = timer
        self._step = step
        self._tokens: TTLCache[Key, Token] = TTLCache(maxsize=10_000, ttl=_TOKEN_SECONDS, timer=timer)
        self._minting: dict[Key, asyncio.Task[Token]] = {}
        self._tasks: set[asyncio.Task[Token]] = set()

    async def get(
        self, installation_id: int, repository: Repository | None, *, commits: bool = False
    ) -> Token:
        """A token for one repository, or for all of the installation's when `repository` is None.

        Only one that `commits` may write contents, and only where an owner granted that.

        Raises Gone when the app is no longer installed there, Suspended, and what any call raises.
        """
        key = (installation_id, repository.id if repository else None, commits)
        if (token := self._tokens.get(key)) is not None:
            return token
        task = self._minting.get(key)
        if task is None:
            task = self._minting[key] = asyncio.create_task(self._mint(key, repository))
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._minted(key, done))
        return await asyncio.shield(task)  # one caller's cancellation is not the others'

    def forget(self, installation_id: int) -> None:
        """Drop all tokens of an installation: it was removed or suspended, or its permissions changed."""
        for key in [key for key in self._tokens if key[0] == installation_id]:
            self._tokens.pop(key, None)
        self._lacking.discard(installation_id)
        for key in [key for key in self._minting if key[0] == installation_id]:
            del self._minting[key]  # its callers get it; nobody else does

    def drop(self, key: Key, value: str) -> None:
        """Drop a token that GitHub refused, unless it has been replaced already."""
        if (token := self._tokens.get(key)) is not None and token.value == value:
            self._tokens.pop(key, None)

    def age(self, key: Key, value: str) -> float | None:
        """Seconds since `value` was minted; None when it is not the current token."""
        token = self._tokens.get(key)
        return self._timer() - token.minted if token is not None and token.value == value else None

    async def spread(self) -> None:
        """Give GitHub a moment to make a new token known."""
        await asyncio.sleep(self._step)

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _minted(self, key: Key, task: asyncio.Task[Token]) -> None:
        self._tasks.discard(task)
        current = self._minting.get(key) is task
        if current:
            del self._minting[key]
        if not task.cancelled() and task.exception() is None and current:
            self._tokens[key] = task.result()

    async def _mint(self, key: Key, repository: Repository | None) -> Token:
        installation_id = key[0]
        try:
            return await self._request(installation_id, repository, commits=key[2])
        except NotFound as error:
            if repository is None:
                raise Gone(error.message, status=error.status) from None
        # Installed anew, the app has another installation id.
        try:
            found = await self._app.getitem(
                "/repos/{owner}/{repo}/installation", {"owner": repository.owner, "repo": repository.name}
            )
            return await self._request(int(found["id"]), repository, commits=key[2])
        except NotFound as error:
            raise Gone(f"not installed on {repository.full_name}", status=error.status) from None

    async def _request(self, installation_id: int, repository: Repository | None, *, commits: bool) -> Token:
        data: dict[str, Any] = {"repository_ids": [repository.id]} if repository else {}
        try:
            answer = await self._narrowed(installation_id, data, commits=commits)
        except Invalid as error:  # the repository is not, or no longer, part of the installation
            raise Gone(error.message, status=error.status) from None
        token = str(answer["token"])
        self._secrets.add(token)
        return Token(token, self._timer())

    async def _narrowed(self, installation_id: int, data: Mapping[str, Any], *, commits: bool) -> Any:
        permissions = self._permissions | ({"contents": "write"} if commits else {})
        if "repository_ids" not in data:
            permissions = {name: "read" for name in _ACROSS if name in self._permissions}
        if installation_id in self._lacking:
            return await self._asked(installation_id, data)
        try:
            return await self._asked(installation_id, {**data, "permissions": permissions})
        except Invalid:  # one of them was not granted, or an older GitHub does not know it
            answer = await self._asked(installation_id, data)
        if not commits:
            self._lacking.add(installation_id)
        return answer

    async def _asked(self, installation_id: int, data: Mapping[str, Any]) -> Any:
        return await self._app.repeatable(
            "POST",
            "/app/installations/{installation_id}/access_tokens",
            {"installation_id": str(installation_id)},
            data,
        )

    def __repr__(self) -> str:
        return f"Tokens({len(self._tokens)})"


class InstallationAuthorization:
    """Signs as an installation, for one repository where one is given."""

    def __init__(
        self, tokens: Tokens, installation_id: int, repository: Repository | None, *, commits: bool = False
    ) -> None:
        self._commits = commits
        self._tokens = tokens
        self._installation_id = installation_id
        self._repository = repository
        self._key = (installation_id, repository.id if repository else None, commits)

    async def header(self) -> str:
        token = await self._tokens.get(self._installation_id, self._repository, commits=self._commits)
        return f"Bearer {token.value}"

    async def refused(self, tried: Sequence[str], answer: Mapping[str, str]) -> bool:
        refused = tried[-1].removeprefix("Bearer ")
        age = self._tokens.age(self._key, refused)
        if len(tried) >= _MOST_REFUSALS:
            return False
        if age is None:  # another call has replaced it meanwhile
            return len(tried) == 1
        if age < _REPLICATION_SECONDS:
            await self._tokens.spread()
            return True
        self._tokens.drop(self._key, refused)
        return tried[0] == tried[-1]

    def __repr__(self) -> str:
        return f"InstallationAuthorization({self._key!r})"
