"""FP701: a password hash on the event loop."""

import asyncio

import bcrypt

from benchmarks.impact.pair import Pair, at

pair = Pair("FP701", *at(1, 4, cost=10), frees_loop=True)
HASHED = bcrypt.hashpw(b"secret", bcrypt.gensalt(10))


@pair.slow("`bcrypt.checkpw` in an `async def`")
async def slow() -> bool:
    return bcrypt.checkpw(b"other", HASHED)


@pair.fast("`await asyncio.to_thread(bcrypt.checkpw, ...)`")
async def fast() -> bool:
    return await asyncio.to_thread(bcrypt.checkpw, b"other", HASHED)
