import redis
import redis.asyncio
from aiocache import cached
from fastapi import FastAPI

app = FastAPI()
client = redis.asyncio.Redis()
plain = redis.Redis()


async def load(day: str) -> str:
    return day


@app.get("/rates/{day}")
async def rates(day: str) -> str:
    found = await client.get(f"rates:{day}")
    if found is None:
        found = await load(day)
        await client.set(f"rates:{day}", found)  # FP304 (summary)
    return found


@app.get("/hash/{day}")
def hashed(day: str) -> str:
    key = f"rates:{day}"
    found = plain.hget(key, "value")
    if found is None:
        found = day
        plain.hset(key, "value", found)  # FP304
    return found


@cached()  # FP304
async def decorated(day: str) -> str:
    return day


@cached(key="rates")  # FP304
async def with_key(day: str) -> str:
    return day


# Near misses


@cached(ttl=60)
async def with_ttl(day: str) -> str:
    return day


@cached()
async def one_value() -> str:
    return "a"


@cached()
async def emptied(day: str) -> str:
    return day


async def empty() -> None:
    await emptied.cache.clear()


@cached(alias="default")
async def by_alias(day: str) -> str:
    return day


@app.get("/a/{day}")
async def expiring(day: str) -> str:
    found = await client.get(day)
    if found is None:
        found = await load(day)
        await client.set(day, found, ex=60)
    return found


@app.get("/b/{day}")
async def positional(day: str) -> str:
    found = await client.get(day)
    if found is None:
        await client.set(day, day, 60)
        await client.setex(day, 60, day)
    return day


@app.get("/c/{day}")
async def expired_after(day: str) -> str:
    if await client.get(day) is None:
        await client.set(day, day)
        await client.expire(day, 60)
    return day


@app.post("/lock/{order_id}")
async def locked(order_id: int) -> None:
    if await client.get(f"lock:{order_id}") is None:
        await client.set(f"lock:{order_id}", "1")


@app.post("/limit/{user_id}")
async def limited(user_id: int) -> None:
    if not await client.get(f"rate_limit:{user_id}"):
        await client.set(f"rate_limit:{user_id}", 1)


@app.post("/config")
async def configured(value: str) -> None:
    await client.get("config")
    await client.set("config", value)


@app.post("/store/{day}")
async def stored(day: str, value: str) -> None:
    await client.set(f"note:{day}", value)


@app.post("/other/{day}")
async def other_key(day: str) -> None:
    found = await client.get(f"source:{day}")
    await client.set(f"target:{day}", found)


@app.post("/write_then_read/{day}")
async def written_first(day: str) -> str:
    await client.set(day, day)
    return await client.get(day)


@app.post("/known/{day}")
async def found_before(day: str) -> str:
    found = await client.get(day)
    if found:
        return found
    found = await load(day)
    await client.set(day, found)  # FP304
    return found


@app.post("/asked/{day}")
async def asked_for(day: str) -> str:
    if not await client.exists(day):
        await client.set(day, await load(day))  # FP304 (summary)
    return day


@app.post("/switch/{name}")
async def switched(name: str) -> None:
    kept = await client.get(name)
    if not kept:
        raise LookupError(name)
    await client.set(name, "off" if kept == "on" else "on")


@app.get("/lifetime/{day}")
async def with_a_lifetime_that_may_be_off(day: str, lifetime: int = 60) -> str:
    found = await client.get(day)
    if found is None:
        found = await load(day)
        if lifetime:
            await client.setex(day, lifetime, found)
        else:
            await client.set(day, found)
    return found


@app.get("/renewed/{day}")
async def with_or_without(day: str, lifetime: int = 60) -> str:
    found = await client.get(day)
    if found is None:
        found = await load(day)
        if lifetime:
            await client.set(day, found, ex=lifetime)
        else:
            await client.set(day, found)
    return found
