import aioredis
import databases
import motor.motor_asyncio
import pymongo
import redis.asyncio
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

app = FastAPI()
mongo = motor.motor_asyncio.AsyncIOMotorClient("mongodb://shop")  # FP229
database = databases.Database("postgresql://shop")  # FP229
replica = databases.Database("postgresql://replica")
cache = aioredis.from_url("redis://shop")  # FP229


@app.on_event("startup")
async def connect() -> None:
    app.state.cache = await aioredis.create_redis_pool("redis://shop")
    await database.fetch_all("SELECT 1")


# Near misses

new_mongo = pymongo.AsyncMongoClient("mongodb://shop")
new_cache = redis.asyncio.from_url("redis://shop")
engine = create_async_engine("postgresql+asyncpg://shop")


class Database:
    def __init__(self, address: str) -> None:
        self.address = address


own = Database("postgresql://shop")
orders = mongo["shop"]["orders"]
