"""What a table of pairs says: the name of a source, and who asks it."""

import asyncio

import httpx
import requests
from fastapi import APIRouter

router = APIRouter()


class Quotes:
    def __init__(self) -> None:
        self.known = {"a": 1}

    async def of_any(self, code: str, source: str) -> dict:
        sources = {"kept": ("here", self._kept), "asked": ("there", self._remote)}
        name, ask = sources[source]
        return {"from": name, "quote": ask(code)}  # FP103

    async def of_kept(self, code: str, source: str) -> dict:
        sources = {"kept": ("here", self._kept), "again": ("here", self._kept_too)}
        name, ask = sources[source]
        return {"from": name, "quote": ask(code)}

    async def of_first(self, code: str) -> dict:
        for name, ask in [("here", self._kept), ("there", self._remote)]:
            if found := ask(code):  # FP103
                return {"from": name, "quote": found}
        return {}

    async def of_awaited(self, code: str, source: str) -> dict:
        sources = {"kept": (self._kept, 1), "asked": (self._remote, 2)}
        ask, _ = sources[source]
        return await asyncio.to_thread(ask, code)

    async def ranked(self, source: str) -> int:
        sources = {"kept": (self._kept, 1), "asked": (self._remote, 2)}
        return sources[source][1]

    def _kept(self, code: str) -> dict:
        return {"price": self.known.get(code)}

    def _kept_too(self, code: str) -> dict:
        return {"price": self.known.get(code, 0)}

    def _remote(self, code: str) -> dict:
        return requests.get(f"https://quotes.example/{code}", timeout=5).json()


quotes = Quotes()


@router.get("/quotes/{code}")
async def quote(code: str, source: str, client: httpx.AsyncClient) -> list[object]:
    await client.get("https://quotes.example/health")
    return [
        await quotes.of_any(code, source),
        await quotes.of_kept(code, source),
        await quotes.of_first(code),
        await quotes.of_awaited(code, source),
        await quotes.ranked(source),
    ]
