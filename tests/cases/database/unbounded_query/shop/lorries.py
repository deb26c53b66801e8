"""A table that is filled by a statement of its own."""

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import insert, select

from shop.fleet import Db
from shop.models import Lorry

router = APIRouter()


class Named(BaseModel):
    id: int


@router.get("/lorries", response_model=list[Named])
def lorries(session: Db) -> Sequence[Lorry]:
    return session.scalars(select(Lorry)).all()  # FP211 (inline)


@router.post("/lorries")
def buys_lorry(name: str, session: Db) -> None:
    session.execute(insert(Lorry).values(name=name))
    session.commit()
