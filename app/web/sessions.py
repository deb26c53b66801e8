"""What a browser keeps for us: sealed cookies that only this app can open, for a short time.

Nothing about people is kept on the server, so every machine knows a visitor, and a restart forgets nobody. A cookie
holds the person's own GitHub token: it is encrypted, never readable by scripts, and sent by no other site's forms.
"""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Final, TypeVar

import msgspec
from aiohttp import web
from cryptography.fernet import Fernet, InvalidToken

SESSION_SECONDS: Final = 3600
"""How long somebody stays signed in."""
BEGUN_SECONDS: Final = 600
"""How long GitHub's page may take."""

Kept = TypeVar("Kept", bound=msgspec.Struct)


class Session(msgspec.Struct, frozen=True):
    """Somebody who signed in."""

    login: str
    token: str

    def __repr__(self) -> str:
        return f"Session({self.login!r})"


class Begun(msgspec.Struct, frozen=True):
    """A sign-in that waits for GitHub's answer."""

    state: str
    verifier: str
    then: str
    """The page the visitor came from."""

    def __repr__(self) -> str:
        return f"Begun({self.then!r})"


class Operator(msgspec.Struct, frozen=True):
    """Somebody who knew the operator's token: its digest, so that another token ends the session."""

    digest: str

    def __repr__(self) -> str:
        return "Operator()"


class Cookies:
    """Sealed with a key of the app's own. `secure` wherever the public address is https."""

    def __init__(self, secret: str, *, secure: bool) -> None:
        key = hashlib.blake2b(secret.encode(), digest_size=32, person=b"fastperf-cookies").digest()
        self._box = Fernet(base64.urlsafe_b64encode(key))
        self._secure = secure
        # With this prefix a browser takes the cookie from this host alone, for all of it, and over https only.
        self._prefix = "__Host-" if secure else ""

    def __repr__(self) -> str:
        return f"Cookies(secure={self._secure})"

    def session(self, request: web.Request) -> Session | None:
        return self._opened(request, "fastperf", Session, SESSION_SECONDS)

    def begun(self, request: web.Request) -> Begun | None:
        return self._opened(request, "fastperf-sign-in", Begun, BEGUN_SECONDS)

    def operator(self, request: web.Request) -> Operator | None:
        return self._opened(request, "fastperf-operator", Operator, SESSION_SECONDS)

    def keep_operator(self, response: web.StreamResponse, operator: Operator) -> None:
        self._keep(response, "fastperf-operator", operator, SESSION_SECONDS)

    def keep_session(self, response: web.StreamResponse, session: Session) -> None:
        self._keep(response, "fastperf", session, SESSION_SECONDS)

    def keep_begun(self, response: web.StreamResponse, begun: Begun) -> None:
        self._keep(response, "fastperf-sign-in", begun, BEGUN_SECONDS)

    def drop_session(self, response: web.StreamResponse) -> None:
        self._drop(response, "fastperf")

    def drop_begun(self, response: web.StreamResponse) -> None:
        self._drop(response, "fastperf-sign-in")

    def _keep(self, response: web.StreamResponse, name: str, value: msgspec.Struct, seconds: int) -> None:
        sealed = self._box.encrypt_at_time(msgspec.json.encode(value), int(time.time())).decode()
        response.set_cookie(
            self._prefix + name,
            sealed,
            max_age=seconds,
            httponly=True,
            secure=self._secure,
            samesite="Lax",  # GitHub's pages lead here, and its check runs link here
            path="/",
        )

    def _drop(self, response: web.StreamResponse, name: str) -> None:
        response.del_cookie(self._prefix + name, path="/", httponly=True, secure=self._secure, samesite="Lax")

    def _opened(self, request: web.Request, name: str, kind: type[Kept], seconds: int) -> Kept | None:
        sealed = request.cookies.get(self._prefix + name, "")
        try:
            opened = self._box.decrypt_at_time(sealed.encode(), seconds, int(time.time()))
            return msgspec.json.decode(opened, type=kind)
        except (InvalidToken, msgspec.MsgspecError, UnicodeEncodeError):
            return None
