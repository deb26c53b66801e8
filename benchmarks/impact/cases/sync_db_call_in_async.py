"""FP102: a synchronous session in an `async def`."""

from sqlalchemy import text

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at

pair = Pair("FP102", *at(1, 8, 32, ms=20), *at(8, ms=1), needs=("database",), frees_loop=True)
pair.setup(tables.use)
QUERY = text("select pg_sleep(:seconds)")


@pair.slow("a synchronous `Session` in an `async def`")
async def slow(ms: float) -> int:
    with tables.Session() as session:
        session.execute(QUERY, {"seconds": ms / 1000})
    return 1


@pair.fast("an `AsyncSession`")
async def fast(ms: float) -> int:
    async with tables.AsyncSession() as session:
        await session.execute(QUERY, {"seconds": ms / 1000})
    return 1


@pair.form("in_thread", "the synchronous `Session` in a plain `def`")
def in_thread(ms: float) -> int:
    with tables.Session() as session:
        session.execute(QUERY, {"seconds": ms / 1000})
    return 1
