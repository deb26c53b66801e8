"""Stores that nothing declares: `table(…).select(…).execute()` is what Supabase's client is asked."""

from typing import Any

from fastapi import FastAPI

app = FastAPI()


def kept(store, row: dict[str, Any]) -> None:
    store.table("orders").upsert(row).execute()


async def written(store, row: dict[str, Any]) -> None:
    store.table("orders").insert(row).execute()  # FP102


async def found(store, number: int) -> list[Any]:
    answer = store.table("orders").select("*").eq("number", number).execute()  # FP102
    return list(answer.data)


async def waited(store, number: int) -> list[Any]:
    answer = await store.table("orders").select("*").eq("number", number).execute()
    return list(answer.data)


async def handed(store) -> Any:
    return store.table("orders").select("*").execute()


async def of_others(store) -> list[Any]:
    return [store.table("orders").rows().execute().data, store.select("*").execute().data]


@app.get("/orders")
async def orders(number: int) -> list[Any]:
    await written(None, {})
    return [await found(None, number), await waited(None, number), await of_others(None), await handed(None)]


@app.post("/orders")
def keep(number: int) -> None:
    kept(None, {"number": number})
