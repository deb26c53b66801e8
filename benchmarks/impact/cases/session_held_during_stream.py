"""FP219: a dependency's session that stays open until the stream is sent, on a pool of five."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from fastapi.responses import StreamingResponse
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Item

PLACES, CHUNKS = 5, 10
pair = Pair("FP219", *at(1, 64, ms=100, pool_size=PLACES), needs=("database",))


@pair.setup
async def small_pool() -> None:
    tables.AsyncSession.configure(bind=tables.async_engine(pool_size=PLACES))


async def get_session() -> AsyncIterator[AsyncSession]:
    async with tables.AsyncSession() as session:
        yield session


async def body(name: str | None, ms: float) -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        await asyncio.sleep(ms / CHUNKS / 1000)
        yield str(name).encode()


@pair.slow("`Depends(get_session)`, then a stream of 100 ms")
async def slow(ms: float, session: Annotated[AsyncSession, Depends(get_session)]) -> StreamingResponse:
    return StreamingResponse(body(await session.scalar(select(Item.name).where(Item.id == 7)), ms))


@pair.fast('`Depends(get_session, scope="function")`')
async def fast(
    ms: float, session: Annotated[AsyncSession, Depends(get_session, scope="function")]
) -> StreamingResponse:
    return StreamingResponse(body(await session.scalar(select(Item.name).where(Item.id == 7)), ms))
