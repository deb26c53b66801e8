"""The limit of another client says nothing of the session; that of one that is given the session does."""

import aiohttp
from fastapi import FastAPI
from twilio.http.async_http_client import AsyncTwilioHttpClient

app = FastAPI()
_session: aiohttp.ClientSession | None = None


async def shared() -> aiohttp.ClientSession:
    global _session
    if _session is None:
        _session = aiohttp.ClientSession(trust_env=True)  # FP601 (summary)
    return _session


def telephone() -> AsyncTwilioHttpClient:
    return AsyncTwilioHttpClient(timeout=10)


@app.get("/rates")
async def rates() -> str:
    session = await shared()
    async with session.get("https://rates.example") as answer:
        return await answer.text()
