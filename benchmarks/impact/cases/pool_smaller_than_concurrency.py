"""FP607: a pool of five under sixty-four requests of 20 ms each."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at

pair = Pair("FP607", *at(4, 64, ms=20, pool_size=5), needs=("database",))
QUERY = text("select pg_sleep(0.02)")
small: AsyncEngine
large: AsyncEngine


@pair.setup
async def engines() -> None:
    global small, large
    small = tables.async_engine(pool_size=5)
    large = tables.async_engine(pool_size=20)


async def ask(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        await connection.execute(QUERY)
    return 1


@pair.slow("`pool_size=5, max_overflow=0`")
async def slow() -> int:
    return await ask(small)


@pair.fast("`pool_size=20`")
async def fast() -> int:
    return await ask(large)
