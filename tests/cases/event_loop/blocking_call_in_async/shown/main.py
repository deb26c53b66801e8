"""Clients that nothing declares, and that calls show by what only they are asked."""

import asyncio
from typing import Any

from fastapi import FastAPI

app = FastAPI()


class Assistant:
    def __init__(self, client):
        self.client = client

    async def answer(self, question: str) -> str:
        answer = self.client.chat.completions.create(model="m", messages=[question])  # FP101
        return str(answer.choices[0])


class Waiting:
    def __init__(self, client):
        self.client = client

    async def answer(self, question: str) -> str:
        answer = await self.client.chat.completions.create(model="m", messages=[question])
        return str(answer.choices[0])


async def written(store, row: dict[str, Any]) -> None:
    store.table("orders").insert(row).execute()  # FP102 says so


async def read(store) -> list[Any]:
    return list((await store.table("orders").select("*").execute()).data)


async def handed_on(client, store, question: str) -> list[Any]:
    asking = client.chat.completions.create(model="m", messages=[question])
    reading = store.table("orders").select("*").execute()
    return await asyncio.gather(asking, reading)


async def of_others(client, store, chat) -> list[Any]:
    found = store.table("orders").rows().execute(1)
    made = client.completions.create(prompt="a")
    return [found.rows, made.text, chat.create().id, store.execute().rows]


@app.get("/answers")
async def answers(question: str) -> list[Any]:
    await written(None, {})
    return [
        await Assistant(None).answer(question),
        await Waiting(None).answer(question),
        await read(None),
        await handed_on(None, None, question),
        await of_others(None, None, None),
    ]
