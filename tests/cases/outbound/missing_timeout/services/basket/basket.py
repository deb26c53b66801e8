"""One of two services of a repository: this one has a Redis client that waits for ever."""

import redis.asyncio as redis
from fastapi import FastAPI

app = FastAPI()
client = redis.from_url("redis://cache", decode_responses=True)  # FP601 (summary)


@app.get("/basket")
async def basket() -> str:
    return str(await client.get("basket"))
