"""FP720: what a hash costs is written down beside it."""

import dear
import low
from fastapi import Depends, FastAPI

app = FastAPI()


@app.get("/orders")
def orders(shop: str = Depends(dear.shop_by_key)) -> str:
    return shop


@app.get("/stock")
async def stock(
    shop: str = Depends(low.shop_by_key),
    name: str = Depends(low.shop_by_password),
    again: str = Depends(low.shop_by_rounds),
) -> str:
    return shop + name + again
