"""Lists of stores that hand on what their callers name."""

from fastapi import FastAPI

from app.db import sessions
from app.stores import Orders, parcels

app = FastAPI()


@app.get("/orders")
async def orders() -> list[object]:
    return await Orders.find_all()


@app.get("/orders/{number}")
async def order(number: str) -> list[object]:
    return await Orders.find_those(number=number)


@app.get("/orders/some")
async def some() -> list[object]:
    return await Orders.find_some()


@app.get("/parcels")
async def every_parcel() -> list[object]:
    async with sessions() as session:
        return await parcels.everything(session)


@app.get("/parcels/page")
async def page_of_parcels() -> list[object]:
    async with sessions() as session:
        return await parcels.page(session)
