from typing import Annotated

from fastapi import Depends, HTTPException

from shop.database import DatabaseSession
from shop.models import Order
from shop.orders import crud


def get_order(order_id: int, session: DatabaseSession) -> Order:
    order = crud.find_order(session, order_id)
    if order is None:
        raise HTTPException(404, "no such order")
    return order


CurrentOrder = Annotated[Order, Depends(get_order)]
