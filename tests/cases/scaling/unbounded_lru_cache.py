import enum
from functools import cache, lru_cache
from typing import Literal

from async_lru import alru_cache
from fastapi import FastAPI

app = FastAPI()


class Kind(enum.Enum):
    BOOK = "book"


@lru_cache(maxsize=None)  # FP706
def tokens(prompt: str) -> list[str]:
    return prompt.split()


@cache  # FP706
def profile(user_id: int) -> str:
    return str(user_id)


@lru_cache(None)  # FP706
def page(url: str) -> str:
    return url


@alru_cache(maxsize=None)  # FP706
async def fetched(url: str) -> str:
    return url


@cache  # FP706
def translated(word: Kind, text: str) -> str:
    return text


# Near misses


@lru_cache
def bounded_by_default(url: str) -> str:
    return url


@lru_cache(maxsize=1000)
def bounded(url: str) -> str:
    return url


@cache
def settings() -> str:
    return "settings"


@cache
def by_kind(kind: Kind) -> str:
    return kind.value


@cache
def by_literal(order: Literal["asc", "desc"], reverse: bool) -> str:
    return order


@cache
def by_optional(kind: Kind | None) -> str:
    return str(kind)


@alru_cache(maxsize=None, ttl=60)
async def expiring(url: str) -> str:
    return url


@cache
def never_reached(url: str) -> str:
    return url


@app.get("/all")
async def everything(prompt: str, user_id: int, url: str, kind: Kind) -> list[str]:
    await fetched(url)
    await expiring(url)
    by_kind(kind)
    by_literal("asc", True)
    by_optional(None)
    return [*tokens(prompt), profile(user_id), page(url), bounded(url), bounded_by_default(url), settings(), translated(kind, url)]


@cache  # FP706 (summary)
def offered(url: str) -> list[str]:
    return [url]


@cache  # FP706 (inline)
def asked(url: str) -> list[str]:
    return [url]


class Models:
    def __init__(self, url: str) -> None:
        self.names = offered(url)


class Config:
    def __init__(self) -> None:
        self._models: Models | None = None

    def models(self) -> Models:
        if self._models is None:
            self._models = Models("https://models.example")
        return self._models


config = Config()


@app.get("/models")
def models(url: str) -> list[str]:
    return [*config.models().names, *asked(url)]


@cache  # FP706 (summary)
def template(file_path: str) -> str:
    return file_path


@app.get("/template")
def templates(file_path: str) -> str:
    return template(file_path)
