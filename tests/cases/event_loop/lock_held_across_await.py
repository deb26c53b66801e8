"""FP117: locks that stay taken over an await."""

import asyncio
import threading

import httpx
from fastapi import FastAPI

app = FastAPI()
client = httpx.AsyncClient(base_url="https://rates.example")
mutex = threading.Lock()
turn = asyncio.Lock()
rates: dict[str, str] = {}


async def fetch(currency: str) -> str:
    return (await client.get(f"/{currency}")).text


class Meter:
    def __init__(self) -> None:
        self.mutex = threading.RLock()
        self.turn = asyncio.Lock()
        self.count = 0

    async def hit(self, currency: str) -> str:
        with self.mutex:  # FP117
            self.count += 1
            return await fetch(currency)

    async def own_turn(self, currency: str) -> str:
        async with self.turn:
            return await fetch(currency)

    def hit_in_a_thread(self) -> None:
        with self.mutex:
            self.count += 1


meter = Meter()


@app.get("/held")
async def held(currency: str) -> str:
    with mutex:  # FP117
        rates[currency] = await fetch(currency)
    return rates[currency]


@app.get("/one-by-one")
async def one_by_one(currency: str) -> str:
    async with turn:  # FP117
        return await fetch(currency)


@app.get("/meter")
async def metered(currency: str) -> str:
    await meter.own_turn(currency)
    return await meter.hit(currency)


@app.get("/short")
async def short(currency: str) -> str:
    answer = await fetch(currency)
    with mutex:
        rates[currency] = answer
    async with turn:
        rates[currency] = answer
    return answer


@app.get("/filled-once")
async def filled_once(currency: str) -> str:
    async with turn:
        if currency not in rates:
            rates[currency] = await fetch(currency)
    return rates[currency]


@app.get("/later")
async def later(currency: str) -> list[str]:
    found = []
    with mutex:

        async def one() -> str:
            return await fetch(currency)

        found.append(one)
    return [await each() for each in found]


@app.get("/thread")
def in_a_thread(currency: str) -> str:
    with mutex:
        return rates[currency]


class Events:
    def __init__(self) -> None:
        self.mutex = threading.Lock()
        self.told = asyncio.Queue[str]()
        self.bounded: asyncio.Queue[str] = asyncio.Queue(maxsize=10)

    async def tell(self, text: str) -> None:
        with self.mutex:  # never full, so that it never waits
            await self.told.put(text)

    async def tell_few(self, text: str) -> None:
        with self.mutex:  # FP117
            await self.bounded.put(text)

    async def hear(self) -> str:
        with self.mutex:  # FP117
            return await self.told.get()


async def acquire_lock(name: str) -> bool:
    return bool(await client.post(f"/locks/{name}"))


@app.post("/index")
async def indexed(currency: str) -> None:
    taken = await acquire_lock("index")
    if not taken:
        return
    with mutex:  # FP117 (summary)
        await fetch(currency)


@app.post("/noted")
async def noted(currency: str) -> None:
    taken = await fetch(currency)
    if not taken:
        return
    with mutex:  # FP117 (inline)
        await fetch(currency)
