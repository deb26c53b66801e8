"""A table that is filled by a statement of its own."""

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import insert, select

from shop.fleet import Db
from shop.models import Shipment

router = APIRouter()


class Named(BaseModel):
    id: int


@router.get("/shipments", response_model=list[Named])
def shipments(session: Db) -> Sequence[Shipment]:
    return session.scalars(select(Shipment)).all()  # FP211 (inline)


@router.post("/shipments")
def buys_shipment(name: str, session: Db) -> None:
    session.execute(insert(Shipment).values(name=name))
    session.commit()
