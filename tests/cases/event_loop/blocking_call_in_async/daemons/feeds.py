"""What a program of its own polls, beside what else it has to do: it serves nobody, but its tasks stop each other."""

import asyncio
import subprocess
import time

import requests
from sqlalchemy import create_engine, text

engine = create_engine("postgresql://shop@warehouse/orders")


class Feed:
    async def latest(self, since: float) -> list[dict]:
        answer = requests.get("https://feeds.example/orders", params={"since": since}, timeout=5)  # FP101
        return answer.json()


class Reports:
    async def today(self) -> str:
        return subprocess.run(["report"], capture_output=True, timeout=60).stdout.decode()  # FP101


class Rows:
    async def open(self) -> int:
        with engine.connect() as connection:  # for a moment, and nobody waits
            return connection.execute(text("SELECT count(*) FROM orders")).scalar_one()


class Prices:
    async def load(self) -> dict:
        return requests.get("https://prices.example", timeout=5).json()  # once, when the program begins


class Rates:
    async def load(self) -> dict:
        return requests.get("https://rates.example", timeout=5).json()  # once, before there is any other task


class Poller:
    def __init__(self) -> None:
        self.feed = Feed()
        self.reports = Reports()
        self.rows = Rows()

    async def poll(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            orders = await self.feed.latest(time.time())
            if orders:
                await self.reports.today()
            await self.rows.open()
            await asyncio.sleep(60)

    async def beat(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            requests.post("https://watch.example/alive", timeout=5)  # FP101
            await asyncio.sleep(30)

    async def prepare(self) -> None:
        await Prices().load()

    async def run(self, stop: asyncio.Event) -> None:
        await Rates().load()
        tasks = [
            asyncio.create_task(self.prepare()),
            asyncio.create_task(self.poll(stop)),
            asyncio.create_task(self.beat(stop)),
        ]
        await asyncio.gather(*tasks)


def main() -> None:
    asyncio.run(Poller().run(asyncio.Event()))


if __name__ == "__main__":
    main()
