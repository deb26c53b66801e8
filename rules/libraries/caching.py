"""Decorators and containers that keep results: how large they grow, how long they keep, what they can wrap."""

from __future__ import annotations

from msgspec import Struct


class Memoiser(Struct, frozen=True):
    """A decorator that keeps the results of the function below it.

    `size` is the keyword that bounds the number of entries, `bounded` whether there is a bound without it; `ttl` the
    keyword that limits how long an entry lives. `awaits` says that it understands `async def`; `shared` that entries may
    live outside the process. `route` says that the decorated function may be an endpoint.
    """

    name: str
    size: str = ""
    bounded: bool = False
    ttl: str = ""
    awaits: bool = False
    shared: bool = False
    route: bool = False


MEMOISERS = {
    memoiser.name: memoiser
    for memoiser in (
        Memoiser("functools.lru_cache", size="maxsize", bounded=True),
        Memoiser("functools.cache"),
        Memoiser("cachetools.cached", bounded=True),
        Memoiser("cachetools.cachedmethod", bounded=True),
        Memoiser("cachetools.func.lru_cache", size="maxsize", bounded=True),
        Memoiser("cachetools.func.lfu_cache", size="maxsize", bounded=True),
        Memoiser("cachetools.func.ttl_cache", size="maxsize", bounded=True, ttl="ttl"),
        Memoiser("async_lru.alru_cache", size="maxsize", bounded=True, ttl="ttl", awaits=True),
        Memoiser("aiocache.cached", ttl="ttl", awaits=True, shared=True, route=True),
        Memoiser("aiocache.cached_stampede", ttl="ttl", awaits=True, shared=True, route=True),
        Memoiser("aiocache.multi_cached", ttl="ttl", awaits=True, shared=True),
        Memoiser("fastapi_cache.decorator.cache", ttl="expire", awaits=True, shared=True, route=True),
        Memoiser("cashews.cache", ttl="ttl", awaits=True, shared=True, route=True),
        Memoiser("cashews.cache.early", ttl="ttl", awaits=True, shared=True, route=True),
        Memoiser("cashews.cache.soft", ttl="ttl", awaits=True, shared=True, route=True),
        Memoiser("cashews.cache.hit", ttl="ttl", awaits=True, shared=True, route=True),
        Memoiser("cashews.cache.failover", ttl="ttl", awaits=True, shared=True, route=True),
    )
}
"""By canonical name."""

MEMOISER_ALIASES = {
    "aiocache.decorators.cached": "aiocache.cached",
    "aiocache.decorators.cached_stampede": "aiocache.cached_stampede",
    "aiocache.decorators.multi_cached": "aiocache.multi_cached",
    "cashews.cache.cache": "cashews.cache",
}

LIMITERS = frozenset(
    {
        "slowapi.Limiter.limit",
        "slowapi.extension.Limiter.limit",
        "slowapi.Limiter.shared_limit",
        "slowapi.extension.Limiter.shared_limit",
    }
)
"""Decorators that wrap an endpoint and therefore belong below its route, as caches do."""

UNBOUNDED_CONTAINERS = {
    "dict": "dict",
    "list": "list",
    "set": "set",
    "collections.defaultdict": "dict",
    "collections.OrderedDict": "dict",
    "collections.Counter": "dict",
    "collections.deque": "deque",
}
"""Constructors of containers that grow without limit -> what they are."""
