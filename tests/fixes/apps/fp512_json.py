import json
from datetime import date

from fastapi import FastAPI, Request
from pydantic import BaseModel

app = FastAPI()


class Order(BaseModel):
    id: int
    placed: date
    tags: tuple[str, ...] = ()
    price: float = 0.0


@app.post("/orders")
async def create(request: Request) -> Order:
    return Order.model_validate(json.loads(await request.body()))
