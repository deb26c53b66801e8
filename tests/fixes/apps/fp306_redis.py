import redis.asyncio
from fastapi import FastAPI

app = FastAPI()
client = redis.asyncio.Redis(decode_responses=True)


@app.post("/sessions/{user_id}/{number}")
async def log_in(user_id: int, number: int) -> bool:
    return bool(await client.set(f"session:{user_id}:{number}", "1", ex=60))


@app.get("/sessions/{user_id}")
async def sessions(user_id: int) -> list[str]:
    names = await client.keys(f"session:{user_id}:*")
    return sorted(names)


@app.get("/sessions/{user_id}/count")
async def count(user_id: int) -> int:
    return len(await client.keys(f"session:{user_id}:*"))
