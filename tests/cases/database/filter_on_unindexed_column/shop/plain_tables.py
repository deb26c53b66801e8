"""Tables without classes: `Table(…)` and its columns as `orders.c.number`."""

from typing import Annotated

import databases
import sqlalchemy as sa
from fastapi import Depends, FastAPI
from sqlalchemy import Column, ForeignKey, Index, MetaData, String, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

app = FastAPI()
metadata = MetaData()
database = databases.Database("postgresql://db/shop")
engine = create_async_engine("postgresql+asyncpg://db/shop", pool_pre_ping=True, pool_size=20)

customers = Table(
    "customers",
    metadata,
    Column("id", sa.Integer, primary_key=True),
    Column("email", String, unique=True),
    Column("phone", String),  # FP206
    Column("login", String),  # FP206
    Column("created_at", sa.DateTime),
)
orders = sa.Table(
    "orders",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("customer_id", sa.Integer, sa.ForeignKey("customers.id")),
    sa.Column("number", sa.String, nullable=False),  # FP206
    sa.Column("reference", sa.String),  # FP206
    sa.Column("voucher", sa.String),  # FP206
    sa.Column("tracking", sa.String),  # FP206
    sa.Column("slip", sa.String),  # FP206
    sa.Column("seal", sa.String),  # FP206
    sa.Column("parcel", sa.String),
    sa.Column("waybill", sa.String),
    sa.Column("label", sa.String),
    sa.Column("coupon", sa.String),
    sa.Column("code", sa.String, index=True),
    sa.Column("shop", sa.String),
    sa.Column("day", sa.Date),
    sa.Column("note", sa.String),
    sa.Column("is_open", sa.Boolean),
    sa.Column("created_at", sa.DateTime),
    sa.UniqueConstraint("shop", "day"),
)
lines = Table(
    "lines",
    metadata,
    Column("id", sa.Integer, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), index=True),
    Column("batch", String),
)
Index("ix_lines_batch", lines.c.batch)


async def get_connection():
    async with engine.connect() as connection:
        yield connection


Connection = Annotated[AsyncConnection, Depends(get_connection)]


class Orders:
    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection

    async def find(self, reference: str):
        return (await self.connection.execute(select(orders).where(orders.c.reference == reference))).first()


@app.get("/customers/{phone}")
async def by_phone(phone: str):
    return await database.fetch_one(customers.select().where(customers.c.phone == phone))


@app.get("/customers/{customer}/orders")
async def of_customer(customer: int):
    query = orders.select().where(orders.c.customer_id == customer).limit(20)
    return await database.fetch_all(query)


@app.get("/number/{number}")
async def by_number(number: str):
    query = sa.select(orders).where(orders.c.number == number)
    return await database.fetch_one(query)


@app.get("/reference/{reference}")
async def by_reference(reference: str, connection: Connection):
    return await Orders(connection).find(reference)


@app.get("/voucher/{voucher}")
async def by_voucher(voucher: str, connection: Connection):
    found = await connection.execute(select(orders.c.id, orders.c.day).where(orders.c.voucher == voucher))
    return found.first()


@app.get("/tracking/{tracking}")
async def by_tracking(tracking: str):
    query = orders.update().where(orders.columns.tracking == tracking).values(is_open=False)
    await database.execute(query)


@app.post("/slip/{slip}")
async def close(slip: str, connection: Connection) -> None:
    await connection.execute(sa.update(orders).where(orders.c.slip == slip).values(is_open=False))


@app.get("/seals/{seal}")
async def is_sealed(seal: str, connection: Connection):
    return await connection.scalar(select(sa.exists().where(orders.c.seal == seal)))


@app.get("/logins/{login}/orders")
async def of_login(login: str, connection: Connection):
    source = orders.join(customers, customers.c.id == orders.c.customer_id)
    return (await connection.execute(select(orders).select_from(source).where(customers.c.login == login))).all()


# Near misses


@app.get("/waybills/{waybill}")
async def with_waybill(waybill: str, connection: Connection):
    sent = sa.exists().where(orders.c.id == lines.c.order_id, orders.c.waybill == waybill)
    return (await connection.execute(select(lines).where(lines.c.batch == waybill, sent))).first()


@app.get("/indexed")
async def indexed(code: str, shop: str, batch: str, order: int, connection: Connection):
    await connection.execute(select(orders).where(orders.c.code == code))
    await connection.execute(select(orders).where(orders.c.shop == shop))
    await connection.execute(select(lines).where(lines.c.batch == batch))
    await connection.execute(lines.select().where(lines.c.order_id == order))
    await connection.execute(orders.select().where(orders.c.id == order).where(orders.c.note == shop))


@app.get("/joined")
async def joined(email: str, parcel: str, connection: Connection):
    query = (
        select(orders)
        .select_from(orders.join(customers, customers.c.id == orders.c.customer_id))
        .where(customers.c.email == email, orders.c.parcel == parcel)
    )
    await connection.execute(query)


@app.get("/latest")
async def latest(shop: str, label: str, connection: Connection):
    newest = select(sa.func.max(orders.c.id).label("id")).where(orders.c.shop == shop).subquery()
    query = select(orders).join(newest, newest.c.id == orders.c.id)
    await connection.execute(query.where(newest.c.id == 3, orders.c.label == label))


@app.get("/either")
async def either(coupon: str, connection: Connection):
    await connection.execute(select(orders).where(sa.or_(orders.c.coupon == coupon, orders.c.id == 1)))


async def nightly(note: str) -> None:
    for_nobody = orders.insert().values(note=note)
    await database.execute(for_nobody)
