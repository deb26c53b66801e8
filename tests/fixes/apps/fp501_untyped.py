from datetime import date
from decimal import Decimal

from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI()


class OrderOut(BaseModel):
    id: int
    placed: date
    total: Decimal = Field(serialization_alias="totalAmount")
    note: str | None = None


def recent(count: int) -> list[OrderOut]:
    return [OrderOut(id=n, placed=date(2026, 1, n + 1), total=Decimal("1.50")) for n in range(count)]


@app.get("/orders")
def list_orders(count: int = 3):
    return recent(count)
