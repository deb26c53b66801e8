from typing import Annotated

from cachetools import TTLCache
from fastapi import Depends, FastAPI, Request
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

app = FastAPI()


async def get_db() -> AsyncSession: ...


Database = Annotated[AsyncSession, Depends(get_db)]
Sessions = async_sessionmaker(create_async_engine("postgresql+asyncpg://shop"))
Site: type
Job: type
Member: type


async def load_site(db: AsyncSession) -> object:
    return (await db.execute(select(Site))).scalars().first()  # FP303 (summary)


async def flags(db: Annotated[AsyncSession, Depends(get_db)]) -> dict[str, bool]:
    rows = await db.execute(select(Site.flag, Site.on))  # FP303 (summary)
    return dict(rows.all())


async def load_member(db: AsyncSession, member_id: int) -> object:
    return (await db.execute(select(Member).where(Member.id == member_id))).scalar_one()


async def load_place(name: str) -> object:
    async def fetch() -> object:
        async with Sessions() as db:
            return (await db.execute(select(Site).where(Site.name == name))).scalars().first()

    return await fetch()


async def next_job(db: AsyncSession) -> object:
    return (await db.execute(select(Job).with_for_update(skip_locked=True))).scalars().first()


async def count_visit(db: AsyncSession) -> object:
    site = (await db.execute(select(Site))).scalars().first()
    await db.execute(update(Site).values(visits=Site.visits + 1))
    return site


_sites: TTLCache[str, object] = TTLCache(maxsize=1, ttl=60)


async def cached_site(db: AsyncSession) -> object:
    if "site" not in _sites:
        _sites["site"] = (await db.execute(select(Site))).scalars().first()
    return _sites["site"]


async def of_request(request: Request, db: AsyncSession) -> object:
    return (await db.execute(select(Site).where(Site.host == request.url.hostname))).scalar_one()


async def seldom_asked(db: AsyncSession) -> object:
    return (await db.execute(select(Site.imprint))).scalars().first()


@app.get("/pages/{name}")
async def page(name: str, db: AsyncSession = Depends(get_db), on: dict[str, bool] = Depends(flags)) -> list[object]:
    return [name, on, await load_place(name), await load_site(db), await cached_site(db), await next_job(db), await count_visit(db)]


@app.post("/pages/{name}")
async def write_page(
    name: str, request: Request, db: AsyncSession = Depends(get_db), on: dict[str, bool] = Depends(flags)
) -> list[object]:
    return [name, on, await load_site(db), await cached_site(db), await of_request(request, db), await next_job(db)]


@app.post("/orders/{number}")
async def order(
    number: int, request: Request, db: AsyncSession = Depends(get_db), on: dict[str, bool] = Depends(flags)
) -> list[object]:
    return [number, on, await load_site(db), await load_place(on), await of_request(request, db), await load_member(db, number)]


@app.put("/orders/{number}")
async def change(
    number: int, request: Request, db: AsyncSession = Depends(get_db), on: dict[str, bool] = Depends(flags)
) -> list[object]:
    found = [await load_place(on), await load_member(db, number), await of_request(request, db), await count_visit(db)]
    return [number, on, await load_site(db), await cached_site(db), await seldom_asked(db), found]
