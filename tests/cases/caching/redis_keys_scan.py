import redis
import redis.asyncio
from fastapi import FastAPI

app = FastAPI()
client = redis.asyncio.Redis()
plain = redis.Redis()
names: dict[str, str] = {}


@app.get("/keys")
async def keys() -> list[str]:
    return await client.keys("user:*")  # FP306


@app.get("/plain")
def plain_keys() -> list[str]:
    return [key for key in plain.keys("user:*")]  # FP306


@app.post("/flush")
async def flush() -> None:
    await client.flushdb()  # FP306


@app.get("/count")
async def counted() -> int:
    return len(await client.smembers("online"))  # FP306


@app.get("/length")
def length() -> int:
    return len(plain.lrange("jobs", 0, -1))  # FP306


@app.get("/member/{user_id}")
async def member(user_id: str) -> bool:
    return user_id in await client.smembers("online")  # FP306


async def helper(pattern: str) -> list[str]:
    return await client.keys(pattern)  # FP306


@app.get("/helper")
async def helped() -> list[str]:
    return await helper("a:*")


# Near misses


@app.get("/near")
async def near(user_id: str) -> int:
    found = [key async for key in client.scan_iter(match="user:*", count=1000)]
    online = await client.smembers("online")
    first = await client.lrange("jobs", 0, 9)
    pages = len(await client.lrange("jobs", 0, 9))
    known = await client.hgetall(f"user:{user_id}")
    count = await client.scard("online")
    inside = await client.sismember("online", user_id)
    return len(found) + len(online) + len(first) + pages + len(known) + count + inside + len(names.keys())


async def wipe() -> None:
    for key in await client.keys("*"):  # FP306 (summary)
        await client.delete(key)


def maintenance() -> None:
    plain.flushdb()


if __name__ == "__main__":
    maintenance()
    plain.keys("*")
