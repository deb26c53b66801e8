from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select

from shop.database import DatabaseSession
from shop.models import Product
from shop.schemas import ProductOut

router = APIRouter()


@router.get("", response_model=list[ProductOut])
def list_products(session: DatabaseSession, limit: Annotated[int, Query(ge=1, le=100)] = 50) -> list[Product]:
    return list(session.scalars(select(Product).order_by(Product.id).limit(limit)))
