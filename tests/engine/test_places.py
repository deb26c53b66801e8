"""Where a finding may be said, best first."""

from __future__ import annotations

from rules import Options, analyze

SOURCE = b"""\
import requests
from fastapi import Depends, FastAPI
from sqlalchemy.orm import Session

from shop.db import get_session
from shop.models import Order

app = FastAPI()


def found(session: Session, number: int) -> Order | None:
    return session.query(Order).filter(Order.id == number).first()


def rate() -> str:
    return requests.get("https://rates.example", timeout=5).text


@app.post("/orders")
def orders(numbers: list[int], session: Session = Depends(get_session)) -> list[str]:
    return [str(found(session, number)) for number in numbers]


@app.get("/rates")
async def rates() -> str:
    await pause()
    return rate()


async def pause() -> None: ...
"""

TASKS = b"""\
import asyncio
from fastapi import FastAPI

app = FastAPI()


@app.post("/rates")
async def refresh() -> None:
    asyncio.create_task(load("EUR"))
    asyncio.create_task(load("USD"))


async def load(currency: str) -> None:
    await fetch(currency)
"""


def _lines(code: str) -> list[int]:
    analysis = analyze({"app.py": SOURCE}, options=Options(select=(code,)))
    (finding,) = analysis.result.findings
    return [place.line for place in finding.places]


def test_a_query_in_a_loop_is_said_at_the_loop_before_the_query() -> None:
    assert _lines("FP202")[:2] == [21, 12]


def test_a_blocking_helper_is_said_where_asynchronous_code_calls_it() -> None:
    assert _lines("FP103") == [27, 16]


def test_one_more_unkept_task_makes_the_finding_of_its_function_worse() -> None:
    analysis = analyze({"app.py": TASKS}, options=Options(select=("FP113",)))
    (finding,) = analysis.result.findings

    assert (finding.line, finding.siblings) == (9, (10,))
    assert [place.line for place in finding.places] == [9, 10]
