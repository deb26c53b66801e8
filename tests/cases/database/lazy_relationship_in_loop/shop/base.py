from collections.abc import Iterator

from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session

engine = create_engine("postgresql+psycopg://shop.example/shop")
make_async_session = async_sessionmaker(create_async_engine("postgresql+asyncpg://shop.example/shop"))


class Base(DeclarativeBase):
    pass


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


async def get_async_session() -> Iterator[AsyncSession]:
    async with make_async_session() as session:
        yield session
