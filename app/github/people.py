"""People who sign in with GitHub: its web flow with state and PKCE, and what a person's own token lets us see.

A token of the app for a person reaches what both the app and the person may read, never more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
import msgspec

from app.github.api import API, USER_AGENT
from app.github.contents import Contents, Wanted
from app.github.errors import Forbidden, Gone, NotFound, Unauthorized
from app.github.manifest import CODE
from app.github.models import Repository

SECONDS: Final = 15.0
LONGEST_ANSWER: Final = 100_000


class SignInError(Exception):
    """GitHub did not let the person in; the message is one line for that person."""


class _Answer(msgspec.Struct, frozen=True):
    access_token: str = ""
    expires_in: int = 0
    error: str = ""


@dataclasses.dataclass(frozen=True)
class SignIn:
    """GitHub's OAuth endpoints for our app. `web_url` is the address of its pages."""

    web_url: str
    api_url: str
    client_id: str
    client_secret: str = dataclasses.field(repr=False)
    redirect_uri: str

    def authorize_url(self, state: str, challenge: str) -> str:
        """Where the visitor is sent: to GitHub, which asks whether to let us know who that is."""
        query = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self.web_url}/login/oauth/authorize?{urlencode(query)}"

    async def exchange(self, session: aiohttp.ClientSession, code: str, verifier: str) -> str:
        """The person's token for the code that GitHub sent back; the code works once. Raises SignInError."""
        if not CODE.match(code):
            raise SignInError("that is no code of GitHub's")
        form = {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        try:
            async with session.post(
                f"{self.web_url}/login/oauth/access_token",
                data=form,
                headers={"Accept": "application/json", "User-Agent": USER_AGENT},
                timeout=aiohttp.ClientTimeout(total=SECONDS),
                allow_redirects=False,
            ) as response:
                content = await response.content.read(LONGEST_ANSWER)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SignInError(f"GitHub cannot be reached: {type(error).__name__}") from None
        try:
            answer = msgspec.json.decode(content, type=_Answer)
        except msgspec.MsgspecError:
            raise SignInError(f"GitHub answered {response.status} without a token") from None
        if answer.error or not answer.access_token:
            raise SignInError("GitHub refused the code: it was used before or is too old")
        return answer.access_token

    async def revoke(self, session: aiohttp.ClientSession, token: str) -> bool:
        """End a person's token at GitHub; whether that was done."""
        try:
            async with session.delete(
                f"{self.api_url}/applications/{self.client_id}/token",
                json={"access_token": token},
                headers={
                    "Accept": "application/vnd.github+json",
                    "User-Agent": USER_AGENT,
                    "Authorization": aiohttp.encode_basic_auth(self.client_id, self.client_secret),
                },
                timeout=aiohttp.ClientTimeout(total=SECONDS),
                allow_redirects=False,
            ) as response:
                return response.status == 204
        except (aiohttp.ClientError, TimeoutError):
            return False


class PersonAuthorization:
    """Signs as a person who signed in. A refused token stays refused: the person signs in anew."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def header(self) -> str:
        return f"Bearer {self._token}"

    async def refused(self, tried: Sequence[str], answer: Mapping[str, str]) -> bool:
        return False

    def __repr__(self) -> str:
        return "PersonAuthorization()"


class Person:
    """GitHub as somebody who signed in sees it through our app."""

    def __init__(self, api: API) -> None:
        self._api = api

    async def login(self) -> str:
        """The account's name."""
        answer = await self._api.getitem("/user")
        return str(answer["login"])

    async def repository(self, full_name: str, repository_id: int) -> Repository | None:
        """The repository under its present name, or None when this person cannot read it.

        A name that belongs to another repository by now is not the one that was asked for.
        """
        owner, _, name = full_name.partition("/")
        try:
            answer: dict[str, Any] = await self._api.getitem(
                "/repos/{owner}/{repo}", {"owner": owner, "repo": name}
            )
        except (NotFound, Forbidden, Unauthorized, Gone):
            return None
        if int(answer["id"]) != repository_id:
            return None
        return Repository(
            installation_id=0,
            id=repository_id,
            owner=str(answer["owner"]["login"]),
            name=str(answer["name"]),
            private=bool(answer["private"]),
        )

    async def texts(
        self, repository: Repository, wanted: Iterable[Wanted], *, limit: int
    ) -> dict[Wanted, bytes | None]:
        """Files at commits, read with this person's rights."""
        return await Contents(self._api, repository).texts(wanted, limit=limit)
