"""FP121: retries that sleep on the event loop."""

import asyncio

import backoff
import httpx
import tenacity
from fastapi import FastAPI
from retrying import retry

app = FastAPI()
client = httpx.AsyncClient()


@tenacity.retry(wait=tenacity.wait_fixed(2), stop=tenacity.stop_after_attempt(3))  # FP121 (inline)
def fetch() -> str:
    return str(client)


@backoff.on_exception(backoff.expo, ValueError)  # FP121
def parse() -> str:
    return str(client)


@retry(stop_max_attempt_number=3)  # FP121
async def made_for_plain_functions() -> str:
    return (await client.get("https://a.example")).text


@tenacity.retry(stop=tenacity.stop_after_attempt(3))
def without_a_pause() -> str:
    return str(client)


@tenacity.retry(wait=tenacity.wait_fixed(2))
async def asynchronous() -> str:
    return (await client.get("https://a.example")).text


@tenacity.retry(wait=tenacity.wait_fixed(2))
def in_a_thread() -> str:
    return str(client)


@tenacity.retry(wait=tenacity.wait_fixed(2))
def in_a_def() -> str:
    return str(client)


@app.get("/rates")
async def rates() -> list[str]:
    for attempt in tenacity.Retrying(wait=tenacity.wait_fixed(1)):  # FP121
        with attempt:
            await made_for_plain_functions()
    async for attempt in tenacity.AsyncRetrying(wait=tenacity.wait_fixed(1)):
        with attempt:
            await asynchronous()
    return [fetch(), parse(), without_a_pause(), await asyncio.to_thread(in_a_thread)]


@app.get("/plain")
def plain() -> str:
    return in_a_def()
