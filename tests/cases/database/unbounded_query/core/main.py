"""Tables without classes: SQLAlchemy's Core, and `databases` on top of it."""

from typing import Any

from databases import Database
from fastapi import FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.ext.asyncio import create_async_engine

from core import mapped, records
from core.tables import parcels, shelf

app = FastAPI()
app.include_router(records.router)
app.include_router(mapped.router)
database = Database("postgresql://db/shop")
engine = create_engine("postgresql://db/shop")
async_engine = create_async_engine("postgresql+asyncpg://db/shop")


@app.get("/parcels")
async def list_parcels() -> list[Any]:
    return await database.fetch_all(parcels.select())  # FP211


@app.get("/parcels/by-name")
async def by_name() -> list[Any]:
    query = select(parcels).order_by(parcels.c.id)  # FP211
    return await database.fetch_all(query=query)


@app.get("/parcels/of-order")
async def of_order(number: int) -> list[Any]:
    query = parcels.select().where(parcels.c.order_id == number)  # FP211
    return await database.fetch_all(query)


@app.get("/parcels/of-order-at-once")
async def of_order_at_once(number: int) -> list[Any]:
    return await database.fetch_all(parcels.select(parcels.c.order_id == number))  # FP211


@app.get("/parcels/connected")
def connected() -> list[Any]:
    with engine.connect() as connection:
        return connection.execute(parcels.select()).fetchall()  # FP211


@app.get("/parcels/connected-awaiting")
async def connected_awaiting() -> list[Any]:
    async with async_engine.connect() as connection:
        return (await connection.execute(select(parcels))).all()  # FP211


@app.get("/parcels/page")
async def page(size: int) -> list[Any]:
    return await database.fetch_all(parcels.select().limit(size))


@app.get("/parcels/{number}")
async def one(number: int) -> list[Any]:
    first = await database.fetch_one(parcels.select())
    own = await database.fetch_all(parcels.select().where(parcels.c.id == number))
    same = await database.fetch_all(parcels.select(parcels.c.id == number))
    return [first, own, same]


@app.get("/parcels/few")
async def few(numbers: list[int]) -> list[Any]:
    return await database.fetch_all(parcels.select().where(parcels.c.id.in_(numbers)))


@app.get("/parcels/notes")
async def notes() -> list[Any]:
    return await database.fetch_all(select(parcels.c.note).where(parcels.c.note.like("a%")).limit(5))


@app.get("/shelf")
async def on_the_shelf() -> list[Any]:
    return shelf.select()
