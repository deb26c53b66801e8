"""Branches of helpers that never run, or not for what is passed."""

import logging
from dataclasses import dataclass

import requests
from fastapi import APIRouter, BackgroundTasks

router = APIRouter()
logger = logging.getLogger(__name__)


@dataclass
class Order:
    number: str
    shop: int | None
    is_paid: bool


async def load(number: str) -> Order: ...


def status(number: str) -> str:
    return requests.get(f"https://carrier.example/{number}", timeout=5).text


def any_carrier(number: str) -> str:
    if True:  # one is as good as another
        return number
    return status(number)


def any_carrier_or_none(number: str) -> str:
    if not number:
        return number
    return status(number)


def next_carrier(number: str) -> str:
    if False and number:
        return status(number)
    return number


def last_carrier(number: str) -> str:
    raise NotImplementedError
    return status(number)


def forever(number: str) -> str:
    if number:
        while True:
            number = status(number)
            if not number:
                break
    return number


@router.get("/any")
async def of_any(number: str) -> str:
    await load(number)
    return any_carrier(number) + next_carrier(number) + last_carrier(number)


@router.get("/some")
async def of_some(number: str) -> str:
    await load(number)
    any_carrier_or_none(number)  # FP103 (inline)
    return forever(number)


def is_address(host: str) -> bool:
    return host.replace(".", "").isdigit()


def resolved(host: str) -> str:
    if is_address(host):
        return host
    return status(host)


@router.get("/address")
async def of_address(host: str) -> str:
    await load(host)
    if is_address(host):
        return resolved(host)
    return ""


@router.get("/name")
async def of_name(host: str) -> str:
    await load(host)
    if is_address(host):
        return host
    return resolved(host)  # FP103 (inline)


@router.get("/both")
async def of_both(host: str, other: str) -> str:
    await load(host)
    if is_address(host):
        return resolved(other)  # FP103 (inline)
    return ""


def publish(event: str, shop: int | None) -> None:
    if not shop:
        shops = requests.get("https://shops.example", timeout=5).json()
    else:
        shops = [shop]
    for shop in shops:
        print(event, shop)


def publish_once(event: str, published: bool) -> None:
    if not published:
        requests.post("https://events.example", data=event, timeout=5)


@router.post("/published")
async def published(number: str) -> None:
    order = await load(number)
    publish(number, order.shop)  # FP103 (summary)


@router.post("/published/once")
async def published_once(number: str) -> None:
    order = await load(number)
    publish_once(number, order.is_paid)  # FP103 (inline)


@router.post("/published/found")
async def published_where_found(number: str) -> None:
    found = await load(number)
    publish_with(number, found)  # FP103 (summary)


def publish_with(event: str, order: Order | None = None) -> None:
    if order is None:
        requests.get("https://shops.example", timeout=5)
    print(event, order)


@router.post("/published/without")
async def published_without(number: str) -> None:
    await load(number)
    publish_with(number)  # FP103 (inline)


@router.post("/published/everywhere")
async def published_everywhere(number: str) -> None:
    await load(number)
    publish(number, None)  # FP103 (inline)


def platform_of(number: str, known: list[str]) -> str:
    if number not in known:
        logger.warning("%s is not known, asking for its new name", number)
        return status(number)
    return number


def platform_of_new(number: str, known: list[str]) -> str:
    if number not in known:
        logger.info("%s is new", number)
        return status(number)
    return number


@router.post("/platform")
async def platform(number: str, known: list[str]) -> str:
    await load(number)
    return platform_of(number, known)  # FP103 (summary)


@router.post("/platform/new")
async def new_platform(number: str, known: list[str]) -> str:
    await load(number)
    return platform_of_new(number, known)  # FP103 (inline)


class Events:
    def __init__(self, tasks: BackgroundTasks | None) -> None:
        self.tasks = tasks

    def send(self, number: str) -> None:
        status(number)

    def tell(self, number: str) -> None:
        if self.tasks:
            self.tasks.add_task(self.send, number)
        else:
            self.send(number)

    def tell_at_once(self, number: str) -> None:
        if self.tasks:
            self.tasks.add_task(print, number)
        else:
            self.send(number)


@router.post("/events")
async def tell(number: str, tasks: BackgroundTasks) -> None:
    await load(number)
    Events(tasks).tell(number)  # FP103 (summary)


@router.post("/events/now")
async def tell_now(number: str, tasks: BackgroundTasks) -> None:
    await load(number)
    Events(tasks).tell_at_once(number)  # FP103 (inline)


def is_open(number: str) -> bool:
    return number in opened


opened: set[str] = set()


def close(number: str) -> str:
    opened.discard(number)
    return "" if is_open(number) else status(number)


@router.post("/close")
async def closes(number: str) -> str:
    await load(number)
    if is_open(number):
        return close(number)  # FP103 (inline)
    return ""


class Notes:
    def error(self, text: str) -> None: ...


notes = Notes()


def noted(number: str, known: list[str]) -> str:
    if number not in known:
        notes.error(number)
        return status(number)
    return number


@router.post("/noted")
async def note(number: str, known: list[str]) -> str:
    await load(number)
    return noted(number, known)  # FP103 (inline)
