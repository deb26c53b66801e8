import enum
from functools import cache, cached_property, lru_cache

import cachetools.func
from async_lru import alru_cache
from fastapi import FastAPI, Request
from sqlalchemy.orm import Session

app = FastAPI()


class Basket:
    def __init__(self, owner: str) -> None:
        self.owner = owner

    @lru_cache(maxsize=None)  # FP311 (inline)
    def total(self, currency: str) -> int:
        return len(currency)

    @cache  # FP311
    def lines(self) -> list[str]:
        return [self.owner]

    @lru_cache  # FP311 (inline)
    def bounded(self) -> str:
        return self.owner

    # near misses from here
    @cached_property
    def once(self) -> int:
        return len(self.owner)

    @staticmethod
    @lru_cache(maxsize=100)
    def rate(currency: str) -> float:
        return float(len(currency))

    @classmethod
    @lru_cache(maxsize=100)
    def known(cls, currency: str) -> bool:
        return currency in ("EUR", "USD")


@app.get("/basket")
def basket(owner: str, currency: str) -> int:
    one = Basket(owner)
    return one.total(currency) + len(one.lines()) + len(one.bounded())


@lru_cache(maxsize=100)  # FP311
def products(session: Session, kind: str) -> list[str]:
    return [kind]


@cache  # FP311
def language(request: Request) -> str:
    return request.headers["accept-language"]


@lru_cache(maxsize=100)
def names(kind: str) -> list[str]:
    return [kind]


class Catalogue:
    @lru_cache(maxsize=1000)
    def find(self, number: str) -> str:
        return number


catalogue = Catalogue()


@app.get("/find")
def find(number: str) -> str:
    return catalogue.find(number)


class Store:
    @lru_cache(maxsize=100)  # FP311 (summary)
    def find(self, number: str) -> str:
        return number


@app.get("/stored")
def stored(request: Request, number: str) -> str:
    store = getattr(request.app.state, "store", None)
    if store is None:
        store = Store()
        setattr(request.app.state, "store", store)
    return store.find(number)


class Pipette:
    @lru_cache(maxsize=100)  # FP311 (summary)
    def volume(self, amount: int) -> int:
        return amount


def attached(present: bool) -> Pipette | None:
    return Pipette() if present else None


@app.get("/attached")
def attach(present: bool) -> int:
    pipette = attached(present)
    return pipette.volume(3) if pipette else 0


class Currency(enum.Enum):
    EUR = "eur"

    @lru_cache
    def sign(self) -> str:
        return "€"


class Registry:
    _instance = None

    def __new__(cls) -> "Registry":
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    @lru_cache
    def names(self) -> list[str]:
        return []


class Held:
    @lru_cache
    def load(self) -> str:
        return ""


@lru_cache
def held() -> Held:
    return Held()


@app.get("/held")
def read_held() -> str:
    return held().load()


@lru_cache
def function(self: str) -> str:
    return self


class Preview:
    def __init__(self, owner: str) -> None:
        self.owner = owner

    @alru_cache(maxsize=None)  # FP311 (inline)
    async def page(self, number: int) -> str:
        return self.owner * number

    @alru_cache  # FP311 (inline)
    async def cover(self) -> str:
        return self.owner

    @cachetools.func.lru_cache(maxsize=8)  # FP311 (inline)
    def size(self, number: int) -> int:
        return len(self.owner) * number

    # near misses from here
    @alru_cache(maxsize=100, ttl=30)
    async def short_lived(self, number: int) -> str:
        return self.owner * number

    @cachetools.func.ttl_cache(maxsize=100, ttl=30)
    def soon_gone(self, number: int) -> str:
        return self.owner * number

    @staticmethod
    @alru_cache(maxsize=100)
    async def shared(number: int) -> str:
        return str(number)

    async def plain(self) -> str:
        return self.owner


@alru_cache(maxsize=100)
async def previewed(owner: str) -> str:
    return owner


class Shelf:
    @alru_cache(maxsize=1000)
    async def find(self, number: str) -> str:
        return number


shelf = Shelf()


@app.get("/preview")
async def preview(owner: str, number: int) -> str:
    one = Preview(owner)
    near = await one.short_lived(number) + one.soon_gone(number) + await Preview.shared(number) + await one.plain()
    known = await previewed(owner) + await shelf.find(owner)
    return near + known + await one.page(number) + await one.cover() + str(one.size(number))
