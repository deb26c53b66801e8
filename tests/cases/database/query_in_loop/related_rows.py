"""Rows of Tortoise and documents of Beanie that are asked for what they refer to."""

from beanie import Document, Link
from fastapi import FastAPI
from tortoise import fields
from tortoise.models import Model

app = FastAPI()


class Customer(Model):
    name = fields.CharField(100)
    orders: fields.ReverseRelation["Order"]


class Order(Model):
    customer = fields.ForeignKeyField("models.Customer", related_name="orders")
    notes = fields.JSONField()
    labels = fields.ManyToManyField("models.Label", related_name="orders")


class Label(Model):
    name = fields.CharField(20)


class Author(Document):
    name: str


class Story(Document):
    title: str
    author: Link[Author]


@app.get("/customers")
async def customers() -> list[object]:
    found = []
    async for customer in Customer.all():
        orders = await customer.orders.all()  # FP201
        found.append([customer.name, len(orders)])
    return found


@app.get("/customers/last")
async def last_orders() -> list[object]:
    return [await each.orders.order_by("-id").first() for each in await Customer.all()]  # FP201


@app.get("/orders")
async def orders() -> list[str]:
    return [(await order.customer).name for order in await Order.all()]  # FP201


@app.get("/orders/prefetched")
async def prefetched_orders() -> list[str]:
    return [(await order.customer).name for order in await Order.all().prefetch_related("customer__address")]


@app.get("/orders/read")
async def read_orders() -> list[object]:
    found = []
    for order in await Order.all().prefetch_related("labels"):
        found.append([order.notes.get("first"), order.notes.count("a"), len(order.labels)])
    return found


@app.post("/orders/labels")
async def label_orders(label: int) -> None:
    wanted = await Label.get(id=label)
    for order in await Order.all():
        await order.labels.add(wanted)


@app.get("/customers/{number}")
async def customer(number: int) -> list[object]:
    one = await Customer.get(id=number)
    return [await one.orders.all(), one.name.count("a"), await (await Order.get(id=number)).customer]


@app.get("/stories")
async def stories() -> list[str]:
    return [(await story.author.fetch()).name for story in await Story.find_all().to_list()]  # FP201


@app.get("/stories/linked")
async def linked_stories() -> list[str]:
    return [story.author.name for story in await Story.find(fetch_links=True).to_list()]


@app.get("/stories/titles")
async def titles() -> list[int]:
    return [story.title.count("a") for story in await Story.find_all().to_list()]
