import asyncio

import httpx

WIDTH = 20

client = httpx.AsyncClient(limits=httpx.Limits(max_connections=WIDTH))
wide = asyncio.Semaphore(50)  # FP612
wider = asyncio.BoundedSemaphore(200)  # FP612

# Near misses

fitting = asyncio.Semaphore(WIDTH)
narrow = asyncio.Semaphore(5)
locked = asyncio.Lock()


async def computed(width: int) -> asyncio.Semaphore:
    return asyncio.Semaphore(width)


def slots(count: int) -> int:
    return max(200, count)


import threading  # noqa: E402 - a namesake of another kind

threads = threading.Semaphore(200)
