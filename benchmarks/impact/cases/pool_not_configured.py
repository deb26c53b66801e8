"""FP606: the default pool, five connections and ten more, under sixty-four requests of 20 ms each."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at

pair = Pair("FP606", *at(4, 64, ms=20), needs=("database",))
QUERY = text("select pg_sleep(0.02)")
unset: AsyncEngine
sized: AsyncEngine


@pair.setup
async def engines() -> None:
    global unset, sized
    unset = tables.async_engine(pool_size=5, max_overflow=10)
    sized = tables.async_engine(pool_size=30, max_overflow=0, pool_pre_ping=True)


async def ask(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        await connection.execute(QUERY)
    return 1


@pair.slow("the defaults: 5 connections and 10 of overflow")
async def slow() -> int:
    return await ask(unset)


@pair.fast("`pool_size=30, max_overflow=0, pool_pre_ping=True`")
async def fast() -> int:
    return await ask(sized)
