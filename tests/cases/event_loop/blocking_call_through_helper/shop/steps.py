"""Functions in a tuple that a loop goes through, and methods that are named by a constant."""

import asyncio
from typing import Any

import requests
from fastapi import FastAPI

app = FastAPI()
SUFFIX = "later"
CHOSEN = "load"
CHANGING = "load"
if __debug__:
    CHANGING = "name"


def ask(url: str) -> Any:
    return requests.get(url, timeout=3).json()


def tell(url: str) -> Any:
    return requests.post(url, timeout=3).json()


def count(url: str) -> int:
    return len(url)


def parse(url: str) -> str:
    return url.lower()


STEPS = (ask, tell)
QUICK = (count, parse)


class Source:
    def load(self, url: str) -> Any:
        return requests.get(url, timeout=3).json()

    def name(self, url: str) -> str:
        return url


source = Source()


@app.get("/steps")
async def steps(url: str) -> None:
    await asyncio.sleep(0)
    for step in STEPS:
        step(url)  # FP103
    for step in QUICK:
        step(url)


@app.get("/chosen")
async def chosen(url: str) -> Any:
    await asyncio.sleep(0)
    return getattr(source, CHOSEN)(url)  # FP103


@app.get("/changing")
async def changing(url: str, name: str) -> list[Any]:
    await asyncio.sleep(0)
    return [getattr(source, CHANGING)(url), getattr(source, name)(url), getattr(source, "name")(url)]
