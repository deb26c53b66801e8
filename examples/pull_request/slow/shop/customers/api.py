from fastapi import APIRouter, HTTPException
from sqlalchemy import select

from shop.database import DatabaseSession
from shop.models import Customer, Order, OrderLine, Product
from shop.schemas import ProductOut

router = APIRouter()


@router.get("/{customer_id}/points")
def read_points(customer_id: int, session: DatabaseSession) -> dict[str, int]:
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise HTTPException(404, "no such customer")
    return {"points": customer.points}


@router.get("/{customer_id}/favourites", response_model=list[ProductOut])
def read_favourites(customer_id: int, session: DatabaseSession) -> list[Product]:
    bought = (
        select(OrderLine.product_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.customer_id == customer_id)
        .distinct()
        .limit(100)
    )
    favourites = []
    for product_id in session.scalars(bought):
        product = session.get(Product, product_id)
        if product is not None:
            favourites.append(product)
    return favourites
