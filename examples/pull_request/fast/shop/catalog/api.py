from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel
from sqlalchemy import select

from shop.database import DatabaseSession
from shop.models import Product
from shop.schemas import ProductOut
from shop.shipping.http import HttpClient
from shop.shipping.warehouse import stock_of

router = APIRouter()


class ProductIn(BaseModel):
    sku: str
    name: str
    cents: int


def get_product(product_id: int, session: DatabaseSession) -> Product:
    product = session.get(Product, product_id)
    if product is None:
        raise HTTPException(404, "no such product")
    return product


@router.get("", response_model=list[ProductOut])
def list_products(session: DatabaseSession, limit: Annotated[int, Query(ge=1, le=100)] = 50) -> list[Product]:
    return list(session.scalars(select(Product).order_by(Product.id).limit(limit)))


@router.get("/{product_id}/availability")
async def availability(
    product: Annotated[Product, Depends(get_product)], http: HttpClient
) -> dict[str, int]:
    return {"available": await stock_of(http, product.sku)}


@router.post("/import", status_code=201)
def import_products(rows: list[ProductIn], session: DatabaseSession) -> dict[str, int]:
    for row in rows:
        session.add(Product(sku=row.sku, name=row.name, cents=row.cents))
    session.commit()
    return {"imported": len(rows)}
