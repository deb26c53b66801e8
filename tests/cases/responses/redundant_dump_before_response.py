import json
from typing import Any

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel

app = FastAPI()


class Order(BaseModel):
    id: int
    secret: str = ""


class OrderOut(BaseModel):
    id: int


def find(number: int) -> Order:
    return Order(id=number)


def recent() -> list[Order]:
    return []


@app.get("/list", response_model=list[Order])
async def several():
    return [order.model_dump() for order in recent()]  # FP503 (inline)


@app.get("/filtered")
async def filtered() -> list[Order]:
    return [order.dict() for order in recent() if order.id]  # FP503


@app.get("/one")
def one() -> Order:
    order = find(1)
    return order.model_dump(mode="json")  # FP503 (summary)


@app.get("/encoded", response_model=list[OrderOut])
def encoded():
    orders = recent()
    return jsonable_encoder(orders)  # FP503


@app.get("/written")
def written() -> Order:
    return json.loads(find(1).model_dump_json())  # FP503 (summary)


# Near misses


@app.get("/other-model", response_model=OrderOut)
def other_model():
    return find(1).model_dump()


@app.get("/left-out")
def left_out() -> Order:
    return find(1).model_dump(exclude={"secret"})


@app.get("/aliased")
def aliased() -> Order:
    return find(1).model_dump(by_alias=True)


@app.get("/untyped")
def untyped():
    return find(1).model_dump()


@app.get("/raw", response_model=None)
def raw():
    return jsonable_encoder(find(1))


@app.get("/without-defaults", response_model=list[OrderOut])
def without_defaults():
    return jsonable_encoder(recent(), exclude_defaults=True)


@app.get("/unknown")
def unknown(thing: Any) -> Order:
    return thing.model_dump()


def helper() -> dict[str, Any]:
    return find(1).model_dump()


@app.get("/either")
def either(raw: bool) -> JSONResponse | Order:
    return find(1).model_dump()


@app.get("/positional")
def positional() -> Order:
    return find(1).dict(None)


@app.get("/untyped", response_model=dict)
def untyped():
    return jsonable_encoder(find(1))
