"""FP115: reading a file on the event loop. Small files that the system holds in memory are the counter-example."""

import asyncio
import os
from pathlib import Path

from benchmarks.impact.pair import Pair, at

pair = Pair("FP115", *at(1, 16, size=4_096), *at(1, 4, size=50_000_000), frees_loop=True)
pair.note = "The files are in the page cache; a cold or network disk was not tried."


def place(size: int) -> Path:
    return Path(os.environ["IMPACT_FOLDER"], f"file-{size}")


@pair.setup
async def files() -> None:
    for size in (4_096, 50_000_000):
        place(size).write_bytes(b"x" * size)


@pair.slow("`read_bytes` in an `async def`")
async def slow(size: int) -> int:
    return len(place(size).read_bytes())


@pair.fast("`await asyncio.to_thread(read)`")
async def fast(size: int) -> int:
    return len(await asyncio.to_thread(place(size).read_bytes))
