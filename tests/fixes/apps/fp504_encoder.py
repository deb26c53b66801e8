from datetime import datetime
from decimal import Decimal

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

app = FastAPI()


class Order(BaseModel):
    id: int
    at: datetime
    total: Decimal
    tags: set[str] = set()
    name: str = Field("x", alias="orderName")


def find(number: int) -> Order:
    return Order(id=number, at=datetime(2026, 1, 1, 12), total=Decimal("2.50"), tags={"a"})


@app.get("/orders/{number}")
def order(number: int) -> JSONResponse:
    return JSONResponse(jsonable_encoder(find(number)))
