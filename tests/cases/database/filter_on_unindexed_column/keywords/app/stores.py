from sqlalchemy import select

from app.db import sessions
from app.models import Item, Order


class Store:
    model = None

    @classmethod
    async def find_one_or_none(cls, **filters):
        async with sessions() as session:
            return (await session.execute(select(cls.model).filter_by(**filters))).scalar_one_or_none()

    @classmethod
    async def find_sorted(cls, **options):
        options = {"id": options.get("reference")}
        async with sessions() as session:
            return (await session.execute(select(cls.model).filter_by(**options))).scalar_one_or_none()

    @classmethod
    async def get_labelled(cls, **labels):
        async with sessions() as session:
            found = (await session.execute(select(cls.model).filter_by(id=1))).scalar_one()
        return found, labels


class Orders(Store):
    model = Order


class Items(Store):
    model = Item
