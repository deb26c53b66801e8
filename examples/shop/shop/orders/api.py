from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query

from shop.database import DatabaseSession
from shop.mail import send_mail
from shop.models import Order
from shop.orders import crud
from shop.orders.dependencies import CurrentOrder
from shop.schemas import OrderIn, OrderOut

router = APIRouter()


@router.get("", response_model=list[OrderOut])
def list_orders(session: DatabaseSession, limit: Annotated[int, Query(ge=1, le=100)] = 50) -> list[Order]:
    return list(crud.recent_orders(session, limit))


@router.get("/{order_id}", response_model=OrderOut)
async def read_order(order: CurrentOrder) -> Order:
    return order


@router.post("", response_model=OrderOut, status_code=201)
def create_order(wanted: OrderIn, session: DatabaseSession, background: BackgroundTasks) -> Order:
    order = crud.place_order(session, wanted)
    email = crud.customer_email(session, wanted.customer_id)
    if email:
        background.add_task(send_mail, email, "Thank you", f"We have your order {order.id}.")
    return order
