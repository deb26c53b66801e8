"""FP105: what blocks in middleware blocks every request."""

import asyncio
import time

import requests
from fastapi import Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from starlette.middleware.base import BaseHTTPMiddleware

app = FastAPI()


def maintenance() -> bool:
    return requests.get("https://status.example/shop", timeout=1).status_code != 200


@app.middleware("http")
async def slow(request: Request, call_next):
    time.sleep(0.01)  # FP105
    return await call_next(request)


@app.middleware("http")
async def slow_through_a_helper(request: Request, call_next):
    request.state.maintenance = maintenance()  # FP105
    return await call_next(request)


@app.middleware("http")
async def quick(request: Request, call_next):
    started = time.perf_counter()
    request.state.maintenance = await run_in_threadpool(maintenance)
    await asyncio.sleep(0)
    response = await call_next(request)
    response.headers["X-Time"] = str(time.perf_counter() - started)
    return response


class Limiter(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next):
        requests.post("https://limits.example/hit", timeout=1)  # FP105
        return await call_next(request)


class Plain:
    def __init__(self, app) -> None:
        self.app = app
        time.sleep(0.1)

    async def __call__(self, scope, receive, send) -> None:
        time.sleep(0.001)  # FP105
        await self.app(scope, receive, send)


class NeverAdded:
    async def __call__(self, scope, receive, send) -> None:
        time.sleep(0.001)


app.add_middleware(Limiter)
app.add_middleware(Plain)


@app.exception_handler(KeyError)
async def missing(request: Request, error: KeyError) -> JSONResponse:
    requests.post("https://errors.example/report", timeout=1)  # FP105 (summary)
    return JSONResponse({"detail": "missing"}, status_code=404)


@app.exception_handler(ValueError)
def wrong(request: Request, error: ValueError) -> JSONResponse:
    requests.post("https://errors.example/report", timeout=1)
    return JSONResponse({"detail": "wrong"}, status_code=400)


async def a_dependency_is_no_middleware() -> None:
    time.sleep(0.1)


@app.get("/orders", dependencies=[Depends(a_dependency_is_no_middleware)])
async def orders() -> list[str]:
    time.sleep(0.1)
    return []


@app.middleware("http")
async def says_what_failed(request: Request, call_next):
    try:
        return await call_next(request)
    except ValueError:
        requests.post("https://errors.example/report", timeout=1)  # FP105 (summary)
        raise


_held: dict[str, tuple[str, float]] = {}


def held(token: str) -> str:
    if token in _held:
        user, until = _held[token]
        if time.time() >= until:
            del _held[token]
        else:
            return user
    user = requests.get("https://users.example", params={"token": token}, timeout=1).text
    _held[token] = (user, time.time() + 60)
    return user


@app.middleware("http")
async def asks_now_and_then(request: Request, call_next):
    request.state.user = held(request.headers["Authorization"])  # FP105 (summary)
    return await call_next(request)


def counted(token: str) -> str:
    if token in _held:
        user, _ = _held[token]
        print(user)
    return requests.get("https://users.example", params={"token": token}, timeout=1).text


@app.middleware("http")
async def asks_always(request: Request, call_next):
    request.state.user = counted(request.headers["Authorization"])  # FP105 (inline)
    return await call_next(request)
