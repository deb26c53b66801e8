"""FP120: a thread hop for a line that waits for nothing."""

import os
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
