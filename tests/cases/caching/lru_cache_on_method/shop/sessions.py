"""Sessions and instances in the keys of caches that keep results for some time."""

from typing import Annotated

from aiocache import cached
from cachetools import TTLCache
from cachetools import cached as kept
from fastapi import Depends, FastAPI, Request
from fastapi_cache.decorator import cache
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("postgresql://"))


def get_session():
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


@kept(TTLCache(100, 60))  # FP311 (inline)
def names(session: Session, shop: str) -> list[str]:
    return list(session.scalars(text("SELECT name FROM orders")))


@kept(TTLCache(100, 60), key=lambda session, shop: shop)
def names_of(session: Session, shop: str) -> list[str]:
    return list(session.scalars(text("SELECT name FROM orders")))


@kept(TTLCache(100, 60), lambda session, shop: shop)
def names_at(session: Session, shop: str) -> list[str]:
    return list(session.scalars(text("SELECT name FROM orders")))


@kept(TTLCache(100, 60))
def letters(shop: str) -> list[str]:
    return [*shop]


@cached(ttl=60)  # FP311 (inline)
async def figures(session: AsyncSession, shop: str) -> list[str]:
    return list(await session.scalars(text("SELECT name FROM orders")))


@cached(ttl=60, key_builder=lambda function, session, shop: shop)
async def figures_of(session: AsyncSession, shop: str) -> list[str]:
    return list(await session.scalars(text("SELECT name FROM orders")))


@app.get("/shown/{shop}")
@cache(expire=60)  # FP311 (summary)
def shown(shop: str, session: SessionDep) -> list[str]:
    return names(session, shop) + names_of(session, shop) + names_at(session, shop) + letters(shop)


@app.get("/seen/{shop}")
@cache(expire=60)
def seen(shop: str, request: Request) -> str:
    return shop + str(request.url)


class Prices:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    @cached(ttl=60)  # FP311 (inline)
    async def of(self, shop: str) -> list[str]:
        return list(await self.session.scalars(text("SELECT name FROM orders")))

    @cached(ttl=60, noself=True)
    async def anywhere(self) -> list[str]:
        return list(await self.session.scalars(text("SELECT name FROM orders")))


class Rates:
    @cached(ttl=60)
    async def of(self, shop: str) -> str:
        return shop


rates = Rates()


@app.get("/prices/{shop}")
async def prices(shop: str, session: Annotated[AsyncSession, Depends(get_session)]) -> list[str]:
    found = Prices(session)
    return await found.of(shop) + await found.anywhere() + [await rates.of(shop)] + await figures(session, shop)
