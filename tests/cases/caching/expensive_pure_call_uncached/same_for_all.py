from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, Header, Request
from fastapi_cache.decorator import cache
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

app = FastAPI()
client = httpx.AsyncClient(timeout=10)


async def get_db() -> AsyncSession: ...


async def get_current_member(token: Annotated[str, Header()]) -> str: ...


async def only_members(token: Annotated[str, Header()]) -> None: ...


class Shop:
    def __init__(self, member: str = Depends(get_current_member)) -> None:
        self.member = member


Order: type
Item: type


@app.get("/statistics")
async def statistics(db: AsyncSession = Depends(get_db)) -> dict[str, int]:  # FP303 (summary)
    orders = (await db.execute(select(func.count()).select_from(Order))).scalar()
    items = (await db.execute(select(func.count()).select_from(Item))).scalar()
    return {"orders": orders, "items": items}


@app.get("/statistics/of-members", dependencies=[Depends(only_members)])
async def for_members(db: Annotated[AsyncSession, Depends(get_db)]) -> dict[str, int]:  # FP303 (summary)
    orders = (await db.execute(select(func.count()).select_from(Order))).scalar()
    items = (await db.execute(select(func.count()).select_from(Item))).scalar()
    return {"orders": orders, "items": items}


@app.get("/statistics/gated")
async def gated(  # FP303 (summary)
    member: str = Depends(get_current_member), db: AsyncSession = Depends(get_db)
) -> dict[str, int]:
    orders = (await db.execute(select(func.count()).select_from(Order))).scalar()
    items = (await db.execute(select(func.count()).select_from(Item))).scalar()
    return {"orders": orders, "items": items}


@app.get("/statistics/mine")
async def mine(member: str = Depends(get_current_member), db: AsyncSession = Depends(get_db)) -> list[int]:
    orders = (await db.execute(select(func.count()).where(Order.member == member))).scalar()
    items = (await db.execute(select(func.count()).select_from(Item))).scalar()
    return [orders, items]


@app.get("/statistics/shop")
async def of_shop(shop: Shop = Depends(), db: AsyncSession = Depends(get_db)) -> list[int]:
    orders = (await db.execute(select(func.count()).where(Order.member == shop.member))).scalar()
    items = (await db.execute(select(func.count()).select_from(Item))).scalar()
    return [orders, items]


@app.get("/statistics/request")
async def of_request(request: Request, db: AsyncSession = Depends(get_db)) -> list[int]:
    orders = (await db.execute(select(func.count()).where(Order.member == request.state.member))).scalar()
    items = (await db.execute(select(func.count()).select_from(Item))).scalar()
    return [orders, items]


@app.get("/statistics/language")
async def of_language(db: AsyncSession = Depends(get_db), language: str = Header("en")) -> list[int]:
    orders = (await db.execute(select(func.count()).where(Order.language == language))).scalar()
    items = (await db.execute(select(func.count()).select_from(Item))).scalar()
    return [orders, items]


@app.get("/statistics/kept")
@cache(expire=60)
async def kept(db: AsyncSession = Depends(get_db)) -> list[int]:
    orders = (await db.execute(select(func.count()).select_from(Order))).scalar()
    items = (await db.execute(select(func.count()).select_from(Item))).scalar()
    return [orders, items]


@app.get("/statistics/counted")
async def counted(db: AsyncSession = Depends(get_db)) -> list[int]:
    orders = (await db.execute(select(func.count()).select_from(Order))).scalar()
    items = (await db.execute(select(func.count()).select_from(Item))).scalar()
    db.add(Order(orders, items))
    await db.commit()
    return [orders, items]


@app.get("/health/database")
async def health(db: AsyncSession = Depends(get_db)) -> list[int]:
    orders = (await db.execute(select(func.count()).select_from(Order))).scalar()
    items = (await db.execute(select(func.count()).select_from(Item))).scalar()
    return [orders, items]


@app.get("/items/{item_id}")
async def item(item_id: int, db: AsyncSession = Depends(get_db)) -> list[object]:
    found = (await db.execute(select(Item).where(Item.id == item_id))).scalar_one()
    orders = (await db.execute(select(func.count()).where(Order.item_id == item_id))).scalar()
    return [found, orders]


@app.get("/items/{item_id}/ratings")
async def ratings(  # FP303 (summary)
    item_id: int, skip: int = 0, db: AsyncSession = Depends(get_db)
) -> list[object]:
    found = (await db.execute(select(Item).where(Item.id == item_id))).scalar_one()
    total = (await db.execute(select(func.count()).where(Order.item_id == item_id))).scalar()
    average = (await db.execute(select(func.avg(Order.rating)).where(Order.item_id == item_id))).scalar()
    some = (
        (await db.execute(select(Order).where(Order.item_id == item_id).offset(skip).limit(20)))
        .scalars()
        .all()
    )
    return [found, total, average, some]


def get_user() -> str: ...


@app.get("/statistics/of-context")
async def of_context(db: AsyncSession = Depends(get_db)) -> list[int]:
    orders = (await db.execute(select(func.count()).where(Order.member == get_user()))).scalar()
    items = (await db.execute(select(func.count()).select_from(Item))).scalar()
    return [orders, items]


async def get_tenant_db() -> AsyncSession: ...


async def get_named_db(x_tenant: Annotated[str, Header()]) -> AsyncSession: ...


async def get_inner_db(member: str = Depends(get_current_member)) -> AsyncSession: ...


async def get_bound_db(request: Request) -> AsyncSession:
    return request.app.state.sessions(info={"member": request.headers["x-member"]})


async def get_kept_db(request: Request) -> AsyncSession:
    return request.app.state.sessions()


Bound = Annotated[AsyncSession, Depends(get_bound_db)]


@app.get("/statistics/of-tenant")
async def of_tenant(db: AsyncSession = Depends(get_tenant_db)) -> list[int]:
    orders = (await db.execute(select(func.count()).select_from(Order))).scalar()
    items = (await db.execute(select(func.count()).select_from(Item))).scalar()
    return [orders, items]


@app.get("/statistics/of-named")
async def of_named(db: AsyncSession = Depends(get_named_db)) -> list[int]:
    orders = (await db.execute(select(func.count()).select_from(Order))).scalar()
    items = (await db.execute(select(func.count()).select_from(Item))).scalar()
    return [orders, items]


@app.get("/statistics/of-inner")
async def of_inner(db: AsyncSession = Depends(get_inner_db)) -> list[int]:
    orders = (await db.execute(select(func.count()).select_from(Order))).scalar()
    items = (await db.execute(select(func.count()).select_from(Item))).scalar()
    return [orders, items]


@app.get("/statistics/of-bound")
async def of_bound(db: Bound) -> list[int]:
    orders = (await db.execute(select(func.count()).select_from(Order))).scalar()
    items = (await db.execute(select(func.count()).select_from(Item))).scalar()
    return [orders, items]


@app.get("/statistics/of-kept")
async def of_kept(db: AsyncSession = Depends(get_kept_db)) -> list[int]:  # FP303 (summary)
    orders = (await db.execute(select(func.count()).select_from(Order))).scalar()
    items = (await db.execute(select(func.count()).select_from(Item))).scalar()
    return [orders, items]


async def valid_item(item_id: int, db: Annotated[AsyncSession, Depends(get_db)]) -> object:
    return await db.get(Item, item_id)


async def language(accept_language: Annotated[str, Header()] = "en") -> str:
    return accept_language


async def wanted(asked: str = Depends(language)) -> str:
    return asked.partition("-")[0]


class Page:
    def __init__(self, limit: int = 10, offset: int = 0) -> None:
        self.limit, self.offset = limit, offset


class Figures:
    def __init__(self, db: AsyncSession = Depends(get_db)) -> None:
        self.db = db

    async def orders(self) -> int:
        return (await self.db.execute(select(func.count()).select_from(Order))).scalar()

    async def items(self) -> int:
        return (await self.db.execute(select(func.count()).select_from(Item))).scalar()


@app.get("/items/{item_id}/figures")
async def of_item(
    item: Annotated[object, Depends(valid_item)], db: AsyncSession = Depends(get_db)
) -> list[int]:
    orders = (await db.execute(select(func.count()).where(Order.item == item))).scalar()
    items = (await db.execute(select(func.count()).select_from(Item))).scalar()
    return [orders, items]


@app.get("/statistics/worded")
async def worded(text: str = Depends(wanted), db: AsyncSession = Depends(get_db)) -> list[int]:
    orders = (await db.execute(select(func.count()).where(Order.language == text))).scalar()
    items = (await db.execute(select(func.count()).select_from(Item))).scalar()
    return [orders, items]


@app.get("/statistics/pages")
async def pages(page: Page = Depends(), db: AsyncSession = Depends(get_db)) -> list[object]:
    orders = (await db.execute(select(Order).limit(page.limit).offset(page.offset))).all()
    items = (await db.execute(select(Item).limit(page.limit).offset(page.offset))).all()
    return [orders, items]


@app.get("/statistics/figures")
async def figures(found: Figures = Depends()) -> list[int]:  # FP303 (summary)
    return [await found.orders(), await found.items()]
