from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

app = FastAPI()


class Order(BaseModel):
    id: int
    secret: str = ""


class OrderOut(BaseModel):
    id: int


class OrderRow(SQLModel, table=True):
    id: int = Field(primary_key=True)


def recent() -> list[Order]:
    return []


@app.get("/comprehension")
def comprehension() -> list[OrderOut]:
    return [OrderOut(**order.model_dump()) for order in recent()]  # FP514 (summary)


@app.get("/loop")
def loop() -> list[OrderOut]:
    found = []
    for order in recent():
        found.append(OrderOut.model_validate(order.model_dump()))  # FP514
    return found


async def stored(session: AsyncSession, limit: int | None = None) -> list[Order]:
    found = await session.scalars(select(OrderRow).limit(limit))
    return [Order(id=row.id) for row in found]


@app.get("/stored")
async def stored_orders(session: AsyncSession) -> list[OrderOut]:
    orders = await stored(session)
    return [OrderOut.model_validate(order.model_dump()) for order in orders]  # FP514 (inline)


@app.get("/latest")
async def latest(session: AsyncSession) -> list[OrderOut]:
    orders = await stored(session, limit=5)
    return [OrderOut.model_validate(order.model_dump()) for order in orders]  # FP514 (summary)


@app.get("/admin/stored")
async def stored_for_admins(session: AsyncSession) -> list[OrderOut]:
    return [OrderOut(**order.model_dump()) for order in await stored(session)]  # FP514 (summary)


# Near misses


@app.get("/one")
def one(order: Order) -> OrderOut:
    return OrderOut(**order.model_dump())


@app.get("/changed")
def changed() -> list[Order]:
    return [Order(**order.model_dump(exclude={"secret"})) for order in recent()]


@app.get("/named")
def named() -> list[Order]:
    return [Order(secret="x", **order.model_dump(exclude={"secret"})) for order in recent()]


@app.get("/attributes")
def attributes() -> list[OrderOut]:
    return [OrderOut.model_validate(order, from_attributes=True) for order in recent()]


@app.get("/dictionaries")
def dictionaries(data: list[dict[str, int]]) -> list[OrderOut]:
    return [OrderOut(**item) for item in data]


@app.post("/rows")
def rows() -> int:
    return len([OrderRow(**order.model_dump()) for order in recent()])


def not_in_a_request() -> list[OrderOut]:
    return [OrderOut(**order.model_dump()) for order in recent()]


@app.get("/two")
def two(first: Order, second: Order) -> list[OrderOut]:
    return [OrderOut(**order.model_dump()) for order in (first, second)]


@app.get("/schemas")
def schemas() -> list[OrderOut]:
    return [OrderOut(**order.model_json_schema()) for order in recent()]


@app.get("/plain-dictionaries")
def plain_dictionaries() -> list[dict[str, int]]:
    return [dict(**order.model_dump()) for order in recent()]
