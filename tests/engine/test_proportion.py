"""Work grows with the project, not with its square: no function is called far more often than in proportion."""

from __future__ import annotations

import cProfile
import pstats

from rules import analyze

OFTEN = 3_000
"""Calls from which a function is worth looking at."""
MOST = 7.0
"""Of four times the modules; a question asked in each file of all files comes to sixteen."""

MODELS = """
from sqlalchemy import Column, ForeignKey, Integer, String
from sqlalchemy.orm import relationship
from shop.db import Base

class Order{own}(Base):
    __tablename__ = "orders{own}"
    id = Column(Integer, primary_key=True)
    status = Column(String)
    other_id = Column(Integer, ForeignKey("orders{other}.id"))
    items = relationship("Item{own}", back_populates="order")

class Item{own}(Base):
    __tablename__ = "items{own}"
    id = Column(Integer, primary_key=True)
    order_id = Column(Integer, ForeignKey("orders{own}.id"))
    order = relationship("Order{own}", back_populates="items")
"""
VIEWS = """
import asyncio, time, requests
from functools import lru_cache
from aiocache import cached
from celery import Celery
from fastapi import APIRouter, Depends
from shop.db import get_db
from shop.m{other} import views as others
from .models import Item{own}, Order{own}

router = APIRouter(prefix="/m{own}")
tasks = Celery("m{own}", result_backend="redis://")
seen{own} = {{}}

@tasks.task
async def work{own}(x):
    time.sleep(1)

async def later{own}(x):
    import pandas
    return requests.get(x).json()

@lru_cache
def known{own}(status, db):
    return db.query(Order{own}).filter(Order{own}.status == status).all()

@cached()
async def remote{own}(url):
    return requests.get(url).json()

def orphan{own}(db):
    for order in db.query(Order{own}).all():
        print(order.items)
        time.sleep(1)

@router.get("/health")
async def health(db=Depends(get_db)):
    import pandas
    asyncio.run(later{own}("x"))
    return known{own}("open", db)

@router.post("/{{key}}")
async def create(key: str, db=Depends(get_db)):
    seen{own}[key] = await remote{own}(key)
    for item in db.query(Item{own}).all():
        db.delete(item.order)
        db.commit()
    work{own}.delay(key)
    return others.orphan{other}(db)
"""
DB = """
from sqlalchemy import create_engine
from sqlalchemy.orm import declarative_base, sessionmaker

Base = declarative_base()
SessionLocal = sessionmaker(bind=create_engine("postgresql://shop"))

def get_db():
    db = SessionLocal()
    try:
        yield db
    finally:
        db.close()
"""


def test_no_function_is_called_out_of_proportion_to_the_project() -> None:
    few, many = _calls(6), _calls(24)
    beyond = {name: (few[name], count) for name, count in many.items() if count > MOST * few.get(name, count)}

    assert not {name: counts for name, counts in beyond.items() if counts[1] > OFTEN}


def _calls(modules: int) -> dict[str, int]:
    sources = {"shop/__init__.py": "", "shop/db.py": DB}
    main = ["from fastapi import FastAPI", "app = FastAPI()"]
    for own in range(modules):
        other = (own * 7 + 3) % modules
        sources[f"shop/m{own}/__init__.py"] = ""
        sources[f"shop/m{own}/models.py"] = MODELS.format(own=own, other=other)
        sources[f"shop/m{own}/views.py"] = VIEWS.format(own=own, other=other)
        main += [f"from shop.m{own}.views import router as router{own}", f"app.include_router(router{own})"]
    sources["shop/main.py"] = "\n".join(main)
    profile = cProfile.Profile()
    profile.enable()
    analyze({path: text.encode() for path, text in sources.items()})
    profile.disable()
    found = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # what it prints from
    return {f"{file}:{line} {name}": calls for (file, line, name), (_, calls, *_) in found.items()}
