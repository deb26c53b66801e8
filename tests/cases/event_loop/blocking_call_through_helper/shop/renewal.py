"""What only a worker's tasks call, in a file with endpoints."""

import asyncio

import requests
from fastapi import APIRouter

router = APIRouter()


@router.get("/renewal")
async def state() -> str:
    return "renewed"


async def renew() -> None:
    keeping = asyncio.create_task(keep_alive())
    await asyncio.sleep(1)
    keeping.cancel()


def say_alive() -> None:
    requests.post("https://shop.example/alive", timeout=5)


async def keep_alive() -> None:
    say_alive()  # FP103 (summary)


async def keep_shop_alive() -> None:
    say_alive()  # FP103
