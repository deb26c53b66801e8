"""FP120: a thread hop for a line that waits for nothing."""

import os
import secrets
from collections.abc import Iterator
from functools import lru_cache

import requests
from fastapi import Depends, FastAPI, HTTPException, Request
from sqlalchemy.orm import Session

app = FastAPI()


class Store:
    def __init__(self, request: Request) -> None:
        self.name = request.headers["shop"]


def page(number: int = 1, size: int = 20) -> tuple[int, int]:  # FP120 (inline)
    if size > 100:
        raise HTTPException(400, str(size))
    return (number - 1) * size, min(size, 100)


def state(request: Request) -> object:  # FP120 (summary)
    return request.app.state.shop


def authenticators() -> list[object]:
    raise NotImplementedError("put in place by dependency_overrides")


async def quick(number: int = 1) -> int:
    return number


def fetched() -> str:
    return requests.get("https://a.example", timeout=1).text


def session() -> Iterator[Session]:
    with Session() as session:
        yield session


@lru_cache
def settings() -> dict[str, str]:
    return {}


def unknown(request: Request) -> object:
    return request.app.state.load()


def called_elsewhere(number: int = 1) -> int:
    return number


def tool() -> int:
    return called_elsewhere(2)


def not_a_dependency(number: int) -> int:
    return number


@app.get("/orders", dependencies=[Depends(state), Depends(fetched), Depends(unknown), Depends(called_elsewhere), Depends(authenticators)])
async def orders(
    page: tuple[int, int] = Depends(page),
    number: int = Depends(quick),
    session: Session = Depends(session),
    settings: dict = Depends(settings),
    store: Store = Depends(),
) -> int:
    return number


@app.get("/customers")
async def customers(page: tuple[int, int] = Depends(page)) -> int:
    return page[0]


@app.get("/parcels")
async def parcels(page: tuple[int, int] = Depends(page)) -> int:
    return page[0]


if os.environ.get("WITHOUT_LOGIN"):

    def somebody() -> int:  # FP120 (summary)
        return 1


@app.get("/shelves", dependencies=[Depends(somebody)])
async def shelves() -> int:
    return 1


@app.get("/boxes", dependencies=[Depends(somebody)])
async def boxes() -> int:
    return 2


class Registry:
    _kept: "Registry | None" = None

    @staticmethod
    def get_instance() -> "Registry":
        if Registry._kept is None:
            Registry._kept = Registry()
        return Registry._kept

    def reload(self) -> str:
        return requests.get("https://registry.example/all", timeout=5).text


def registry_of(request: Request) -> Registry:  # FP120
    registry = getattr(request.app.state, "registry", None)
    if registry is None:
        registry = Registry.get_instance()
    return registry


def reloaded_registry(request: Request) -> Registry:
    registry = request.app.state.registry
    registry = Registry.get_instance()
    registry.reload()
    return registry


def unknown_registry(request: Request) -> object:
    return request.app.state.registries.current()


_the_registry: Registry | None = None


def the_registry() -> Registry:  # FP120
    global _the_registry
    if _the_registry is None:
        _the_registry = Registry()
    return _the_registry


def with_key(key: str) -> None:  # FP120
    if not secrets.compare_digest(key, "open"):
        raise HTTPException(401)


@app.get("/registry")
async def of_registry(
    one: Registry = Depends(registry_of),
    two: Registry = Depends(reloaded_registry),
    three: object = Depends(unknown_registry),
    four: Registry = Depends(the_registry),
    five: None = Depends(with_key),
) -> int:
    return 1
