import functools
from functools import cache, lru_cache

from aiocache import cached
from async_lru import alru_cache
from cachetools import TTLCache
from cachetools import cached as kept
from cachetools.func import ttl_cache


def awaiting(function):
    return function


@lru_cache  # FP310
async def plain(day: str) -> float: ...


@lru_cache(maxsize=None)  # FP310
async def called(day: str) -> float: ...


@functools.cache  # FP310
async def by_module(day: str) -> float: ...


@cache  # FP310
async def forever() -> float: ...


@kept(TTLCache(100, 60))  # FP310
async def with_cachetools(day: str) -> float: ...


@ttl_cache(ttl=60)  # FP310
async def with_time(day: str) -> float: ...


class Service:
    @lru_cache(maxsize=10)  # FP310
    async def method(self, day: str) -> float: ...


# Near misses


@alru_cache(maxsize=100)
async def right(day: str) -> float: ...


@cached(ttl=60)
async def with_aiocache(day: str) -> float: ...


@lru_cache
def synchronous(day: str) -> float: ...


@lru_cache
@awaiting
async def awaited_between(day: str) -> float: ...


def own_cache(function):
    return function


@own_cache
async def with_own(day: str) -> float: ...


async def undecorated(day: str) -> float: ...


@awaiting
async def otherwise(day: str) -> float: ...
