from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field, computed_field

app = FastAPI()


class Order(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    id: int
    name: str | None = Field(None, alias="orderName")

    @computed_field
    @property
    def label(self) -> str:
        return f"#{self.id}"


def recent(count: int) -> list[Order]:
    if count < 0:
        raise HTTPException(400, "less than nothing")
    return [Order(id=number) for number in range(count)]


@app.get("/orders")
def list_orders(count: int = 2) -> list[Order]:
    orders = recent(count)
    return [order.model_dump() for order in orders]
