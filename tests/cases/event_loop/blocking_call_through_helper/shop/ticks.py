"""Sleeps that wait for a clock or for the next try."""

import time

from fastapi import APIRouter

router = APIRouter()
TICK = 0.0005


async def audit() -> None: ...


def now() -> int:
    return int(time.time() * 1000)


def next_tick(last: int) -> int:
    current = now()
    while current <= last:
        time.sleep(0.0001)
        current = now()
    return current


def numbered(last: int) -> int:
    if now() <= last:
        time.sleep(TICK)
    return now()


def parse(text: str) -> int:
    return int(text)


def tried(text: str) -> int:
    for attempt in range(3):
        try:
            return parse(text)
        except ValueError:
            pass
        time.sleep(2)
    return 0


def poll(path: str) -> int:
    while not parse(path):
        time.sleep(2)
    return 1


@router.get("/tick")
async def tick(last: int) -> None:
    await audit()
    next_tick(last)
    numbered(last)


@router.get("/tried")
async def trying(text: str) -> None:
    await audit()
    tried(text)  # FP103


@router.get("/poll")
async def polling(text: str) -> None:
    await audit()
    poll(text)  # FP103
