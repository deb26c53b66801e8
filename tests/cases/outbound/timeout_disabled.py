import asyncio
from typing import Any

import aiohttp
import httpx
import requests
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from openai import AsyncOpenAI

app = FastAPI()
shared = httpx.Client(timeout=5)
openai = AsyncOpenAI(timeout=None)  # FP602


class Rates:
    def __init__(self) -> None:
        self.client = httpx.AsyncClient(timeout=None)  # FP602

    async def latest(self, url: str) -> httpx.Response:
        return await self.client.get(url, timeout=None)  # FP602


@app.get("/client")
async def with_client(url: str) -> None:
    async with httpx.AsyncClient(timeout=httpx.Timeout(None)) as client:  # FP602
        await client.get(url)


@app.get("/requests")
def with_requests(url: str) -> None:
    requests.get(url, timeout=None)  # FP602


@app.get("/aiohttp")
async def with_aiohttp(url: str) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:  # FP602
        await session.get(url)


class Sdk:
    def __init__(self) -> None:
        self.client = httpx.AsyncClient(timeout=None)  # FP602 (summary)


retrying = httpx.AsyncClient(timeout=httpx.Timeout(None), transport=httpx.AsyncHTTPTransport(retries=2))  # FP602

def fetch(url: str, timeout: float | None = None, **others: Any) -> httpx.Response:
    return shared.get(url, timeout=timeout, **others)  # FP602


@app.get("/fetched")
def fetched(url: str) -> int:
    return fetch(url).status_code


# Near misses


def fetch_in_time(url: str, timeout: float | None = None) -> httpx.Response:
    return shared.get(url, timeout=timeout)


def fetch_in_some_time(url: str, timeout: float | None = None) -> httpx.Response:
    timeout = timeout or 5
    return shared.get(url, timeout=timeout)


def fetch_soon(url: str, timeout: float | None = 3) -> httpx.Response:
    return shared.get(url, timeout=timeout)


@app.get("/fetched-in-time")
def fetched_in_time(url: str) -> int:
    fetch_in_time(url, 3)
    fetch_in_some_time(url)
    return fetch_soon(url).status_code


@app.get("/bounded")
async def bounded(url: str, client: httpx.AsyncClient) -> None:
    await client.get(url)
    await client.get(url, timeout=httpx.Timeout(None, connect=5))
    await client.get(url, timeout=5)
    await asyncio.wait_for(client.get(url, timeout=None), 10)
    async with asyncio.timeout(10):
        await client.get(url, timeout=None)


@app.get("/session")
async def of_the_session(url: str, session: aiohttp.ClientSession) -> None:
    await session.get(url, timeout=None)
    aiohttp.ClientTimeout(total=None, sock_read=60)
    aiohttp.ClientTimeout(total=None, sock_connect=10)  # a watch that stays open, with a bounded connect


inside = httpx.AsyncClient(transport=httpx.ASGITransport(app), timeout=None)
beside = httpx.AsyncClient(timeout=httpx.Timeout(None), transport=httpx.ASGITransport(app))


async def relay(url: str) -> Any:
    async with httpx.AsyncClient(timeout=None) as client:
        async with client.stream("GET", url) as answer:
            async for chunk in answer.aiter_bytes():
                yield chunk


@app.get("/stream")
async def stream(url: str) -> StreamingResponse:
    return StreamingResponse(relay(url))


class Settings:
    def get(self, key: str, timeout: float | None = None) -> str:
        return key


def own() -> None:
    Settings().get("a", timeout=None)


async def with_options(url: str, client: httpx.AsyncClient, options: dict[str, Any]) -> None:
    await client.get(url, timeout=None, **options)


async def one_stream(url: str, client: httpx.AsyncClient) -> None:
    client.stream("GET", url, timeout=None)


if __name__ == "__main__":
    requests.get("https://shop.example", timeout=None)


NO_LIMIT = None
LIMIT = 10


@app.get("/named")
def named(url: str) -> str:
    return requests.get(url, timeout=NO_LIMIT).text  # FP602


@app.get("/named/limited")
def named_and_limited(url: str) -> str:
    return requests.get(url, timeout=LIMIT).text


@app.get("/named/local")
def named_locally(url: str) -> str:
    NO_LIMIT = 5
    return requests.get(url, timeout=NO_LIMIT).text
