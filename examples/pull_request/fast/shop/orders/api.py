import asyncio
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import func, select

from shop.database import DatabaseSession
from shop.mail import send_mail
from shop.models import Order
from shop.orders import crud
from shop.orders.dependencies import CurrentOrder
from shop.orders.invoices import render_invoice
from shop.schemas import OrderIn, OrderOut
from shop.shipping.http import HttpClient
from shop.shipping.service import parcel_status
from shop.shipping.warehouse import release_stock

router = APIRouter()


@router.get("", response_model=list[OrderOut])
def list_orders(session: DatabaseSession, limit: Annotated[int, Query(ge=1, le=100)] = 50) -> list[Order]:
    return list(crud.recent_orders(session, limit))


@router.get("/count")
def count_orders(session: DatabaseSession) -> dict[str, int]:
    return {"orders": session.scalar(select(func.count()).select_from(Order)) or 0}


@router.get("/{order_id}", response_model=OrderOut)
async def read_order(order: CurrentOrder) -> Order:
    return order


@router.get("/{order_id}/tracking")
async def track_order(
    order: CurrentOrder, http: HttpClient, request: Request, response: Response
) -> dict[str, str]:
    if await request.is_disconnected():
        raise HTTPException(499, "client has gone")
    status = await parcel_status(http, order.tracking_number)
    response.headers["Cache-Control"] = "max-age=60"
    return {"status": status}


@router.get("/{order_id}/invoice")
async def read_invoice(order: CurrentOrder) -> Response:
    quantities = [line.quantity for line in order.lines]
    document = await run_in_threadpool(render_invoice, order.id, quantities)
    return Response(document, media_type="application/pdf")


@router.post("/{order_id}/reminder", status_code=202)
async def remind(order: CurrentOrder, request: Request, background: BackgroundTasks) -> dict[str, str]:
    note = (await request.body()).decode()
    await asyncio.sleep(0.5)  # give the payment provider a moment
    background.add_task(send_mail, "customer@example.com", "Your order", f"Order {order.id} is waiting.{note}")
    return {"status": "reminded"}


@router.post("/{order_id}/cancellation", status_code=202)
async def cancel_order(order: CurrentOrder, http: HttpClient, background: BackgroundTasks) -> dict[str, str]:
    background.add_task(release_stock, http, order.id)
    return {"status": "cancelling"}


@router.post("", response_model=OrderOut, status_code=201)
def create_order(wanted: OrderIn, session: DatabaseSession, background: BackgroundTasks) -> Order:
    order = crud.place_order(session, wanted)
    email = crud.customer_email(session, wanted.customer_id)
    if email:
        background.add_task(send_mail, email, "Thank you", f"We have your order {order.id}.")
    return order
