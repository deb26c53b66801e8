from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel

app = FastAPI()


class OrderOut(BaseModel):
    id: int
    name: str
    price: float


@app.get("/orders", response_class=JSONResponse)
def list_orders(count: int = 2) -> list[OrderOut]:
    return [OrderOut(id=number, name="Größe \u2028", price=0.1 * number) for number in range(count)]
