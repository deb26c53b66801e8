"""gidgethub's client, made fit for an app: one host, any status, limits, faults, redirects, GraphQL.

Reads are repeated when GitHub falters. Writes are not: whether one took place is unknown after a fault, so
`Unavailable` goes to the caller, who looks first. A refusal (401, a limit) did nothing and is always repeated.
"""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import http
import ipaddress
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, MutableMapping
from typing import Any, NamedTuple

import aiohttp
import gidgethub
import gidgethub.aiohttp
from cachetools import TTLCache
from gidgethub import sansio
from multidict import CIMultiDict
from uritemplate.variable import VariableValue
from yarl import URL

from app.github.auth import Authorization
from app.github.errors import (
    Conflict,
    Forbidden,
    GitHubError,
    Invalid,
    NotFound,
    RateLimited,
    TooLarge,
    Unavailable,
    UnexpectedHost,
    Unsupported,
    of_http,
)
from app.github.limits import Limits, is_limit

USER_AGENT = "fastperf"
API_VERSION = "2022-11-28"
"""The version that github.com and every supported GitHub Enterprise Server answer."""
JSON = "application/vnd.github+json"
RAW = "application/vnd.github.raw+json"

_LONGEST_ANSWER = 64 * 1024 * 1024
_LONGEST_CACHED = 64 * 1024
_CHUNK = 256 * 1024
_LONG = aiohttp.ClientTimeout(total=300.0, connect=10.0, sock_read=30.0)
"""For an archive: minutes, as long as it keeps coming."""
_MOST_REDIRECTS = 3
_WRITE_POINTS = 5
_MOST_REFUSALS = 3

Variables = Mapping[str, VariableValue]
CacheEntry = tuple[str | None, str | None, Any, str | None]


@dataclasses.dataclass(frozen=True)
class Call:
    """One exchange with GitHub, for metrics and tests. `status` is 0 when no answer came."""

    method: str
    operation: str
    """The address template, `graphql`, or `next page`: few different values, nothing of a user's."""
    status: int
    started: float
    """On the monotonic clock, as `ended`."""
    ended: float
    installation_id: int | None
    writes: bool = False
    """Whether it could change anything."""

    @property
    def points(self) -> int:
        """What GitHub's unannounced limits count it as."""
        return _WRITE_POINTS if self.writes else 1


@dataclasses.dataclass
class Spent:
    """What a piece of work has asked of GitHub."""

    calls: int = 0
    points: int = 0
    writes: int = 0


@dataclasses.dataclass
class Server:
    """What answers. An Enterprise Server names its `version`, and an older one lacks mutations that we know of."""

    version: str = ""
    lacks: set[str] = dataclasses.field(default_factory=set)


@dataclasses.dataclass(frozen=True)
class Transport:
    """What all connections of a process share."""

    session: aiohttp.ClientSession
    api_url: str
    graphql_url: str
    pauses: tuple[float, ...] = (0.5, 1.0, 2.0)
    """Seconds before each repetition of a read."""
    patience: float = 5.0
    """The longest wait for a limit, in seconds; beyond it the job is better off later."""
    on_call: Callable[[Call], None] | None = None
    may_write: Callable[[], bool] = lambda: True
    """Asked right before each write."""
    responses: TTLCache[tuple[int | None, str], CacheEntry] = dataclasses.field(
        default_factory=lambda: TTLCache(maxsize=1024, ttl=24 * 3600)
    )
    """For conditional requests."""
    server: Server = dataclasses.field(default_factory=Server)


class QueryError(NamedTuple):
    """One entry of a GraphQL answer's `errors`."""

    type: str
    message: str
    path: tuple[str | int, ...]


class Answer(NamedTuple):
    """A GraphQL answer; with `errors`, `data` has nulls where they happened."""

    data: dict[str, Any]
    errors: tuple[QueryError, ...]

    def whole(self) -> Answer:
        """Itself. Raises Unavailable when a part is missing that may be there: what we do not know is not nothing."""
        lost = [error.message for error in self.errors if error.type not in {"NOT_FOUND", "FORBIDDEN"}]
        if lost:
            raise Unavailable(f"graphql: {'; '.join(lost)}", status=200)
        return self

    def part(self, *names: str) -> dict[str, Any]:
        """The object under these names. Raises NotFound, Forbidden or Unavailable where there is none."""
        found: Any = self.data
        for name in names:
            found = found.get(name)
            if not isinstance(found, dict):
                raise (
                    _nothing_came(self.errors) if self.errors else NotFound(f"graphql: no {name}", status=200)
                )
        result: dict[str, Any] = found
        return result


_operation: contextvars.ContextVar[str] = contextvars.ContextVar("operation", default="")
_writing: contextvars.ContextVar[bool] = contextvars.ContextVar("writing", default=False)
_spent: contextvars.ContextVar[Spent | None] = contextvars.ContextVar("spent", default=None)


@contextlib.contextmanager
def counted() -> Iterator[Spent]:
    """Counts the calls made inside, by whatever tasks it starts."""
    spent = Spent()
    token = _spent.set(spent)
    try:
        yield spent
    finally:
        _spent.reset(token)


class API(gidgethub.aiohttp.GitHubAPI):
    """GitHub as seen by the app, by an installation, or by an installation in one repository.

    Everything raises GitHubError. Addresses are templates relative to the API's; values go into `url_vars`.
    """

    def __init__(
        self,
        transport: Transport,
        authorization: Authorization,
        limits: Limits,
        *,
        installation_id: int | None = None,
    ) -> None:
        super().__init__(
            transport.session,
            USER_AGENT,
            base_url=transport.api_url,
            cache=_Scoped(transport.responses, installation_id),
        )
        self._transport = transport
        self._authorization = authorization
        self._origins = {URL(transport.api_url).origin(), URL(transport.graphql_url).origin()}
        self.limits = limits
        self.server = transport.server
        self.installation_id = installation_id

    def __repr__(self) -> str:
        return f"API({self.base_url!r}, {self._authorization!r})"

    async def repeatable(self, method: str, url: str, url_vars: Variables, data: Any) -> Any:
        """A write that may take place twice without harm; repeated like a read."""
        answer, _, _ = await self._send(method, url, url_vars, data, JSON, repeat=True)
        return answer

    async def graphql(self, query: str, *, endpoint: str = "", **variables: Any) -> Answer:
        """Run a document at this GitHub's own endpoint; mutations are not repeated after a fault.

        Errors that concern a part leave the rest in `data`. Raises RateLimited, Forbidden, NotFound, Unavailable
        or GitHubError when nothing came.
        """
        body = {"query": query, "variables": variables} if variables else {"query": query}
        repeat = not query.lstrip().startswith("mutation")
        if not repeat:
            self._ask_to_write("graphql")
        answer, _, _ = await self._send(
            "POST", endpoint or self._transport.graphql_url, None, body, JSON, repeat=repeat
        )
        if not isinstance(answer, dict):
            raise Unavailable("graphql: no object in the answer", status=200)
        errors = tuple(_query_error(error) for error in answer.get("errors") or ())
        for error in errors:
            if error.type == "RATE_LIMITED" or "rate limit" in error.message.lower():
                raise RateLimited(
                    f"graphql: {error.message}",
                    until=self.limits.refused({}, resource="graphql"),
                    status=200,
                )
        data = answer.get("data")
        if isinstance(data, dict):
            return Answer(data, errors)
        raise _nothing_came(errors)

    async def download(self, url: str, url_vars: Variables, *, limit: int) -> bytes:
        """The raw bytes at an address, at most `limit` of them: a longer answer is cut."""
        received = bytearray()

        async def keep(chunk: bytes) -> bool:
            received.extend(chunk)
            return len(received) < limit

        async def restart() -> None:
            received.clear()

        await self._fetch(url, url_vars, RAW, keep, restart, elsewhere=False)
        return bytes(received[:limit])

    async def stream(
        self,
        url: str,
        url_vars: Variables,
        write: Callable[[bytes], Awaitable[None]],
        restart: Callable[[], Awaitable[None]],
        *,
        limit: int,
    ) -> int:
        """Give the bytes at an address to `write`, following one redirect to another host without our credentials.

        `restart` is called before each attempt. Returns their number. Raises TooLarge beyond `limit` bytes.
        """
        size = 0

        async def pass_on(chunk: bytes) -> bool:
            nonlocal size
            size += len(chunk)
            if size > limit:
                raise TooLarge(f"GET {url}: more than {limit} bytes", limit=limit)
            await write(chunk)
            return True

        async def start_over() -> None:
            nonlocal size
            size = 0
            await restart()

        await self._fetch(url, url_vars, JSON, pass_on, start_over, elsewhere=True)
        return size

    def _ask_to_write(self, operation: str) -> None:
        """Tokens, which the app asks for in its own name, are nothing that anybody sees."""
        if self.installation_id is not None and not self._transport.may_write():
            raise Unavailable(f"{operation}: this machine may be taken for dead, and its jobs be another's")

    # gidgethub's hooks

    async def manage_rate_limit(self, *, method: str, url: str) -> None:
        """Wait for a limit that ends soon and for a turn to write; raise RateLimited when it takes longer."""
        until = self.limits.until(self._resource(url))
        wait = until - time.time()
        if wait > self._transport.patience:
            raise RateLimited(f"{_operation.get()}: waiting for a limit", until=until)
        if method in {"POST", "PUT", "PATCH"} and self._resource(url) == "core":
            wait = max(wait, self.limits.write_turn())
        if wait > 0:
            await self.sleep(wait)

    async def handle_rate_limit_error(
        self, *, method: str, url: str, exception: gidgethub.HTTPException, attempt: int
    ) -> bool:
        """After a limit's 403 or 429: wait and say True, or raise RateLimited."""
        status = int(exception.status_code)
        if not is_limit(status, exception.headers, str(exception)):
            return False
        until = self.limits.refused(exception.headers, resource=self._resource(url))
        wait = until - time.time()
        if wait > self._transport.patience or attempt >= _MOST_REFUSALS:
            raise RateLimited(f"{_operation.get()}: {status} {exception}", until=until, status=status)
        await self.sleep(max(0.0, wait))
        return True

    async def _make_request(
        self,
        method: str,
        url: str,
        url_vars: Variables | None,
        data: Any,
        accept: str,
        jwt: str | None = None,
        oauth_token: str | None = None,
        content_type: str = "application/json",
        extra_headers: dict[str, str] | None = None,
    ) -> tuple[Any, str | None, int]:
        """What every method of gidgethub's goes through. Credentials are ours to add, not the caller's."""
        if jwt is not None or oauth_token is not None:
            raise ValueError("a connection signs its own requests")
        return await self._send(
            method, url, url_vars, data, accept, repeat=method == "GET", more=extra_headers
        )

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One exchange, signed, with redirects followed by rule. Raises Unavailable for faults of any kind."""
        async with self._open(method, url, headers, body) as response:
            answer = await _read(response)
            self._observe(response, answer)
            if response.status >= 500:
                raise Unavailable(f"{_operation.get()}: {response.status}", status=response.status)
            received: Mapping[str, str] = response.headers
            if len(answer) > _LONGEST_CACHED:  # too large to keep for a conditional request
                received = CIMultiDict(
                    item for item in received.items() if item[0].lower() not in {"etag", "last-modified"}
                )
            return _known_status(response.status), received, answer

    async def _send(
        self,
        method: str,
        url: str,
        url_vars: Variables | None,
        data: Any,
        accept: str,
        *,
        repeat: bool,
        more: dict[str, str] | None = None,
    ) -> tuple[Any, str | None, int]:
        if accept == sansio.accept_format():
            accept = JSON
        is_query = url == self._transport.graphql_url and repeat
        with self._named(method, url, writes=method != "GET" and not is_query):
            for pause in self._pauses(repeat):
                try:
                    return await self._send_once(method, url, url_vars, data, accept, more or {})
                except Unavailable:
                    if pause is None:
                        raise
                    await self.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    async def _send_once(
        self,
        method: str,
        url: str,
        url_vars: Variables | None,
        data: Any,
        accept: str,
        more: dict[str, str],
    ) -> tuple[Any, str | None, int]:
        try:
            answer: tuple[Any, str | None, int] = await super()._make_request(
                method,
                url,
                url_vars,
                data,
                accept,
                extra_headers={"x-github-api-version": API_VERSION, **more},
            )
        except gidgethub.HTTPException as error:
            raise of_http(error, _operation.get()) from None
        except (ValueError, LookupError, RecursionError):  # no JSON, a strange charset, absurd depth
            raise Unavailable(f"{_operation.get()}: malformed answer") from None
        if answer[2] in {200, 201} and not isinstance(answer[0], dict | list):
            raise Unavailable(f"{_operation.get()}: an answer without JSON", status=answer[2])
        return answer

    async def _fetch(
        self,
        url: str,
        url_vars: Variables,
        accept: str,
        sink: Callable[[bytes], Awaitable[bool]],
        restart: Callable[[], Awaitable[None]],
        *,
        elsewhere: bool,
    ) -> None:
        """GET an address and give its bytes to `sink` until that says False."""
        filled = sansio.format_url(url, url_vars, base_url=self.base_url)
        headers = sansio.create_headers(USER_AGENT, accept=accept)
        headers["x-github-api-version"] = API_VERSION
        with self._named("GET", url):
            for pause in self._pauses(repeat=True):
                try:
                    await restart()
                    await self._fetch_once(filled, headers, sink, elsewhere=elsewhere)
                except Unavailable:
                    if pause is None:
                        raise
                    await self.sleep(pause)
                else:
                    return

    async def _fetch_once(
        self,
        url: str,
        headers: Mapping[str, str],
        sink: Callable[[bytes], Awaitable[bool]],
        *,
        elsewhere: bool,
    ) -> None:
        for refusals in itertools.count(1):
            await self.manage_rate_limit(method="GET", url=url)
            async with self._open("GET", url, headers, b"", elsewhere=elsewhere) as response:
                if response.status == 200:
                    self._observe(response, b"")
                    async for chunk in response.content.iter_chunked(_CHUNK):
                        if not await sink(chunk):
                            break
                    return
                answer = await _read(response)
                self._observe(response, answer)
            if response.status >= 500:
                raise Unavailable(f"{_operation.get()}: {response.status}", status=response.status)
            try:
                sansio.decipher_response(_known_status(response.status), response.headers, answer)
            except gidgethub.HTTPException as error:
                waited = await self.handle_rate_limit_error(
                    method="GET", url=url, exception=error, attempt=refusals
                )
                if not waited:
                    raise of_http(error, _operation.get()) from None
            except (ValueError, LookupError):
                raise Unavailable(f"{_operation.get()}: malformed answer") from None
            else:
                raise Unavailable(f"{_operation.get()}: {response.status} without content")

    @contextlib.asynccontextmanager
    async def _open(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, *, elsewhere: bool = False
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A signed request's final answer, unread. `elsewhere` allows one redirect off GitHub's API, unsigned."""
        tried: list[str] = []
        redirects = 0
        while True:
            if method not in {"GET", "HEAD"} and url != self._transport.graphql_url:
                self._ask_to_write(_operation.get())
            headers = {key: value for key, value in headers.items() if key != "authorization"}
            if URL(url).origin() in self._origins:
                tried.append(await self._authorization.header())
                headers["authorization"] = tried[-1]
            elif not (elsewhere and redirects and _trusted(URL(url))):
                raise UnexpectedHost(f"{_operation.get()}: refused to contact {URL(url).host}")
            patience = _LONG if elsewhere else self._session.timeout
            async with self._exchange(method, url, headers, body, patience) as response:
                if (
                    response.status == 401
                    and tried
                    and await self._authorization.refused(tried, response.headers)
                ):
                    continue
                if response.status in {301, 302, 303, 307, 308} and "location" in response.headers:
                    redirects += 1
                    url = self._redirected(method, url, response)
                    if redirects <= _MOST_REDIRECTS:
                        continue
                    raise GitHubError(f"{_operation.get()}: too many redirects", status=response.status)
                yield response
                return

    @contextlib.asynccontextmanager
    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, patience: aiohttp.ClientTimeout
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        started = time.monotonic()
        status = 0
        try:
            async with self._session.request(
                method,
                URL(url, encoded=True),
                headers=headers,
                data=body or None,
                allow_redirects=False,
                timeout=patience,
            ) as response:
                status = response.status
                yield response
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            status = 0
            # The cause would carry the request's headers.
            raise Unavailable(f"{_operation.get()}: {type(error).__name__}") from None
        finally:
            method_name, _, operation = _operation.get().partition(" ")
            call = Call(
                method_name or method,
                operation,
                status,
                started,
                time.monotonic(),
                self.installation_id,
                _writing.get(),
            )
            if (spent := _spent.get()) is not None:
                spent.calls += 1
                spent.points += call.points
                spent.writes += call.writes
            if self._transport.on_call is not None:
                self._transport.on_call(call)

    def _redirected(self, method: str, url: str, response: aiohttp.ClientResponse) -> str:
        """Where a redirect leads. A write is repeated as it is, or not at all."""
        if method != "GET" and response.status in {302, 303}:
            raise GitHubError(f"{_operation.get()}: {response.status} for a write", status=response.status)
        try:
            return str(URL(url, encoded=True).join(URL(response.headers["location"], encoded=True)))
        except ValueError:
            raise Unavailable(f"{_operation.get()}: a redirect to nowhere", status=response.status) from None

    def _pauses(self, repeat: bool) -> tuple[float | None, ...]:
        """The pause after each attempt that GitHub fails; None after the last."""
        return (*self._transport.pauses, None) if repeat else (None,)

    @contextlib.contextmanager
    def _named(self, method: str, url: str, *, writes: bool = False) -> Iterator[None]:
        """Errors and metrics speak of the address template."""
        if url == self._transport.graphql_url:
            name = "graphql"
        elif URL(url).absolute:
            name = "next page"
        else:
            name = url
        operation, writing = _operation.set(f"{method} {name}"), _writing.set(writes)
        try:
            yield
        finally:
            _operation.reset(operation)
            _writing.reset(writing)

    def _observe(self, response: aiohttp.ClientResponse, answer: bytes) -> None:
        if response.url.origin() in self._origins:
            self.server.version = response.headers.get("X-GitHub-Enterprise-Version", self.server.version)
            said = answer[:2000].decode(errors="replace")
            self.limits.observe(
                response.headers,
                refused=is_limit(response.status, response.headers, said) or response.status >= 500,
            )

    def _resource(self, url: str) -> str:
        return "graphql" if url == self._transport.graphql_url else "core"


class _Scoped(MutableMapping[str, CacheEntry]):
    """One installation's part of the shared cache: what it may read is nobody else's."""

    def __init__(self, cache: TTLCache[tuple[int | None, str], CacheEntry], scope: int | None) -> None:
        self._cache = cache
        self._scope = scope

    def __getitem__(self, url: str) -> CacheEntry:
        return self._cache[self._scope, url]

    def __setitem__(self, url: str, entry: CacheEntry) -> None:
        self._cache[self._scope, url] = entry

    def __delitem__(self, url: str) -> None:
        del self._cache[self._scope, url]

    def __iter__(self) -> Iterator[str]:
        return (url for scope, url in self._cache if scope == self._scope)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def derive_graphql_url(api_url: str) -> str:
    """`https://api.github.com` and `https://api.TENANT.ghe.com` have `/graphql`, an own server `/api/graphql`."""
    url = api_url.rstrip("/")
    return url.removesuffix("/v3") + "/graphql" if url.endswith("/api/v3") else url + "/graphql"


def check_url(url: str) -> str:
    """`url` without a trailing slash. Raises ValueError unless it is https, or http to this machine."""
    parsed = URL(url)
    if not parsed.absolute or parsed.user or parsed.query_string or parsed.fragment or not _trusted(parsed):
        raise ValueError(f"not an https address: {url}")
    return url.rstrip("/")


def _trusted(url: URL) -> bool:
    return url.scheme == "https" or (url.scheme == "http" and _is_loopback(url.host or ""))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _read(response: aiohttp.ClientResponse) -> bytes:
    answer = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        answer += chunk
        if len(answer) > _LONGEST_ANSWER:
            raise TooLarge(f"{_operation.get()}: more than {_LONGEST_ANSWER} bytes", limit=_LONGEST_ANSWER)
    return bytes(answer)


def _known_status(status: int) -> int:
    """gidgethub knows only the standard library's codes; others count as the first of their class."""
    try:
        return http.HTTPStatus(status).value
    except ValueError:
        return status // 100 * 100


def _query_error(error: Any) -> QueryError:
    if not isinstance(error, dict):
        return QueryError("", str(error), ())
    kind = error.get("type") or (error.get("extensions") or {}).get("code") or ""
    return QueryError(str(kind), str(error.get("message", "")), tuple(error.get("path") or ()))


def _nothing_came(errors: tuple[QueryError, ...]) -> GitHubError:
    message = "graphql: " + ("; ".join(error.message for error in errors) or "neither data nor errors")
    kinds = {error.type for error in errors}
    if "FORBIDDEN" in kinds:
        return Forbidden(message, status=200)
    if "NOT_FOUND" in kinds:
        return NotFound(message, status=200)
    if "STALE_DATA" in kinds:
        return Conflict(message, status=200)
    if "undefinedField" in kinds:
        return Unsupported(message, status=200)
    if "UNPROCESSABLE" in kinds:
        return Invalid(message, reasons=[error.message for error in errors], status=200)
    if not errors or any(
        error.type == "SERVICE_UNAVAILABLE" or "something went wrong" in error.message.lower()
        for error in errors
    ):
        return Unavailable(message, status=200)
    return GitHubError(message, status=200)
