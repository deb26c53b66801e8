"""GitHub's pages for people: signing in to an app (consent, exchange of the code, end of a token), making an app.

Strict where the real service is: known client, registered address, one use of a code within ten minutes, the same
`redirect_uri` and the PKCE verifier at the exchange. What it would let pass but an app should not do (no state, no
PKCE) is a violation. The browser's session at GitHub is `FakeGitHub.signed_in`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from aiohttp import encode_basic_auth, web

from .errors import ApiError
from .state import Installation, Repo, State, Token, User

if TYPE_CHECKING:
    from .server import World

CODE_SECONDS = 600.0
TOKEN_SECONDS = 8 * 3600.0
ERRORS = (
    "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/"
)


@dataclass(frozen=True)
class Code:
    user: User
    redirect_uri: str
    challenge: str
    made: float


@dataclass
class People:
    """Who is signed in at GitHub, and what our app was given for people."""

    client_secret: str = field(default_factory=lambda: secrets.token_hex(20))
    callback_urls: list[str] = field(default_factory=list)
    signed_in: str = ""
    """The account that the browser is signed in as; empty: nobody, GitHub shows its sign-in page."""
    consents: bool = True
    """Whether that person lets the app know."""
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, tuple[User, float]] = field(default_factory=dict)
    """Token -> whose it is, and until when."""


def person_token(state: State, people: People, value: str) -> Token:
    """What a person's token covers at this moment: what the app *and* the person may see. Raises ApiError 401."""
    user, expires = people.tokens[value]
    if expires <= state.clock():
        raise ApiError(401, "Bad credentials")
    live = [entry for entry in state.installations.values() if not entry.deleted and not entry.suspended_at]
    repos = [repo for entry in live for repo in entry.repos if _reads(repo, user)]
    granted = dict(live[0].permissions) if live else {"metadata": "read"}
    app = live[0].app if live else None
    seen = Installation(0, app, user, repos, granted, [])  # type: ignore[arg-type]  # no app without installations
    return Token(value, seen, granted, None, expires=expires, minted=0.0)


def _reads(repo: Repo, user: User) -> bool:
    return repo.role(user.login) != "none"


def routes(world: World) -> list[web.RouteDef]:
    """The addresses that go before GitHub's API."""
    pages = Pages(world)
    return [
        web.get("/login/oauth/authorize", pages.authorize),
        web.post("/login/oauth/access_token", pages.exchange),
        web.get("/user", pages.user),
        web.post("/settings/apps/new", pages.new_app),
        web.post("/organizations/{organization}/settings/apps/new", pages.new_app),
        web.delete("/applications/{client_id}/token", pages.revoke),
    ]


class Pages:
    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def _people(self) -> People:
        return self._world.people

    async def authorize(self, request: web.Request) -> web.Response:
        query, people, world = request.query, self._people, self._world
        if query.get("client_id") != world.app.client_id:
            return web.Response(status=404, text="Not Found")
        redirect_uri = query.get("redirect_uri", "")
        if not any(_leads_to(redirect_uri, registered) for registered in people.callback_urls):
            world.violation(f"sign-in: {redirect_uri!r} is no registered callback address")
            return web.Response(status=400, text="The redirect_uri is not associated with this application.")
        if len(query.get("state", "")) < 20:
            world.violation("sign-in: without a state that cannot be guessed")
        if query.get("code_challenge_method") != "S256" or len(query.get("code_challenge", "")) != 43:
            world.violation("sign-in: without PKCE")
        if not people.signed_in:
            return web.Response(text="<title>Sign in to GitHub</title>", content_type="text/html")
        answer = {"state": query.get("state", "")}
        if people.consents:
            code = secrets.token_hex(10)
            user = world.state.user(people.signed_in)
            people.codes[code] = Code(
                user, redirect_uri, query.get("code_challenge", ""), world.state.clock()
            )
            answer["code"] = code
        else:
            answer |= {
                "error": "access_denied",
                "error_description": "The user has denied your application access.",
            }
        raise web.HTTPFound(f"{redirect_uri}?{urlencode(answer)}")

    async def exchange(self, request: web.Request) -> web.Response:
        """GitHub answers 200 also when it refuses."""
        form, people, now = await request.post(), self._people, self._world.state.clock()
        if "application/json" not in request.headers.get("Accept", ""):
            self._world.violation(
                "sign-in: the answer would be form-encoded without Accept: application/json"
            )
        secret = str(form.get("client_secret", ""))
        if form.get("client_id") != self._world.app.client_id or not hmac.compare_digest(
            secret, people.client_secret
        ):
            return _refused("incorrect_client_credentials")
        code = people.codes.pop(str(form.get("code", "")), None)
        if code is None or code.made < now - CODE_SECONDS:
            return _refused("bad_verification_code")
        if form.get("redirect_uri") != code.redirect_uri:
            return _refused("redirect_uri_mismatch")
        digest = hashlib.sha256(str(form.get("code_verifier", "")).encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != code.challenge:
            return _refused("bad_verification_code")
        token = f"ghu_{secrets.token_hex(18)}"
        people.tokens[token] = (code.user, now + TOKEN_SECONDS)
        return web.json_response(
            {
                "access_token": token,
                "expires_in": int(TOKEN_SECONDS),
                "refresh_token": f"ghr_{secrets.token_hex(38)}",
                "refresh_token_expires_in": 15897600,
                "scope": "",
                "token_type": "bearer",
            }
        )

    async def new_app(self, request: web.Request) -> web.Response:
        """The page on which a person confirms an app that a manifest describes; its button leads back with a code."""
        try:
            manifest = json.loads(str((await request.post())["manifest"]))
            redirect_url, hook = str(manifest["redirect_url"]), str(manifest["hook_attributes"]["url"])
        except (KeyError, ValueError):
            self._world.violation("manifest: it is none")
            return web.Response(status=422, text="Unprocessable")
        if urlsplit(redirect_url).netloc != urlsplit(hook).netloc:
            self._world.violation("manifest: the app is delivered elsewhere than it was asked for")
        code = secrets.token_hex(20)
        self._world.state.manifests[code] = {"made": self._world.state.clock(), "manifest": manifest}
        back = html.escape(
            f"{redirect_url}?{urlencode({'code': code, 'state': request.query.get('state', '')})}"
        )
        page = (
            '<!doctype html><html lang="en"><title>Create GitHub App</title><link rel="icon" href="data:,">'
            f"<main><h1>Create GitHub App for {html.escape(str(manifest['name']))}</h1>"
            f"<button onclick=\"location.href='{back}'\">Create GitHub App</button></main></html>"
        )
        return web.Response(text=page, content_type="text/html")

    async def user(self, request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "").partition(" ")[2]
        found = self._people.tokens.get(token)
        if found is None or found[1] <= self._world.state.clock():
            return web.json_response({"message": "Bad credentials"}, status=401)
        return web.json_response({"login": found[0].login, "id": found[0].id, "type": found[0].type})

    async def revoke(self, request: web.Request) -> web.Response:
        expected = encode_basic_auth(self._world.app.client_id, self._people.client_secret)
        if request.headers.get("Authorization") != expected:
            return web.json_response({"message": "Bad credentials"}, status=401)
        token = str(json.loads(await request.text()).get("access_token", ""))
        if self._people.tokens.pop(token, None) is None:
            return web.json_response({"message": "Not Found"}, status=404)
        return web.Response(status=204)


def _leads_to(address: str, registered: str) -> bool:
    """Host and port are equal, and the path is the registered one or below it."""
    given, known = urlsplit(address), urlsplit(registered)
    same = (given.scheme, given.netloc) == (known.scheme, known.netloc)
    return same and (given.path == known.path or given.path.startswith(known.path.rstrip("/") + "/"))


def _refused(error: str) -> web.Response:
    return web.json_response({"error": error, "error_description": error, "error_uri": f"{ERRORS}#{error}"})
