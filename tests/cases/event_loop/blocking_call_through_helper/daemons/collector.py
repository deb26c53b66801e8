"""A collector, which is run beside the service: its sources go on side by side on one loop."""

import asyncio
import time

import requests
from sqlalchemy import create_engine, text

engine = create_engine("postgresql://shop@warehouse/orders")


class Search:
    def __init__(self) -> None:
        self.session = requests.Session()

    def find(self, words: str) -> list[dict]:
        job = self.session.post("https://search.example/jobs", json={"words": words}, timeout=5).json()
        while not self.session.get(f"https://search.example/jobs/{job['id']}", timeout=5).json()["done"]:
            time.sleep(1)
        return self.session.get(f"https://search.example/jobs/{job['id']}/rows", timeout=5).json()


def count() -> int:
    with engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM orders")).scalar_one()


class Source:
    def __init__(self) -> None:
        self.search = Search()

    async def fetch(self) -> list[dict]:
        return self.search.find("late")  # FP103

    async def size(self) -> int:
        return count()  # a statement is soon answered, and nobody waits

    async def apart(self) -> list[dict]:
        return await asyncio.to_thread(self.search.find, "lost")


async def follow(source: Source) -> None:
    while True:
        await source.fetch()
        await source.size()
        await source.apart()
        await asyncio.sleep(60)


async def first() -> list[dict]:
    return Search().find("new")  # before anything else is on the loop


async def main() -> None:
    await first()
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(follow(Source()))


if __name__ == "__main__":
    asyncio.run(main())
