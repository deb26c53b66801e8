"""FP118: a flag asked for every hundred milliseconds, set after fifty."""

import asyncio

from benchmarks.impact.pair import Pair, at

pair = Pair("FP118", *at(1, 32, ms=50))


class Printer:
    ready = False

    def finish(self) -> None:
        self.ready = True


@pair.slow("`while not ready: await asyncio.sleep(0.1)`")
async def slow(ms: float) -> int:
    printer = Printer()
    asyncio.get_running_loop().call_later(ms / 1000, printer.finish)
    while not printer.ready:
        await asyncio.sleep(0.1)
    return 1


@pair.fast("`await event.wait()`")
async def fast(ms: float) -> int:
    ready = asyncio.Event()
    asyncio.get_running_loop().call_later(ms / 1000, ready.set)
    await ready.wait()
    return 1


@pair.form("eager", "`while not ready: await asyncio.sleep(0)`")
async def eager(ms: float) -> int:
    printer = Printer()
    asyncio.get_running_loop().call_later(ms / 1000, printer.finish)
    while not printer.ready:
        await asyncio.sleep(0)
    return 1
