import random

import httpx
import redis.asyncio
from fastapi import FastAPI

app = FastAPI()
client = redis.asyncio.Redis()
http = httpx.AsyncClient()


async def load() -> str:
    return (await http.get("https://reports.example")).text


@app.get("/report")
async def report() -> str:
    found = await client.get("report")
    if found is None:
        found = await load()
        await client.set("report", found, ex=300)  # FP308
    return found


@app.get("/direct/{day}")
async def direct(day: str) -> str:
    found = await client.get(f"report:{day}")
    if found is None:
        found = (await http.get("https://reports.example")).text
        await client.setex(f"report:{day}", 300, found)  # FP308
    return found


# Near misses


@app.get("/locked")
async def locked() -> str:
    found = await client.get("a")
    if found is None:
        async with client.lock("a:lock", timeout=10):
            found = await load()
            await client.set("a", found, ex=300)
    return found


@app.get("/spread")
async def spread() -> str:
    found = await client.get("b")
    if found is None:
        found = await load()
        await client.set("b", found, ex=300 + random.randint(0, 60))
    return found


@app.get("/cheap/{number}")
async def cheap(number: int) -> str:
    found = await client.get(f"c:{number}")
    if found is None:
        found = str(number * number)
        await client.set(f"c:{number}", found, ex=300)
    return found


@app.get("/other")
async def other_key() -> None:
    source = await client.get("d")
    await load()
    await client.set("e", str(source), ex=300)


@app.get("/for-ever")
async def for_ever() -> str:
    found = await client.get("f")
    if found is None:
        found = await load()
        await client.set("f", found)
    return found
