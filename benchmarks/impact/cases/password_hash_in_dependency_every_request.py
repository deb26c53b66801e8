"""FP720: a password hash in a dependency, checked by each request."""

import asyncio
from typing import Annotated

import bcrypt
from cachetools import TTLCache
from fastapi import Depends

from benchmarks.impact.pair import Pair, at

pair = Pair("FP720", *at(1, 4, cost=10))
HASHED = bcrypt.hashpw(b"secret", bcrypt.gensalt(10))
known: TTLCache[bytes, bool] = TTLCache(1_000, 60)


async def checked() -> bool:
    return await asyncio.to_thread(bcrypt.checkpw, b"secret", HASHED)


async def checked_once() -> bool:
    if b"secret" not in known:
        known[b"secret"] = await asyncio.to_thread(bcrypt.checkpw, b"secret", HASHED)
    return known[b"secret"]


@pair.slow("the password checked by each request")
async def slow(user: Annotated[bool, Depends(checked)]) -> bool:
    return user


@pair.fast("checked once, then a short-lived token or cache entry")
async def fast(user: Annotated[bool, Depends(checked_once)]) -> bool:
    return user
