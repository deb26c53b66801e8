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


def wait_for(path: str) -> int:
    while not parse(path):
        time.sleep(0.001)
    return 1


def wait_until(deadline: int) -> None:
    current = now()
    while current < deadline:
        time.sleep(0.001)
        current = now()


def wait_for_all(total: int) -> None:
    done = 0
    while done < total:
        time.sleep(0.001)
        done = parse("done")


def many_ticks() -> None:
    for _ in range(5000):
        time.sleep(0.001)


@router.get("/waits")
async def waits(text: str) -> None:
    await audit()
    wait_for(text)  # FP103 (inline)


@router.get("/until")
async def until(deadline: int) -> None:
    await audit()
    wait_until(deadline)  # FP103 (inline)


@router.get("/all")
async def waits_for_all(total: int) -> None:
    await audit()
    wait_for_all(total)  # FP103 (inline)


@router.get("/many")
async def many() -> None:
    await audit()
    many_ticks()  # FP103 (inline)


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
