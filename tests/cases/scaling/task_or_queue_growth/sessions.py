"""A stream of each session, gone with it."""

from typing import Any

import redis.asyncio as redis


class SessionStream:
    def __init__(self, client: redis.Redis) -> None:
        self.client = client

    async def send(self, topic: str, data: dict[str, Any]) -> None:
        await self.client.xadd(topic, data)
        await self.client.expire(topic, 3600)
