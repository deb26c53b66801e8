from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from fastapi import FastAPI, Request, Response
from fastapi_versioning import VersionedFastAPI
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware

from shop.config import settings
from shop.events import EventHub

app = FastAPI()
CallNext = Callable[[Request], Awaitable[Response]]


class Timing(BaseHTTPMiddleware):  # FP510 (inline)
    async def dispatch(self, request: Request, call_next: CallNext) -> Response:
        return await call_next(request)


@app.middleware("http")
async def headers(request: Request, call_next: CallNext) -> Response:  # FP510
    return await call_next(request)


app.add_middleware(Timing)


class UserProfiles(BaseHTTPMiddleware):  # FP510 (summary)
    async def dispatch(self, request: Request, call_next: CallNext) -> Response:
        return await call_next(request)


class ReadOnly(BaseHTTPMiddleware):  # FP510 (summary)
    async def dispatch(self, request: Request, call_next: CallNext) -> Response:
        return await call_next(request)


class Banner(BaseHTTPMiddleware):  # FP510 (summary)
    async def dispatch(self, request: Request, call_next: CallNext) -> Response:
        return await call_next(request)


def add_banner(api: FastAPI) -> None:
    api.add_middleware(Banner)


def add_all(api: FastAPI) -> None:
    if settings.SHOWCASE:
        add_banner(api)


add_all(app)

if settings.READ_ONLY:
    app.add_middleware(ReadOnly)

if settings.ANNOUNCED:

    @app.middleware("http")
    async def announce(request: Request, call_next: CallNext) -> Response:  # FP510 (summary)
        return await call_next(request)


class Signed(BaseHTTPMiddleware):  # FP510 (inline)
    async def dispatch(self, request: Request, call_next: CallNext) -> Response:
        return await call_next(request)


def add_signed(api: FastAPI) -> None:
    api.add_middleware(Signed)


add_signed(app)


class Forgotten(BaseHTTPMiddleware):  # FP510 (summary)
    async def dispatch(self, request: Request, call_next: CallNext) -> Response:
        return await call_next(request)


def add_forgotten(api: FastAPI) -> None:
    api.add_middleware(Forgotten)


class Known(BaseHTTPMiddleware):  # FP510 (summary)
    async def dispatch(self, request: Request, call_next: CallNext) -> Response:
        if request.headers.get("Authorization") is None:
            return Response(status_code=401)
        return await call_next(request)


app.add_middleware(Known)

accounts = httpx.AsyncClient(timeout=5)


class Asking(BaseHTTPMiddleware):  # FP510 (summary)
    async def dispatch(self, request: Request, call_next: CallNext) -> Response:
        answer = await accounts.get("https://accounts.example/me", params={"key": request.headers["x-key"]})
        request.state.account = answer.json()
        return await call_next(request)


app.add_middleware(Asking)


# Near misses


if settings.PROFILING:

    @app.middleware("http")
    async def timed(request: Request, call_next: CallNext) -> Response:
        return await call_next(request)


def add_endpoint_profiler(api: FastAPI) -> None:
    @api.middleware("http")
    async def timed(request: Request, call_next: CallNext) -> Response:
        return await call_next(request)


class Dump(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: CallNext) -> Response:
        return await call_next(request)


if settings.DEBUG:
    app.add_middleware(Dump)


class Pure:
    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


app.add_middleware(Pure)


class Queue:
    def middleware(self, kind: str) -> Callable[[Any], Any]:
        return lambda function: function


queue = Queue()


@queue.middleware("http")
async def of_a_queue(message: Any) -> None:
    return None


@app.get("/orders")
async def orders() -> list[int]:
    return []


class Replayed(BaseHTTPMiddleware):
    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["path"] == "/elsewhere":
            await Response(status_code=409)(scope, receive, send)
            return
        await self.app(scope, receive, send)


app.add_middleware(Replayed)


def add_latency(to: FastAPI) -> None:
    @to.middleware("http")
    async def latency(request: Request, call_next: CallNext) -> Response:  # FP510 (summary)
        return await call_next(request)


def add_names(to: FastAPI) -> None:
    @to.middleware("http")
    async def names(request: Request, call_next: CallNext) -> Response:  # FP510 (inline)
        return await call_next(request)


def configured(to: FastAPI) -> FastAPI:
    if settings.with_latency:
        add_latency(to)
    add_names(to)
    return to


configured(app)


versioned = VersionedFastAPI(app, version_format="{major}")
hub = EventHub(app)


@versioned.middleware("http")
async def redirected(request: Request, call_next: CallNext) -> Response:  # FP510
    return await call_next(request)


@hub.middleware("http")
async def heard(request: Request, call_next: CallNext) -> Response:
    return await call_next(request)


async def stamped(request: Request, call_next: object) -> object:
    response = await call_next(request)
    response.headers["X-Stamp"] = "1"
    return response


app.add_middleware(BaseHTTPMiddleware, dispatch=stamped)  # FP510 (change)
app.add_middleware(CORSMiddleware, allow_origins=["*"])
