"""What `commit()` does to objects depends on how the project makes its sessions."""

from __future__ import annotations

import pytest

from tests.engine.projects import lines, marked, one

BODY = """
    from fastapi import FastAPI
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

    app = FastAPI()
    engine = create_async_engine("postgresql+asyncpg://")
    {factory}

    class Base(DeclarativeBase):
        pass

    class Order(Base):
        __tablename__ = "orders"
        id: Mapped[int] = mapped_column(primary_key=True)

    @app.post("/orders")
    async def create(session: AsyncSession) -> int:
        order = Order()
        session.add(order)
        await session.commit()
        return order.id  # FP205
"""


@pytest.mark.parametrize(
    ("factory", "expires"),
    [
        ("make = async_sessionmaker(engine)", True),
        ("make = sessionmaker(engine, class_=AsyncSession)", True),
        ("session = AsyncSession(engine)", True),
        ("make = async_sessionmaker(engine, expire_on_commit=False)", False),
        ("make = sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)", False),
        ("make = async_sessionmaker(engine, **OPTIONS)", False),
        ("make = async_sessionmaker(engine); other = AsyncSession(engine, expire_on_commit=False)", False),
        ("make = sessionmaker(engine)", False),
        ("", False),
    ],
)
def test_only_sessions_that_are_known_to_expire_their_objects_count(factory: str, expires: bool) -> None:
    text = BODY.format(factory=factory)

    assert lines(one(text, select=("FP205",))) == (marked(text, "# FP205") if expires else [])
