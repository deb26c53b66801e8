"""`/`: whether the service is well; for its operator also the queue, GitHub's budgets and the latest reviews."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
import sqlalchemy as sa
import structlog
from aiohttp import web

from app.records import KeptLine
from app.store import Store
from app.web import pages
from app.web.health import Ready
from app.web.sessions import Cookies, Operator, Session
from app.web.signin import Visitors

log = structlog.get_logger(__name__)

RECENT: Final = 30
MOST_REPOSITORIES: Final = 8
"""Of the latest reviews: how many repositories are asked about for a person who signed in."""
LONGEST_FORM: Final = 2_000

Depth = Callable[[], Awaitable[dict[str, int]]]
Budgets = Callable[[], Mapping[int | None, Mapping[str, int]]]


class _Head(msgspec.Struct, frozen=True):
    """The part of a record that a list shows."""

    repository: str
    number: int
    head_sha: str
    conclusion: str
    title: str


class Review(NamedTuple):
    """One line of the list of reviews."""

    head: _Head
    url: str
    minutes_ago: int


class Status:
    """What is shown depends on who looks. Without an operator's token there is no operator."""

    def __init__(
        self,
        *,
        ready: Ready,
        store: Store,
        visitors: Visitors,
        cookies: Cookies,
        depth: Depth,
        budgets: Budgets,
        operator_token: str = "",
    ) -> None:
        self._ready = ready
        self._store = store
        self._visitors = visitors
        self._cookies = cookies
        self._depth = depth
        self._budgets = budgets
        self._digest = _digest(operator_token) if operator_token else ""

    def routes(self, app: web.Application) -> None:
        app.router.add_get("/", self.page)
        if self._digest:
            app.router.add_post("/operator", self.enter)

    async def page(self, request: web.Request) -> web.StreamResponse:
        operates = self._operates(request)
        session = self._visitors.session(request)
        checks = await self._ready.results()
        html = await asyncio.to_thread(
            pages.render,
            "status.html",
            checks=checks,
            well=all(checks.values()),
            operates=operates,
            can_operate=bool(self._digest),
            login=session.login if session else "",
            can_sign_in=self._visitors.can_sign_in,
            queue=await self._queue() if operates else {},
            budgets=_listed(self._budgets()) if operates else [],
            reviews=await self._reviews(session, operates=operates),
        )
        return pages.response(html, public=False)

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """The operator's token becomes a cookie, so that it stands in no address and no log."""
        if request.content_length is None:  # a stranger's form without an end would be read into memory
            raise web.HTTPLengthRequired
        if request.content_length > LONGEST_FORM:
            raise web.HTTPRequestEntityTooLarge(LONGEST_FORM, request.content_length)
        given = (await request.post()).get("token", "")
        if not isinstance(given, str) or not hmac.compare_digest(_digest(given), self._digest):
            raise web.HTTPForbidden(reason="that is not the operator's token")
        response = web.HTTPSeeOther("/", headers={"Cache-Control": "no-store"})
        self._cookies.keep_operator(response, Operator(self._digest))
        raise response

    def _operates(self, request: web.Request) -> bool:
        if not self._digest:
            return False
        kept = self._cookies.operator(request)
        if kept is not None and hmac.compare_digest(kept.digest, self._digest):
            return True
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(_digest(given.strip()), self._digest)

    async def _queue(self) -> dict[str, int]:
        try:
            return await self._depth()
        except Exception as error:  # the engine's own faults: the page is for moments like this
            log.warning("depth_unknown", error=type(error).__name__)
            return {}

    async def _reviews(self, session: Session | None, *, operates: bool) -> list[Review]:
        """The latest reviews of the repositories that this visitor may see."""
        if not operates and session is None:
            return []
        try:
            lines = await self._store.recent_reports(RECENT)
        except sa.exc.SQLAlchemyError as error:
            log.warning("reviews_unknown", error=type(error).__name__)
            return []
        reviews = [(line, _opened(line)) for line in lines]
        if not operates and session is not None:
            names = {line.repository_id: head.repository for line, head in reviews if head is not None}
            readable = await self._readable(session, names)
            reviews = [(line, head) for line, head in reviews if line.repository_id in readable]
        now = time.time()
        return [
            Review(head, f"/reviews/{line.id}", max(0, int((now - line.at) / 60)))
            for line, head in reviews
            if head is not None
        ]

    async def _readable(self, session: Session, names: Mapping[int, str]) -> set[int]:
        asked = list(names.items())[:MOST_REPOSITORIES]
        found = await asyncio.gather(
            *(self._visitors.readable(session, name, repository_id) for repository_id, name in asked)
        )
        return {repository_id for (repository_id, _), seen in zip(asked, found, strict=True) if seen}


def _opened(line: KeptLine) -> _Head | None:
    try:
        return msgspec.msgpack.decode(line.data, type=_Head)
    except msgspec.MsgspecError:  # of another version
        return None


def _listed(budgets: Mapping[int | None, Mapping[str, int]]) -> Sequence[tuple[str, str, int]]:
    """(whose, resource, calls left), the app's own first."""
    return [
        ("the app" if owner is None else f"installation {owner}", resource, left)
        for owner, remaining in sorted(budgets.items(), key=lambda item: item[0] or 0)
        for resource, left in sorted(remaining.items())
    ]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
