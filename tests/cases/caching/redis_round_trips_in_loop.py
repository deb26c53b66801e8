import asyncio

import redis
import redis.asyncio
from fastapi import FastAPI

app = FastAPI()
client = redis.asyncio.Redis()
plain = redis.Redis()
KINDS = ("book", "film")


@app.get("/stock")
async def stock(numbers: list[str]) -> list[str]:
    found = []
    for number in numbers:
        found.append(await client.get(f"stock:{number}"))  # FP307
    return found


@app.get("/comprehension")
async def comprehension(numbers: list[str]) -> list[str]:
    return [await client.hget("stock", number) for number in numbers]  # FP307


@app.post("/write")
def write(prices: dict[str, int]) -> None:
    for number, price in prices.items():
        plain.set(number, price, ex=60)  # FP307


@app.delete("/all")
async def delete(user_id: int) -> None:
    async for key in client.scan_iter(match=f"user:{user_id}:*", count=1000):
        await client.delete(key)  # FP307


async def helper(numbers: list[str]) -> None:
    for number in numbers:
        key = f"stock:{number}"
        await client.expire(key, 60)  # FP307


@app.get("/gather")
async def gathered(numbers: list[str]) -> list[str]:
    await helper(numbers)
    return await asyncio.gather(*[client.get(number) for number in numbers])  # FP307


# Near misses


@app.get("/many")
async def many(numbers: list[str]) -> list[str]:
    async with client.pipeline(transaction=False) as pipe:
        for number in numbers:
            pipe.get(number)
        await pipe.execute()
    with plain.pipeline() as pipe:
        for number in numbers:
            pipe.set(number, 1)
        pipe.execute()
    return await client.mget(numbers)


@app.get("/few")
async def few() -> None:
    for kind in KINDS:
        await client.get(kind)
    for kind in ("a", "b"):
        await client.get(kind)
    for attempt in range(3):
        await client.get(f"lock:{attempt}")


@app.get("/same")
async def same(numbers: list[str]) -> None:
    for number in numbers:
        await client.incr("count")
        print(number)


@app.get("/batches")
async def batches(numbers: list[str]) -> None:
    for start in range(0, len(numbers), 500):
        await client.delete(*numbers[start : start + 500])
    for batch in chunks(numbers):
        await client.mget(batch)


@app.get("/first")
async def first(numbers: list[str]) -> str | None:
    for number in numbers:
        found = await client.get(number)  # FP307 (summary)
        if found:
            return found
    return None


@app.get("/wait")
async def wait(names: list[str]) -> None:
    while True:
        item = await client.blpop("jobs")
        await client.set(item[1], "1")


def chunks(numbers: list[str]) -> list[list[str]]:
    return [numbers]


@app.post("/twice")
async def twice(numbers: list[str]) -> None:
    for number in numbers:
        await client.get(number)  # FP307
        await client.set(number, "1", ex=60)


_prices: dict[str, str] = {}


async def refresh(names: list[str]) -> None:
    for name in names:
        _prices[name] = await client.get(name)  # FP307 (summary)


@app.get("/prices")
async def prices(names: list[str]) -> dict[str, str]:
    await refresh(names)
    return _prices


@app.post("/password/reset")
async def end_sessions(numbers: list[str]) -> None:
    for number in numbers:
        await client.delete(number)  # FP307 (summary)


@app.post("/sessions/end")
async def end_all(numbers: list[str]) -> None:
    for number in numbers:
        await client.delete(number)  # FP307


@app.get("/kinds")
async def any_old(names: list[str]) -> bool:
    for name in names:
        kind = await client.type(name)  # FP307 (summary)
        if kind == b"string":
            return True
    return False


@app.get("/claims")
async def claimed(names: list[str]) -> str | None:
    for name in names:
        if await client.set(name, "1", nx=True):  # the first that is free: none of the others may be taken
            return name
    return None


async def view_of(number: str) -> str | None:
    found = await client.get(f"view:{number}")
    return found.decode() if found is not None else None


async def view_or_default(number: str) -> str:
    known = _prices.get(number)
    if known is not None:
        return known
    return await client.get(f"view:{number}")


async def count_view(number: str) -> int:
    return await client.incr(f"views:{number}")


async def all_views() -> list[str | None]:
    views = []
    for number in await client.smembers("views"):
        views.append(await view_of(number))  # FP307 (summary)
    return views


@app.get("/views")
async def views() -> list[str | None]:
    return await all_views()


@app.get("/chosen-views")
async def chosen_views(numbers: list[str]) -> list[str | None]:
    return [await view_of(number) for number in numbers]  # FP307 (summary)


@app.get("/first-view")
async def first_view(numbers: list[str]) -> str | None:
    for number in numbers:
        found = await view_of(number)
        if found is not None:
            return found
    return None


@app.get("/kind-views")
async def kind_views() -> list[str | None]:
    return [await view_of(kind) for kind in KINDS]


@app.get("/kept-views")
async def kept_views(numbers: list[str]) -> list[str]:
    return [await view_or_default(number) for number in numbers]


@app.get("/counted-views")
async def counted_views(numbers: list[str]) -> list[int]:
    return [await count_view(number) for number in numbers]


@app.get("/gathered-views")
async def gathered_views(numbers: list[str]) -> list[str | None]:
    return await asyncio.gather(*(view_of(number) for number in numbers))


async def warm_views() -> None:
    for number in await client.smembers("views"):
        await view_of(number)
