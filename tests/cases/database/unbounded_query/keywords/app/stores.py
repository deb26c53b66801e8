from typing import Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import sessions
from app.models import Base, Order, Parcel

Model = TypeVar("Model", bound=Base)


class Store:
    model = None

    @classmethod
    async def find_all(cls, **filters):
        async with sessions() as session:
            return (await session.execute(select(cls.model).filter_by(**filters))).scalars().all()  # FP211

    @classmethod
    async def find_those(cls, **filters):
        async with sessions() as session:
            return (await session.execute(select(cls.model).filter_by(**filters))).scalars().all()

    @classmethod
    async def find_some(cls, **filters):
        async with sessions() as session:
            return (await session.execute(select(cls.model).filter_by(**filters).limit(50))).scalars().all()


class Orders(Store):
    model = Order


class Repository(Generic[Model]):
    def __init__(self, model: type[Model]) -> None:
        self.model = model

    async def everything(self, session: AsyncSession):
        return (await session.scalars(select(self.model))).all()  # FP211

    async def page(self, session: AsyncSession):
        return (await session.scalars(select(self.model).limit(50))).all()


parcels = Repository[Parcel](Parcel)
