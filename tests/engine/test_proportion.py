"""Work grows with the project and the size of its functions, not with their squares: no function is called far more often than
in proportion. A review of a project that is known grows with the change: a project four times as large makes it little
dearer."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable, Mapping

import pytest

from rules import Analysis, Succession, affected, analyze, extract
from rules.engine import growth
from rules.engine.finding import Options
from rules.engine.reading.facts import ModuleFacts
from rules.engine.reading.trees import Trees
from rules.engine.two_versions import Versions, with_known_costs

OFTEN = 3_000
"""Calls from which a function is worth looking at."""
MOST = 7.0
"""Of four times the modules, or lines; a question asked in each file of all files comes to sixteen."""

SLIGHTLY = 1.15
"""Of four times the modules: what goes through all files at all has to be next to nothing for each."""
OPTIONS = Options()

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
    assert not beyond(_calls(6), _calls(24))


LINES = {
    "conditions handed on": "session.query(Order).filter_by(**given)",
    "conditions of many names": "k{own} = {{'number': 1}}; session.query(Order).filter_by(**k{own})",
    "answers under one name": "rows = store.table('orders').select('*').execute()",
    "answers under many names": "r{own} = store.table('orders').select('*').execute(); print(r{own}.data)",
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_no_function_is_called_out_of_proportion_to_the_size_of_one_function(line: str) -> None:
    few, many = (
        counted(lambda count=count: extract("shop/jobs.py", _long(line, count))) for count in (150, 600)
    )

    assert not beyond(few, many)


def test_a_review_of_one_file_costs_little_more_in_a_larger_project() -> None:
    few, many = _Reviews(6), _Reviews(24)
    for reviews in (few, many):
        reviews.review(1)  # which links the project, and finds out what later ones take over
        reviews.review(2)
    calls = [sum(counted(lambda reviews=reviews: reviews.review(3)).values()) for reviews in (few, many)]

    assert calls[1] < SLIGHTLY * calls[0], calls


class _Reviews:
    """Changes of one file of a project, each reviewed by who reviewed the one before."""

    def __init__(self, modules: int) -> None:
        self.sources = _sources(modules)
        self.facts = {path: extract(path, source) for path, source in self.sources.items()}
        self.succession, self.trees = Succession(), Trees()

    def review(self, number: int) -> None:
        path = "shop/m2/views.py"
        old = self.sources[path]
        call = f"    known2('state {number}', db)\n    work2(key)\n    for item in db"
        new = self.sources[path] = old.replace(b"    for item in db", call.encode())
        others = {each: found for each, found in self.facts.items() if each != path}
        before = self._analyzed({path: old}, others, {path: self.facts[path]})
        after = self._analyzed({path: new}, others, {})
        before.passed(self.succession)
        versions = Versions(before.project, after.project, {})
        growth.told(after.result, versions, {path: new})
        with_known_costs(versions, before.result.endpoints)
        affected(before, after)
        self.facts[path] = after.facts[path]
        self.succession.forget()

    def _analyzed(
        self,
        sources: Mapping[str, bytes],
        others: Mapping[str, ModuleFacts],
        known: Mapping[str, ModuleFacts],
    ) -> Analysis:
        return analyze(
            sources,
            others=others,
            known=known,
            options=OPTIONS,
            advise=False,
            succession=self.succession,
            trees=self.trees,
            followed=True,
        )


def beyond(few: Mapping[str, int], many: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """What is called often, and far more often in proportion where there is four times as much."""
    return {
        name: (few[name], count)
        for name, count in many.items()
        if count > OFTEN and count > MOST * few.get(name, count)
    }


def _long(line: str, count: int) -> bytes:
    """A file with one function of so many lines."""
    lines = "\n    ".join(line.format(own=own) for own in range(count))
    return f"from shop.models import Order\n\nasync def run(session, store, given):\n    {lines}\n".encode()


def _calls(modules: int) -> dict[str, int]:
    sources = _sources(modules)
    return counted(lambda: analyze(sources))


def _sources(modules: int) -> dict[str, bytes]:
    sources = {"shop/__init__.py": "", "shop/db.py": DB}
    main = ["from fastapi import FastAPI", "app = FastAPI()"]
    for own in range(modules):
        other = (own * 7 + 3) % modules
        sources[f"shop/m{own}/__init__.py"] = ""
        sources[f"shop/m{own}/models.py"] = MODELS.format(own=own, other=other)
        sources[f"shop/m{own}/views.py"] = VIEWS.format(own=own, other=other)
        main += [f"from shop.m{own}.views import router as router{own}", f"app.include_router(router{own})"]
    sources["shop/main.py"] = "\n".join(main)
    return {path: text.encode() for path, text in sources.items()}


def counted(work: Callable[[], object]) -> dict[str, int]:
    """How often each function is called meanwhile."""
    profile = cProfile.Profile()
    profile.enable()
    work()
    profile.disable()
    found = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # what it prints from
    return {f"{file}:{line} {name}": calls for (file, line, name), (_, calls, *_) in found.items()}
