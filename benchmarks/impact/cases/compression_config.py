"""FP511: gzip at its default level."""

import json
import random

from fastapi import FastAPI, Response
from fastapi.middleware.gzip import GZipMiddleware

from benchmarks.impact.pair import Pair, at

pair = Pair("FP511", *at(1, 4, kb=1_000), *at(1, 4, kb=100), headers={"accept-encoding": "gzip"})
BODY = json.dumps(
    [
        {"id": number, "name": f"user{random.Random(number).randrange(10**6)}", "sum": number / 7}
        for number in range(20_000)
    ]
).encode()


async def endpoint(kb: int) -> Response:
    return Response(BODY[: kb * 1_000], media_type="application/json")


def default(app: FastAPI) -> None:
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_api_route("/", endpoint)


def lighter(app: FastAPI) -> None:
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_api_route("/", endpoint)


pair.application("slow", "`GZipMiddleware` at level 9", default)
pair.application("fast", "at level 5", lighter)
