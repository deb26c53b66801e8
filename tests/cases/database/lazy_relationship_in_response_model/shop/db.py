from collections.abc import Iterator

from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, sessionmaker

SessionLocal = sessionmaker(create_engine("postgresql://"))
AsyncSessionLocal = async_sessionmaker(create_async_engine("postgresql+asyncpg://"))


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


async def get_async_session() -> AsyncSession:
    async with AsyncSessionLocal() as session:
        yield session
