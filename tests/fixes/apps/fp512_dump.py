import json
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Order(BaseModel):
    id: int
    share: float


def find(number: int) -> Order:
    return Order(id=number, share=1 / number if number else float("nan"))


@app.get("/orders/{number}")
def order(number: int) -> dict[str, Any]:
    found = json.loads(find(number).model_dump_json())
    found["share"] = str(found["share"])
    return found
