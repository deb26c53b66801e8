"""FP507: a text that is complete in memory, sent line by line."""

from io import BytesIO

from fastapi.responses import Response, StreamingResponse

from benchmarks.impact.pair import Pair, at

pair = Pair("FP507", *at(1, 4, size=200_000))
LINE = b"x" * 79 + b"\n"


def drawn(size: int) -> BytesIO:
    return BytesIO(LINE * (size // len(LINE)))


@pair.slow("`StreamingResponse(buffer)`, lines of 80 bytes")
async def slow(size: int) -> StreamingResponse:
    return StreamingResponse(drawn(size))


@pair.fast("`Response(buffer.getvalue())`")
async def fast(size: int) -> Response:
    return Response(drawn(size).getvalue())
