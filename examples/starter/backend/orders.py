"""Orders: lists have a page, relations come with their owner, answers are typed."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from backend.carrier import TheCarrier
from backend.database import Session
from backend.models import Order
from backend.schemas import OrderOut, Tracking

router = APIRouter(prefix="/orders", tags=["orders"])


@router.get("")
async def list_orders(
    session: Session,
    customer_id: int,
    after: int = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> list[OrderOut]:
    """A page of a customer's orders; `after` is the last id of the page before."""
    found = await session.scalars(
        select(Order)
        .where(Order.customer_id == customer_id, Order.id > after)
        .order_by(Order.id)
        .limit(limit)
        .options(selectinload(Order.items))
    )
    return [OrderOut.model_validate(order) for order in found]


@router.get("/{order_id}/tracking")
async def track(order_id: int, session: Session, carrier: TheCarrier) -> Tracking:
    tracking_number = await session.scalar(select(Order.tracking_number).where(Order.id == order_id))
    await session.commit()  # gives the connection back before the carrier takes its time
    if tracking_number is None:
        raise HTTPException(404, "no such order")
    return Tracking(status=await carrier.status(tracking_number))
