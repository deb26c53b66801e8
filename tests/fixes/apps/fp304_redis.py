import redis.asyncio
from fastapi import FastAPI

app = FastAPI()
client = redis.asyncio.Redis(decode_responses=True)


async def computed(day: str) -> str:
    return f"rates of {day}"


@app.get("/rates/{day}")
async def rates(day: str) -> dict[str, str]:
    cached = await client.get(f"rates:{day}")
    if cached is None:
        cached = await computed(day)
        await client.set(f"rates:{day}", cached)
        return {"computed": cached}
    return {"cached": cached}
