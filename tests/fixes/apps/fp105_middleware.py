import os
from collections.abc import Awaitable, Callable

import requests
from fastapi import FastAPI, Request, Response

UPSTREAM = os.environ["UPSTREAM"]
app = FastAPI()


@app.middleware("http")
async def stamp(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    answer = requests.get(f"{UPSTREAM}/echo/stamp", timeout=5)
    response = await call_next(request)
    response.headers["x-stamp"] = answer.text
    return response


@app.get("/orders")
async def orders() -> list[int]:
    return [1, 2]
