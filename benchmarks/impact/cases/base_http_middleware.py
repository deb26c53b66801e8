"""FP510: one `BaseHTTPMiddleware` around a trivial endpoint."""

import time
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks.impact.pair import Pair, at

pair = Pair("FP510", *at(1, 16))


class Timed(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: Any) -> Response:
        started = time.perf_counter()
        response: Response = await call_next(request)
        response.headers["x-took"] = str(time.perf_counter() - started)
        return response


class PlainTimed:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-took", str(time.perf_counter() - started).encode()))
            await send(message)

        await self.app(scope, receive, sent)


async def endpoint() -> dict[str, bool]:
    return {"ok": True}


def base(app: FastAPI) -> None:
    app.add_middleware(Timed)
    app.add_api_route("/", endpoint)


def plain(app: FastAPI) -> None:
    app.add_middleware(PlainTimed)
    app.add_api_route("/", endpoint)


pair.application("slow", "one `BaseHTTPMiddleware`", base)
pair.application("fast", "a plain ASGI middleware", plain)
