"""FP106: a blocking call between the chunks of a stream."""

import asyncio
import time
from collections.abc import AsyncIterator

from fastapi.responses import StreamingResponse

from benchmarks.impact.pair import Pair, at

pair = Pair("FP106", *at(1, 8, 16, ms=5, chunks=4), frees_loop=True)


@pair.slow("`time.sleep` between the chunks")
async def slow(ms: float, chunks: int) -> StreamingResponse:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(chunks):
            time.sleep(ms / 1000)
            yield b"x" * 100

    return StreamingResponse(body())


@pair.fast("`await asyncio.sleep` between them")
async def fast(ms: float, chunks: int) -> StreamingResponse:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(chunks):
            await asyncio.sleep(ms / 1000)
            yield b"x" * 100

    return StreamingResponse(body())
