"""Sessions that nothing declares: who takes a row and keeps it is one."""

from .documents import Document
from .models import Product


def create(db, name):
    product = Product(name=name)
    db.add(product)
    db.commit()
    db.refresh(product)
    return product


async def rename(session, number, name):
    product = await session.get(Product, number)
    product.name = name
    await session.commit()
    await session.refresh(product)


def create_each(db, names):
    for name in names:
        db.add(Product(name=name))
        db.commit()  # FP212


class Products:
    def __init__(self, session):
        self.session = session

    async def create(self, name):
        self.session.add(Product(name=name))
        await self.session.flush()


# Near misses


def index_each(writer, names):
    for name in names:
        writer.add({"name": name})
        writer.commit()


def index_objects(writer, names):
    for name in names:
        writer.add(Document(name))
        writer.commit()


def confirm_each(consumer, messages):
    for message in messages:
        consumer.seen.add(message)
        consumer.commit(message)


def record_each(repository, paths):
    for path in paths:
        repository.add(path)
        repository.commit(f"Add {path}")
