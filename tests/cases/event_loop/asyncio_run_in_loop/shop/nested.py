import asyncio

import anyio
import nest_asyncio
from fastapi import FastAPI

app = FastAPI()


async def fetch(number: int = 0) -> int:
    await asyncio.sleep(number)
    return number


def patched() -> int:
    nest_asyncio.apply()  # FP108
    return asyncio.get_event_loop().run_until_complete(fetch())


@app.get("/patched")
async def with_patched_loops() -> int:
    nest_asyncio.apply()  # FP108
    asyncio.run(fetch(1))
    anyio.run(fetch, 1)  # FP108 (inline)
    return patched()
