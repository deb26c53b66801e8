"""FP506: a file read whole before it is sent."""

import os
from pathlib import Path

from fastapi.responses import FileResponse, Response

from benchmarks.impact.pair import Pair, at

pair = Pair("FP506", *at(1, 2, size=50_000_000))
PLACE = Path(os.environ.get("IMPACT_FOLDER", "/tmp"), "download")


@pair.setup
async def file() -> None:
    PLACE.write_bytes(b"x" * 50_000_000)


@pair.slow("`Response(path.read_bytes())`")
async def slow() -> Response:
    return Response(PLACE.read_bytes())


@pair.fast("`FileResponse(path)`")
async def fast() -> FileResponse:
    return FileResponse(PLACE)
