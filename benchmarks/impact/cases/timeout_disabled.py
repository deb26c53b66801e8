"""FP602: calls without a timeout to a peer that hangs use up the client, and a healthy call waits behind them."""

import asyncio
import os

import httpx

from benchmarks.impact import upstreams
from benchmarks.impact.pair import Pair, at

PLACES = 5
GIVEN_UP = 4.0
pair = Pair("FP602", *at(1, hung=PLACES, timeout_s=0.5), needs=("upstream",), answers_alike=False)
pair.note = (
    "The client has five connections and five calls hang. The healthy call of the slow form is given up after 4 s: it would"
    " never return."
)


async def healthy(timeout: float | None) -> int:
    async with httpx.AsyncClient(timeout=timeout, limits=httpx.Limits(max_connections=PLACES)) as client:
        hung = [
            asyncio.create_task(client.get(f"{os.environ['IMPACT_UPSTREAM']}/hang")) for _ in range(PLACES)
        ]
        await asyncio.sleep(0.1)
        try:
            return await ask(client, timeout)
        finally:
            for task in hung:
                task.cancel()
            await asyncio.gather(*hung, return_exceptions=True)


async def ask(client: httpx.AsyncClient, timeout: float | None) -> int:
    async with asyncio.timeout(GIVEN_UP):
        while True:
            try:
                return (await client.get(upstreams.address(1))).status_code
            except httpx.PoolTimeout:
                if timeout is None:
                    raise


@pair.slow("`timeout=None`")
async def slow() -> int:
    return await healthy(None)


@pair.fast("`timeout=0.5`")
async def fast() -> int:
    return await healthy(0.5)
