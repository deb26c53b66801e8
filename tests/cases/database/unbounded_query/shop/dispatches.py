"""Statements that another module holds."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker

from shop import texts
from shop.texts import CRATES, CRATES_PAGE, NEWEST, PARCELS, Sacks

try:
    from shop.texts import MISSING
except ImportError:
    MISSING = ""

router = APIRouter()
SessionLocal = sessionmaker(create_engine("sqlite://"))


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


Db = Annotated[Session, Depends(get_session)]


@router.get("/parcels")
def parcels(session: Db) -> list[Any]:
    return session.execute(text(PARCELS)).mappings().all()  # FP211


@router.get("/parcels/again")
def parcels_again(session: Db) -> list[Any]:
    return session.execute(text(texts.PARCELS)).mappings().all()  # FP211


@router.get("/parcels/newest")
def newest(session: Db) -> list[Any]:
    return session.execute(text(NEWEST + " ORDER BY id")).mappings().all()  # FP211


@router.get("/crates")
def crates(session: Db) -> list[Any]:
    return session.execute(CRATES).mappings().all()  # FP211


@router.get("/sacks")
def sacks(session: Db) -> list[Any]:
    return session.execute(text(Sacks.ALL)).mappings().all()  # FP211


@router.get("/crates/page")
def crates_page(session: Db) -> list[Any]:
    return session.execute(text(CRATES_PAGE)).mappings().all()


@router.get("/parcels/last")
def last_parcels(session: Db) -> list[Any]:
    return session.execute(text(f"{PARCELS} LIMIT 20")).mappings().all()


@router.get("/sacks/{id}")
def sack(id: int, session: Db) -> list[Any]:
    return session.execute(text(Sacks.ONE), {"id": id}).mappings().all()


@router.get("/missing")
def missing(session: Db) -> list[Any]:
    return session.execute(text(MISSING)).mappings().all()
