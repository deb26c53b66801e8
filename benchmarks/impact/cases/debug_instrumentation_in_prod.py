"""FP718: a debugging event loop under an endpoint that awaits a few times."""

import asyncio

from benchmarks.impact.pair import Pair, at

pair = Pair("FP718", *at(1, 16))


async def debugging() -> int:
    asyncio.get_running_loop().set_debug(True)
    return await working()


async def working() -> int:
    for _ in range(20):
        await asyncio.sleep(0)
    return 1


pair.slow("`loop.set_debug(True)`", server={"loop": "asyncio"})(debugging)
pair.fast("without", server={"loop": "asyncio"})(working)
