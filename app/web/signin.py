"""`/sign-in`: who is looking, by GitHub's word, so that a report shows source to those who may read it there."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import Final

import structlog
from aiohttp import web
from cachetools import TTLCache

from app.github.client import GitHub
from app.github.errors import GitHubError
from app.github.manifest import SIGNED_IN
from app.github.models import Repository
from app.github.people import Person, SignIn, SignInError
from app.web import pages
from app.web.sessions import Begun, Cookies, Session

log = structlog.get_logger(__name__)

PERMISSION_SECONDS: Final = 60.0
"""For so long GitHub's answer on who may read a repository is not asked for again."""
_OWN_PAGE: Final = re.compile(
    r"/(?:reviews/[0-9a-f]{32}(?:/answers/[a-z0-9-]{1,64})?(?:\?[A-Za-z0-9=&]{0,200})?)?\Z"
)
_LOGIN: Final = re.compile(r"[A-Za-z0-9-]{1,60}\Z")


class Visitors:
    """Signs people in and out, and knows what each may read. Without `sign_in` nobody can sign in."""

    def __init__(self, github: GitHub, cookies: Cookies, sign_in: SignIn | None) -> None:
        self._github = github
        self._cookies = cookies
        self._sign_in = sign_in
        self._readable: TTLCache[tuple[bytes, int], Repository | None] = TTLCache(
            maxsize=10_000, ttl=PERMISSION_SECONDS
        )

    @property
    def can_sign_in(self) -> bool:
        return self._sign_in is not None

    def routes(self, app: web.Application) -> None:
        if self._sign_in is not None:
            app.router.add_get("/sign-in", self.begin, name="sign_in")
            app.router.add_get(SIGNED_IN, self.finish)
            app.router.add_post("/sign-out", self.sign_out)

    def session(self, request: web.Request) -> Session | None:
        """Who is signed in, if anybody is."""
        return self._cookies.session(request) if self._sign_in is not None else None

    def person(self, session: Session) -> Person:
        return self._github.person(session.token)

    async def readable(self, session: Session, full_name: str, repository_id: int) -> Repository | None:
        """The repository as this person may read it now; None when they may not, or GitHub does not say."""
        key = (hashlib.sha256(session.token.encode()).digest(), repository_id)
        if key not in self._readable:
            try:
                self._readable[key] = await self.person(session).repository(full_name, repository_id)
            except GitHubError as error:
                log.warning("permission_unknown", error=type(error).__name__, status=error.status)
                return None
        return self._readable[key]

    async def begin(self, request: web.Request) -> web.StreamResponse:
        """Off to GitHub, with a state and a PKCE challenge whose answers this browser alone holds."""
        sign_in = self._configured()
        then = request.query.get("then", "/")
        begun = Begun(
            state=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            then=then if _OWN_PAGE.match(then) else "/",
        )
        response = web.HTTPSeeOther(sign_in.authorize_url(begun.state, _challenge(begun.verifier)))
        response.headers["Cache-Control"] = "no-store"
        self._cookies.keep_begun(response, begun)
        raise response

    async def finish(self, request: web.Request) -> web.StreamResponse:
        """GitHub sent the visitor back. 403 unless this browser began it, a moment ago."""
        sign_in = self._configured()
        begun = self._cookies.begun(request)
        state = request.query.get("state", "")
        if begun is None or not hmac.compare_digest(begun.state.encode(), state.encode()):
            raise web.HTTPForbidden(reason="this sign-in was not begun here, or too long ago: begin again")
        try:
            if request.query.get("error"):
                raise SignInError("GitHub was not allowed to tell who you are")
            token = await sign_in.exchange(
                self._github.session, request.query.get("code", ""), begun.verifier
            )
            login = await self._github.person(token).login()
            if not _LOGIN.match(login):
                raise SignInError("GitHub gave no name")
        except (SignInError, GitHubError) as error:
            reason = str(error) if isinstance(error, SignInError) else "GitHub did not answer"
            failed = await pages.error(reason, 403 if request.query.get("error") else 502)
            self._cookies.drop_begun(failed)
            return failed
        response = web.HTTPSeeOther(begun.then)
        response.headers["Cache-Control"] = "no-store"
        self._cookies.drop_begun(response)
        self._cookies.keep_session(response, Session(login, token))
        log.info("signed_in")
        raise response

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        """Forget the visitor, here and at GitHub. A form of ours only: other sites send no such cookie."""
        sign_in = self._configured()
        session = self._cookies.session(request)
        if session is not None:
            await sign_in.revoke(self._github.session, session.token)
        response = web.HTTPSeeOther("/")
        response.headers["Cache-Control"] = "no-store"
        self._cookies.drop_session(response)
        raise response

    def _configured(self) -> SignIn:
        if self._sign_in is None:
            raise web.HTTPNotFound
        return self._sign_in


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
