"""A client of a package that nobody knows here: what it gives is used as it is, so that it was not waited for."""

import koji
from fastapi import Depends, FastAPI
from google.cloud import scheduler_v1
from orderly import AsyncOrderlyClient, Ledger, OrderlyClient
from tweepy import Client

app = FastAPI()
client = OrderlyClient("key")
waiting = AsyncOrderlyClient("key")
ledger = Ledger()
posts = Client("token")
tasks = scheduler_v1.CloudSchedulerClient()


class Builds:
    def __init__(self) -> None:
        self.session = koji.ClientSession("https://builds.example")

    async def logs(self, number: int) -> list[str]:
        found = self.session.listTaskOutput(number)  # FP101 (summary)
        return [name for name in found if name.endswith(".log")]

    async def address(self, number: int) -> str:
        return self.session.get_url(number).lower()


def builds() -> Builds:
    return Builds()


@app.get("/logs/{number}")
async def logs(number: int, found: Builds = Depends(builds)) -> tuple[list[str], str]:
    return await found.logs(number), await found.address(number)


@app.get("/orders")
async def orders() -> list[int]:
    return [order.number for order in client.list_orders()]  # FP101 (summary)


@app.get("/orders/{number}")
async def order(number: int) -> object:
    return client.get_order(number)  # FP101 (summary)


async def handed_on(number: int) -> object:
    return client.get_order(number)  # may be a coroutine


@app.get("/orders/{number}/later")
async def later(number: int) -> object:
    return await handed_on(number)


@app.get("/orders/{number}/total")
async def total(number: int) -> int:
    asked = client.get_order(number)
    return int((await asked).total)


@app.get("/waiting/{number}")
async def waited(number: int) -> int:
    return int((await waiting.get_order(number)).total) + ledger.get_total(number).value


@app.get("/plain/{number}")
def plain(number: int) -> int:
    return int(client.get_order(number).total)


@app.get("/listed")
async def listed() -> list[int]:
    return [order.number async for order in client.list_orders()]


@app.get("/built")
async def built() -> object:
    return await client.search_orders("open").limit(5).run()


@app.get("/users")
async def users() -> list[str]:
    return [user.name for user in client.users.active.list_all()]  # FP101 (summary)


@app.get("/timeline")
async def timeline() -> list[str]:
    return [post.text for post in posts.get_home_timeline()]  # FP101 (summary)


@app.get("/queue")
async def queue() -> str:
    return posts.get_url() + tasks.get_queue_path("p", "l", "q").lower()
