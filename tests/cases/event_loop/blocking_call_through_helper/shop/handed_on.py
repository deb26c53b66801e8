"""Functions that are handed to a helper that calls them, and one of several objects that a registry gives."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial

import requests
from dependency_injector import containers, providers
from dependency_injector.wiring import Provide, inject
from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool

router = APIRouter()


async def audit() -> None: ...


class Carrier:
    def fetch(self, number: str) -> str:
        return requests.get(f"https://carrier.example/{number}", timeout=5).text


class Shelf:
    def fetch(self, number: str) -> str:
        return number


class Paper(Shelf):
    def fetch(self, number: str) -> str:
        return number * 2


carrier = Carrier()
SOURCES = {"carrier": Carrier(), "shelf": Shelf()}
CLASSES = {"carrier": Carrier, "shelf": Shelf}
SHELVES = {"shelf": Shelf(), "paper": Paper()}


class Source(ABC):
    @abstractmethod
    def load(self, number: str) -> str: ...


class Remote(Source):
    def load(self, number: str) -> str:
        return carrier.fetch(number)


class Folder(Source):
    def load(self, number: str) -> str:
        return number


class Container(containers.DeclarativeContainer):
    carrier = providers.Singleton(Carrier)
    shelf = providers.Factory(Shelf)
    either = providers.Selector(lambda: "carrier", carrier=carrier, shelf=shelf)


def apply(function: Callable[[str], str], number: str) -> str:
    return function(number)


def apply_named(number: str, *, by=None) -> str:
    return by(number) if by else number


def keep(function: Callable[[str], str], number: str) -> Callable[[], str]:
    return lambda: function(number)


async def in_thread(function: Callable[[str], str], number: str) -> str:
    return await run_in_threadpool(function, number)


async def again(function, number: str) -> str:
    for _ in range(3):
        try:
            return await function(number)
        except TimeoutError:
            continue
    return ""


async def slow(number: str) -> str:
    await audit()
    return carrier.fetch(number)  # FP103


def make(kind: str):
    if kind == "carrier":
        return Carrier()
    return Shelf()


def make_source(kind: str) -> Source:
    return Remote() if kind == "remote" else Folder()


@router.get("/handed/{number}")
async def handed(number: str) -> list[str]:
    await audit()
    first = apply(carrier.fetch, number)  # FP103
    second = apply_named(number, by=lambda each: Carrier().fetch(each))
    third = await again(slow, number)
    return [first, second, third]


@router.get("/by-name/{number}")
async def by_name(number: str) -> str:
    await audit()
    return apply_named(number, by=lambda each: Carrier().fetch(each))  # FP103


@router.get("/partly/{number}")
async def partly(number: str) -> str:
    await audit()
    return apply(partial(Carrier.fetch, carrier), number)  # FP103


@router.get("/sorted")
async def in_order(numbers: list[str]) -> list[str]:
    await audit()
    return sorted(numbers, key=lambda number: carrier.fetch(number))  # FP103


@router.get("/largest")
async def largest(numbers: list[str]) -> str:
    await audit()
    return max(numbers, key=carrier.fetch)  # FP103


@router.get("/registered/{kind}/{number}")
async def registered(kind: str, number: str) -> str:
    await audit()
    return SOURCES[kind].fetch(number)  # FP103


@router.get("/classes/{kind}/{number}")
async def of_classes(kind: str, number: str) -> str:
    await audit()
    source = CLASSES[kind]()
    return source.fetch(number)  # FP103


@router.get("/made/{kind}/{number}")
async def made(kind: str, number: str) -> str:
    await audit()
    return make(kind).fetch(number)  # FP103


@router.get("/abstract/{kind}/{number}")
async def abstract(kind: str, number: str) -> str:
    await audit()
    return make_source(kind).load(number)  # FP103


@router.get("/injected/{number}")
@inject
async def injected(number: str, source=Depends(Provide[Container.carrier])) -> str:
    await audit()
    return source.fetch(number)  # FP103


@router.get("/selected/{number}")
@inject
async def selected(number: str, source=Depends(Provide[Container.either])) -> str:
    await audit()
    return source.fetch(number)  # FP103


# Near misses


@router.get("/elsewhere/{number}")
async def elsewhere(number: str) -> str:
    await asyncio.to_thread(apply, carrier.fetch, number)
    await in_thread(carrier.fetch, number)
    keep(carrier.fetch, number)
    apply(carrier, number)
    apply(Shelf().fetch, number)
    apply(str.upper, number)
    return sorted([number], key=lambda each: each.lower())[0]


@router.get("/shelves/{kind}/{number}")
async def shelves(kind: str, number: str) -> str:
    await audit()
    return SHELVES[kind].fetch(number)


@router.get("/kinds/{number}")
@inject
async def unknown(number: str, source=Depends(Provide[Container.shelf])) -> str:
    await audit()
    known = {"carrier": Carrier(), "client": open_client()}  # noqa: F821 - nobody knows what that is
    known["client"].fetch(number)
    return source.fetch(number)
