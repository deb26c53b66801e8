"""Look-ups by what a call names, and by what joins compare."""

from fastapi import FastAPI
from sqlalchemy import select

from app.db import sessions
from app.models import Brand, Colour, Invoice, Item, Label, Order, Parcel, Stamp
from app.stores import Items, Orders

app = FastAPI()


@app.get("/orders/{number}")
async def order(number: str) -> object:
    return await Orders.find_one_or_none(number=number)


@app.get("/orders/{number}/others")
async def others(number: str) -> object:
    return [
        await Orders.find_sorted(reference=number),
        await Orders.get_labelled(reference=number),
        await Orders.find_one_or_none(invoice_number=number, reference=number),
        await Items.find_one_or_none(order_id=number),
    ]


@app.get("/items")
async def items() -> list[object]:
    async with sessions() as session:
        found = await session.execute(
            select(Order).join(Item, Item.order_number == Order.invoice_number).limit(50)
        )
        return [order.id for order in found.scalars()]


@app.get("/invoices")
async def invoices() -> list[object]:
    async with sessions() as session:
        found = await session.execute(
            select(Order).join(Invoice, Invoice.number == Order.reference).limit(50)
        )
        return [order.id for order in found.scalars()]


@app.get("/parcels")
async def parcels() -> list[object]:
    async with sessions() as session:
        found = await session.execute(
            select(Order).outerjoin(Parcel, Order.parcel == Parcel.number).limit(50)
        )
        return [order.id for order in found.scalars()]


@app.get("/labels")
async def labels() -> list[object]:
    async with sessions() as session:
        found = await session.execute(select(Label).join(Order, Label.order_id == Order.id).limit(50))
        coloured = await session.execute(select(Label).join(Colour, Label.colour == Colour.name).limit(50))
        return [[label.id for label in found.scalars()], [label.id for label in coloured.scalars()]]


@app.get("/brands/{slug}")
async def brand(slug: str) -> object:
    async with sessions() as session:
        titled = await session.scalar(select(Brand).where(Brand.title == slug))
        return titled or await session.scalar(select(Brand).where(Brand.slug == slug))


@app.get("/stamps")
async def stamps(number: str) -> list[object]:
    async with sessions() as session:
        found = await session.execute(
            select(Order)
            .join(Stamp, Stamp.order_number == Order.invoice_number)
            .where(Order.invoice_number == number)
        )
        return [order.id for order in found.scalars()]
