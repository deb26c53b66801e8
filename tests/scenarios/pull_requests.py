"""Pull requests as real git branches of a small shop, reviewed as on GitHub."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from app import localreview
from app.analysis import Analysis
from app.localgit import LocalRepository
from app.review.links import Links
from app.review.report import Report
from tests.cli.repositories import Repository

MAIN = """\
from fastapi import FastAPI

from shop import orders, products

app = FastAPI()
app.include_router(orders.router, prefix="/orders")
app.include_router(products.router, prefix="/products")
"""

ORDERS = """\
from fastapi import APIRouter

from shop.carrier import status_of

router = APIRouter()


@router.get("/{number}/status")
async def order_status(number: str) -> dict[str, str]:
    return {"status": status_of(number)}


@router.get("/{number}/history")
async def order_history(number: str) -> list[str]:
    first = status_of(number)
    return [first]
"""

PRODUCTS = """\
import requests
from fastapi import APIRouter

router = APIRouter()


@router.get("/{number}/price")
def price(number: str) -> float:
    answer = requests.get(f"https://prices.example/{number}", timeout=5)
    return float(answer.text)
"""

DATABASE = """\
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

engine = create_engine("postgresql:///shop")


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "product"
    number: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Price(Base):
    __tablename__ = "price"
    number: Mapped[str] = mapped_column(primary_key=True)
    cents: Mapped[int]


def get_session():
    with Session(engine) as session:
        yield session
"""

CARRIER = """\
KNOWN: dict[str, str] = {}


def status_of(number: str) -> str:
    return KNOWN.get(number, "unknown")
"""

BLOCKING_CARRIER = """\
import requests


def status_of(number: str) -> str:
    return requests.get(f"https://carrier.example/{number}", timeout=5).text
"""

SHOP: Mapping[str, str] = {
    "shop/__init__.py": "",
    "shop/main.py": MAIN,
    "shop/orders.py": ORDERS,
    "shop/products.py": PRODUCTS,
    "shop/carrier.py": CARRIER,
    "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["fastapi", "requests", "sqlalchemy"]\n',
}


@cache
def _worker() -> tuple[asyncio.Runner, Analysis]:
    """One for all reviews of these tests: most of what the first takes is its start."""
    runner = asyncio.Runner()
    analysis = Analysis(1, deadline=localreview.PATIENCE)
    runner.run(analysis.start())

    def end() -> None:
        runner.run(analysis.close())
        runner.close()

    atexit.register(end)
    return runner, analysis


class PullRequest:
    """`main` holds the shop; a branch `feature` is cut from it, to be filled."""

    def __init__(self, folder: Path, files: Mapping[str, str] = SHOP) -> None:
        self.repository = Repository(folder)
        self.repository.commit(files)
        self.repository.git("switch", "--quiet", "--create", "feature")

    def push(self, files: Mapping[str, str | None], message: str = "Change") -> str:
        """A commit on the branch at hand; None removes a file."""
        for path, content in files.items():
            if content is None:
                (self.repository.path / path).unlink()
        return self.repository.commit(
            {path: text for path, text in files.items() if text is not None}, message
        )

    def on_main(self, files: Mapping[str, str | None]) -> str:
        """A commit on `main`, as if somebody else had merged something meanwhile."""
        self.repository.git("switch", "--quiet", "main")
        # Another message, or within one second it would be the very commit of the branch.
        commit = self.push(files, message="Merge somebody's work")
        self.repository.git("switch", "--quiet", "feature")
        return commit

    def review(self, base: str = "main", head: str = "feature") -> Report:
        repository = LocalRepository(self.repository.path)
        gathered = localreview.gather(repository, base, head)
        runner, analysis = _worker()
        comparison = runner.run(localreview.compare(repository, gathered, analysis))
        return localreview.decide(gathered, comparison, Links(head_sha=gathered.head))


def said(report: Report) -> list[tuple[str, str, int, str]]:
    """Each comment as (code, path, line, side)."""
    return [(comment.code, comment.path, comment.line, comment.side) for comment in report.comments]


def line_of(text: str, part: str) -> int:
    """The first line of `text` that holds `part`."""
    return next(number for number, line in enumerate(text.split("\n"), start=1) if part in line)
