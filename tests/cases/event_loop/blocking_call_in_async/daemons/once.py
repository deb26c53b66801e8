"""Programs that do one thing after another: whoever waits there has nothing else to do."""

import asyncio
import threading
import time

import requests


async def page(number: int) -> list[dict]:
    return requests.get("https://feeds.example/orders", params={"page": number}, timeout=5).json()


async def copy() -> None:
    number = 0
    while orders := await page(number):
        number += len(orders)


async def ping(host: str) -> bool:
    return requests.get(f"https://{host}/alive", timeout=5).ok


async def compare() -> None:
    first, second = asyncio.create_task(ping("one.example")), asyncio.create_task(ping("two.example"))
    await asyncio.gather(first, second)


def watch() -> None:
    while True:  # in a thread of its own
        time.sleep(60)


async def supervise() -> None:
    while True:
        threading.Thread(target=watch).start()
        await asyncio.to_thread(requests.get, "https://watch.example/alive", timeout=5)
        await asyncio.sleep(60)


async def all_of_it() -> None:
    await copy()
    await compare()
    task = asyncio.create_task(supervise())
    await task


if __name__ == "__main__":
    asyncio.run(all_of_it())
