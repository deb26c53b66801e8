import functools
from functools import lru_cache

from aiocache import cached
from fastapi import APIRouter, FastAPI, Request
from fastapi_cache.decorator import cache
from slowapi import Limiter
from slowapi.util import get_remote_address

app = FastAPI()
router = APIRouter()
limiter = Limiter(key_func=get_remote_address)


def cache_response(seconds: int):
    def wrap(function):
        @functools.wraps(function)
        async def inner(*args, **kwargs):
            return await function(*args, **kwargs)

        return inner

    return wrap


def audited(function):
    return function


@cache(expire=60)  # FP309
@app.get("/rates")
async def rates() -> dict[str, float]: ...


@cached(ttl=60)  # FP309
@router.get("/prices")
async def prices() -> dict[str, float]: ...


@lru_cache  # FP309
@router.get("/countries")
def countries() -> list[str]: ...


@limiter.limit("5/minute")  # FP309
@app.post("/login")
async def login(request: Request) -> None: ...


@cache_response(30)  # FP309
@app.get("/own")
async def own() -> None: ...


@cache(expire=60)  # FP309
@app.get("/a")
@app.get("/b")
async def two_routes() -> None: ...


# Near misses


@app.get("/right")
@cache(expire=60)
async def right() -> None: ...


@app.post("/limited")
@limiter.limit("5/minute")
async def limited(request: Request) -> None: ...


@audited
@app.get("/audited")
async def other_decorator() -> None: ...


@cache(expire=60)
async def helper() -> None: ...


@app.get("/a1")
@cache(expire=60)
@audited
async def between() -> None: ...


@lru_cache
@audited
def not_an_endpoint() -> None: ...


class Client:
    def get(self, path: str):
        return lambda function: function


client = Client()


@cache(expire=60)
@client.get("/elsewhere")
async def no_route() -> None: ...
