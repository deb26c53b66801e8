"""One of two services of a repository: this one has a Redis client that waits for ever."""

import redis.asyncio as redis
from fastapi import FastAPI

app = FastAPI()
client = redis.from_url("redis://cache", decode_responses=True)  # FP601 (summary)


@app.get("/basket")
async def basket() -> str:
    return str(await client.get("basket"))


pool = redis.ConnectionPool.from_url("redis://cache")  # FP601 (summary)
bounded = redis.ConnectionPool.from_url("redis://cache", socket_timeout=5)
pooled = redis.Redis(connection_pool=bounded)


@app.get("/pooled")
async def from_pools() -> list[str]:
    return [str(await pooled.get("basket")), str(pool)]
