"""Redis streams: what is read of them stays."""

from typing import Any

import redis.asyncio as redis
from fastapi import FastAPI

from .sessions import SessionStream

app = FastAPI()
client = redis.Redis()


class Stream:
    def __init__(self, client: redis.Redis) -> None:
        self.client = client

    async def send(self, topic: str, data: dict[str, Any]) -> None:
        await self.client.xadd(name=topic, fields=data)  # FP709 (change)

    async def send_of_late(self, topic: str, data: dict[str, Any]) -> None:
        await self.client.xadd(topic, data, maxlen=1000, approximate=True)
        await self.client.xadd(topic, data, "*", 1000)
        await self.client.xadd(topic, data, minid="0-1")

    async def send_as_told(self, topic: str, data: dict[str, Any], **options: Any) -> None:
        await self.client.xadd(topic, data, **options)


stream = Stream(client)
sessions = SessionStream(client)


@app.post("/events/{topic}")
async def tell(topic: str, data: dict[str, Any]) -> None:
    await stream.send(topic, data)
    await stream.send_of_late(topic, data)
    await stream.send_as_told(topic, data, maxlen=10)
    await sessions.send(topic, data)
    await client.xadd("audit", data)  # FP709 (change)
    await client.xack("audit", "readers", data["id"])


@app.delete("/events/{topic}")
async def forget(topic: str) -> None:
    await client.xack("audit", "readers", topic)
