"""FP508: a plain generator streamed row by row."""

from collections.abc import AsyncIterator, Iterator

from fastapi.responses import StreamingResponse

from benchmarks.impact.pair import Pair, at

pair = Pair("FP508", *at(1, 4, chunks=500, bytes=1_024))
CHUNK = b"x" * 1_024


@pair.slow("a plain generator, 1 kB at a time")
async def slow(chunks: int) -> StreamingResponse:
    def body() -> Iterator[bytes]:
        for _ in range(chunks):
            yield CHUNK

    return StreamingResponse(body())


@pair.fast("a plain generator, 64 kB at a time")
async def fast(chunks: int) -> StreamingResponse:
    def body() -> Iterator[bytes]:
        for _ in range(-(-chunks // 64)):
            yield CHUNK * 64

    return StreamingResponse(body())


@pair.form("awaiting", "an async generator, 1 kB at a time")
async def awaiting(chunks: int) -> StreamingResponse:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(chunks):
            yield CHUNK

    return StreamingResponse(body())
