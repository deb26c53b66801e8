"""FP603: a client made for each request."""

import aiohttp
import httpx

from benchmarks.impact import upstreams
from benchmarks.impact.pair import Pair, at

pair = Pair("FP603", *at(1, 8, ms=0), *at(8, ms=20), needs=("upstream",), frees_loop=True)
shared: httpx.AsyncClient


@pair.setup
async def client() -> None:
    global shared
    shared = httpx.AsyncClient()
    await upstreams.use()


@pair.slow("`async with httpx.AsyncClient()` in the endpoint")
async def slow(ms: float) -> int:
    async with httpx.AsyncClient() as own:
        return (await own.get(upstreams.address(ms))).status_code


@pair.fast("one `httpx.AsyncClient` for the process")
async def fast(ms: float) -> int:
    return (await shared.get(upstreams.address(ms))).status_code


@pair.form("aiohttp_each", "`aiohttp.ClientSession()` in the endpoint")
async def aiohttp_each(ms: float) -> int:
    async with aiohttp.ClientSession() as own, own.get(upstreams.address(ms)) as answer:
        return answer.status


@pair.form("aiohttp_shared", "one `aiohttp.ClientSession` for the process")
async def aiohttp_shared(ms: float) -> int:
    return await upstreams.call(ms)
