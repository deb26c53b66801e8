"""The other one: its lock has a client with a timeout of its own."""

import redis.asyncio as redis
from fastapi import FastAPI

app = FastAPI()
client = redis.from_url("redis://cache", decode_responses=True)


@app.get("/stock")
async def stock() -> str:
    return str(await client.get("stock"))
