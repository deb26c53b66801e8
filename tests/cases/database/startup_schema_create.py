from contextlib import asynccontextmanager

from fastapi import FastAPI
from sqlalchemy import MetaData, create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase

engine = create_engine("postgresql://")
async_engine = create_async_engine("postgresql+asyncpg://")
metadata = MetaData()


class Base(DeclarativeBase):
    pass


class Registry:
    def create_all(self, engine) -> None:
        self.engine = engine


registry = Registry()


def make_tables() -> None:
    Base.metadata.create_all(bind=engine)  # FP226


@asynccontextmanager
async def lifespan(app: FastAPI):
    metadata.create_all(engine)  # FP226
    make_tables()
    async with async_engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)  # FP226
        await connection.run_sync(print)
    registry.create_all(engine)
    yield
    Base.metadata.drop_all(engine)


app = FastAPI(lifespan=lifespan)


@app.post("/reset")
def reset() -> None:
    Base.metadata.create_all(engine)


def command() -> None:
    metadata.create_all(engine)


if __name__ == "__main__":
    metadata.create_all(engine)
