"""Helpers that ask clients of packages that nobody knows here: what is synchronous waits where it is called."""

import asyncio

from fastapi import Depends, FastAPI
from google.cloud.workflows import executions_v1
from orderly import AsyncOrderlyClient, Ledger, OrderlyClient

app = FastAPI()


class Runner:
    def __init__(self) -> None:
        self.client = OrderlyClient("key")
        self.waiting = AsyncOrderlyClient("key")
        self.executions = executions_v1.ExecutionsClient()
        self.ledger = Ledger()
        self._first: object = None

    def status(self, number: int) -> str:
        return str(self.client.get_order(number).status)

    def users(self) -> list[str]:
        return [user.name for user in self.client.users.list_active()]

    def summary(self, number: int) -> str:
        return self.status(number).upper()

    def execution(self, name: str) -> str:
        return str(self.executions.get_execution(name=name).state)

    def address(self, number: int) -> str:
        return str(self.client.get_url(number)) + str(self.executions.workflow_path("p", "l", str(number)))

    def total(self, number: int) -> int:
        return int(self.ledger.get_total(number))

    def later(self, number: int) -> object:
        return self.waiting.get_order(number)

    def once(self) -> object:
        if self._first is None:
            self._first = self.client.get_order(1)
        return self._first

    async def awaited(self, number: int) -> object:
        return await self.waiting.get_order(number)


def runner() -> Runner:
    return Runner()


@app.get("/orders/{number}/status")
async def status(number: int, found: Runner = Depends(runner)) -> str:
    return found.status(number)  # FP103 (summary)


@app.get("/orders/{number}/summary")
async def summary(number: int, found: Runner = Depends(runner)) -> str:
    await asyncio.sleep(0)
    return found.summary(number)  # FP103 (summary)


@app.get("/users")
async def users(found: Runner = Depends(runner)) -> list[str]:
    return found.users()  # FP103 (summary)


@app.get("/executions/{name}")
async def execution(name: str, found: Runner = Depends(runner)) -> str:
    return found.execution(name)  # FP103 (summary)


@app.get("/orders/{number}/others")
async def others(number: int, found: Runner = Depends(runner)) -> list[object]:
    status = await asyncio.to_thread(found.status, number)
    return [
        status,
        found.address(number),
        found.total(number),
        await found.later(number),
        found.once(),
        await found.awaited(number),
    ]


@app.get("/orders/{number}/plain")
def plain(number: int, found: Runner = Depends(runner)) -> str:
    return found.status(number)
