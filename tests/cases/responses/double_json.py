import functools
import json
from typing import Any

from fastapi import FastAPI, Request
from pydantic import BaseModel

app = FastAPI()


class Order(BaseModel):
    id: int


@app.post("/validated")
async def validated(request: Request) -> Order:
    return Order.model_validate(json.loads(await request.body()))  # FP512


@app.post("/written")
def written(order: Order) -> dict[str, Any]:
    return json.loads(order.model_dump_json(exclude_none=True))  # FP512


@app.post("/caught")
async def caught(request: Request) -> Order | None:
    try:
        return Order.model_validate(json.loads(await request.body()))  # FP512
    except json.JSONDecodeError:
        return None


# Near misses


@app.post("/direct")
async def direct(request: Request) -> Order:
    return Order.model_validate_json(await request.body())


@app.post("/unpacked")
async def unpacked(request: Request) -> Order:
    data = json.loads(await request.body())
    data["id"] = 1
    return Order.model_validate(data)


@app.post("/copied")
def copied(data: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(data, default=str))


@app.post("/dictionary")
async def dictionary(request: Request) -> dict[str, Any]:
    return json.loads(await request.body())


@app.post("/hooked")
async def hooked(request: Request) -> Order:
    return Order.model_validate(json.loads(await request.body(), parse_float=str))


def not_in_a_request(text: str) -> Order:
    return Order.model_validate(json.loads(text))


@app.post("/strict")
async def strict(request: Request) -> Order:
    return Order.model_validate(json.loads(await request.body()), strict=True)


@app.post("/copied-model")
def copied_model(order: Order) -> Any:
    return json.loads(order.model_construct())


@app.post("/snapshot")
def snapshot(order: Order) -> None:
    rows = [json.loads(order.model_dump_json())]  # FP512 (summary)
    with open("orders.json", "w") as file:
        json.dump(rows, file)


@functools.cache
def shipped_orders() -> Order:
    return Order.model_validate(json.loads(open("orders.json").read()))  # FP512 (summary)


@app.get("/shipped")
def shipped() -> Order:
    return shipped_orders()
