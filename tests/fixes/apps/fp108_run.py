import asyncio

from fastapi import FastAPI

app = FastAPI()


async def fetched(currency: str) -> dict[str, float]:
    await asyncio.sleep(0)
    return {currency: 1.5}


@app.get("/rates/{currency}")
async def rates(currency: str) -> dict[str, float]:
    return asyncio.run(fetched(currency))
