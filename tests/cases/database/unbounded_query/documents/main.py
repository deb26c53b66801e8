from typing import Any

from beanie import Document
from beanie.operators import And
from fastapi import FastAPI
from motor.motor_asyncio import AsyncIOMotorClient
from pydantic import BaseModel
from pymongo import AsyncMongoClient
from tortoise.models import Model

app = FastAPI()
db = AsyncIOMotorClient("mongodb://")["shop"]
orders = db["orders"]
parts = AsyncMongoClient("mongodb://")["shop"]["parts"]


class Ticket(Document):
    number: int
    customer: int


class Shelf(Model):
    pass


async def all_parts() -> list[dict[str, Any]]:
    return await parts.find().to_list()  # FP211


@app.get("/orders")
async def list_orders() -> Any:
    return await orders.find({}).sort("day").to_list(None)  # FP211


@app.get("/orders/of/{customer}")
async def orders_of(customer: int) -> Any:
    cursor = orders.find({"customer": customer})
    found = await cursor.to_list(length=None)  # FP211
    return {"orders": found}


@app.get("/orders/shown")
async def shown() -> Any:
    return [{"day": each["day"]} async for each in db.orders.find()]  # FP211


@app.get("/parts")
async def list_parts() -> Any:
    return [dict(part) for part in await all_parts()]


@app.get("/tickets")
async def tickets() -> list[Ticket]:
    return await Ticket.find_all().to_list()  # FP211


@app.get("/tickets/of/{customer}")
async def tickets_of(customer: int) -> list[Ticket]:
    return await Ticket.find(Ticket.customer == customer).sort("-number").to_list()  # FP211


@app.get("/shelves")
async def shelves() -> Any:
    return await Shelf.all().order_by("name")  # FP211


# Near misses


@app.get("/some")
async def some() -> Any:
    found = await orders.find({}).to_list(100)
    more = await orders.find({}).limit(20).to_list(None)
    return {"found": found, "more": more, "last": await orders.find({}, limit=5).to_list(None)}


@app.get("/one/{ident}")
async def one(ident: str) -> Any:
    return await orders.find({"_id": ident}).to_list(None)


@app.get("/in")
async def several(idents: list[str]) -> Any:
    return await orders.find({"number": {"$in": idents}}).to_list(None)


@app.get("/narrow")
async def narrow(customer: int, day: str) -> Any:
    return await orders.find({"customer": customer, "day": day}).to_list(None)


@app.get("/built")
async def built(query: dict[str, Any]) -> Any:
    return await orders.find(query).to_list(None)


@app.get("/counted")
async def counted() -> int:
    return len(await orders.find({}).to_list(None))


@app.get("/page")
async def page(limit: int = 20) -> list[Ticket]:
    return await Ticket.find_all().limit(limit).to_list()


@app.get("/ticket/{number}")
async def since(number: int) -> list[Ticket]:
    return await Ticket.find(Ticket.number > number).to_list()


@app.get("/shelf/{ident}")
async def shelf(ident: int) -> Any:
    return await Shelf.filter(id=ident)


@app.get("/shelf-page")
async def shelf_page() -> Any:
    return await Shelf.all().limit(20)


@app.get("/shelves-maybe")
async def shelves_maybe(limit: int | None = None) -> Any:
    query = Shelf.all()
    if limit:
        query = query.limit(limit)
    return await query


@app.get("/ours")
async def ours() -> Any:
    class Names:
        def all(self) -> list[str]:
            return []

    return Names().all()


async def nightly() -> Any:
    return await Shelf.all()


# More conditions


class Proposal(Document):
    locked: bool
    cycle: str


class Proposals(BaseModel):
    number: int
    found: list[Proposal]


async def locked_of(cycle: str | None) -> Proposals:
    if cycle:
        query = And(Proposal.locked == True, Proposal.cycle == cycle)
    else:
        query = Proposal.locked == True
    found = await Proposal.find_many(query).to_list()  # FP211
    return Proposals(number=len(found), found=found)


@app.get("/locked")
async def locked(cycle: str | None = None) -> Proposals:
    return await locked_of(cycle)


@app.get("/open-of/{customer}")
async def open_of(customer: int) -> Any:
    return await orders.find({"customer": customer, "open": True, "deleted": {"$ne": True}}).to_list(None)  # FP211


@app.get("/as-many-as-there-are")
async def as_many_as_there_are() -> Any:
    return await orders.find({}).to_list(length=100_000)  # FP211


@app.get("/one-of")
async def one_of(number: int, cycle: str) -> Any:
    query = Proposal.id == number
    other = make(cycle)
    return [
        await Proposal.find(query).to_list(),
        await Proposal.find(other).to_list(),
        await Proposal.find(Proposal.cycle == cycle, Proposal.number == number).to_list(),
        await orders.find({"customer": number, "day": {"$gt": cycle}}).to_list(None),
    ]


def make(cycle: str) -> Any:
    return Proposal.cycle > cycle


# A class of documents that is a schema first


class LetterBase(BaseModel):
    customer: int


class Letter(LetterBase, Document):
    pass


@app.get("/letters")
async def letters() -> list[Letter]:
    return await Letter.find_all().to_list()  # FP211


class Payment(Model):
    pass


class Message(Document):
    sender: int


payments = db["payments"]


@app.get("/payments/sums")
async def sums(day: str) -> int:
    found = await Payment.filter(created_at__gte=day, kind__not_in=["test"]).all()  # FP211 (summary)
    return sum(each.amount for each in found)


@app.get("/payments/senders")
async def senders() -> dict[int, int]:
    counts: dict[int, int] = {}
    for message in await Message.find_all().to_list():  # FP211 (summary)
        counts[message.sender] = counts.get(message.sender, 0) + 1
    return counts


@app.get("/payments/days")
async def days() -> int:
    found = await payments.find().to_list(None)  # FP211 (summary)
    return sum(each["amount"] for each in found)


@app.get("/payments/others")
async def other_sums(customer: int, day: str) -> int:
    mine = await Payment.filter(customer_id=customer).all()
    first = await Payment.filter(created_at__gte=day).limit(20)
    named = await Payment.filter(number__in=["1", "2"]).all()
    shelves = await Shelf.all()
    few = await payments.find().to_list(20)
    of_customer = await payments.find({"customer": customer}).to_list(None)
    total = 0
    async for each in payments.find():
        total += each["amount"]
    return total + sum(each.amount for each in (*mine, *first, *named, *shelves, *few, *of_customer))


async def nightly() -> int:
    return sum(each.amount for each in await Payment.filter(created_at__gte="2020").all())
