import functools

import httpx
import requests
from fastapi import FastAPI

from shop.wrappers import Breaker, either, in_thread, kept, with_retry

app = FastAPI()
breaker = Breaker()
client = httpx.AsyncClient()


def rate_of(number: str) -> str:
    return requests.get(f"https://rates.example/{number}", timeout=5).text


def named(number: str) -> str:
    return number.upper()


async def asked(number: str) -> str:
    return (await client.get(f"https://rates.example/{number}")).text


@app.get("/wrapped/{number}")
async def wrapped(number: str) -> None:
    await with_retry(rate_of, number)  # FP103


@app.get("/wrapped/{number}/lambda")
async def in_lambda(number: str) -> None:
    await with_retry(lambda: rate_of(number))  # FP103


@app.get("/wrapped/{number}/partial")
async def in_partial(number: str) -> None:
    await breaker.call(functools.partial(rate_of, number))  # FP103


@app.get("/wrapped/{number}/own")
async def in_own_function(number: str) -> None:
    def work() -> str:
        return rate_of(number)

    await either(work)  # FP103


@app.get("/wrapped/{number}/harmless")
async def harmless(number: str) -> None:
    await with_retry(named, number)
    await in_thread(rate_of, number)
    await either(asked, number)
    await in_thread(asked, number)
    await kept(rate_of)
