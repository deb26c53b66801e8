"""FP105: a blocking call in a middleware."""

import asyncio
import time

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.impact.pair import Pair, at

pair = Pair("FP105", *at(1, 8, 32, ms=10), frees_loop=True)
SECONDS = 0.01


class Blocking:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/":
            time.sleep(SECONDS)
        await self.app(scope, receive, send)


class Awaiting(Blocking):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/":
            await asyncio.sleep(SECONDS)
        await self.app(scope, receive, send)


async def endpoint() -> int:
    return 1


def blocking(app: FastAPI) -> None:
    app.add_middleware(Blocking)
    app.add_api_route("/", endpoint)


def awaiting(app: FastAPI) -> None:
    app.add_middleware(Awaiting)
    app.add_api_route("/", endpoint)


pair.application("slow", "10 ms of `time.sleep` in a middleware", blocking)
pair.application("fast", "10 ms of `await asyncio.sleep` in it", awaiting)
