"""A stream of each task that somebody deletes at its end: until then it keeps all that was ever sent."""

from typing import Any

import redis.asyncio as redis


class TaskStream:
    def __init__(self, client: redis.Redis) -> None:
        self.client = client

    async def send(self, topic: str, data: dict[str, Any]) -> None:
        await self.client.xadd(topic, data)  # FP709 (summary)

    async def send_some(self, topic: str, data: dict[str, Any]) -> None:
        await self.client.xadd(topic, data, maxlen=1_000, approximate=True)

    async def clean_up(self, topic: str) -> None:
        await self.client.delete(topic)
