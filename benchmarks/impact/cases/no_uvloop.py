"""FP715: asyncio's own loop and Python's own HTTP parser against uvloop and httptools."""

from benchmarks.impact.pair import Pair, at

pair = Pair("FP715", *at(1, 16))


async def endpoint() -> dict[str, bool]:
    return {"ok": True}


pair.slow("plain `uvicorn`: asyncio and h11", server={"loop": "asyncio", "http": "h11"})(endpoint)
pair.fast("`uvicorn[standard]`: uvloop and httptools")(endpoint)
