"""Which tasks tell of their errors themselves, through what wraps their coroutines."""

from __future__ import annotations

import pytest

from rules import analyze
from rules.engine.finding import Confidence, Options
from tests.engine.projects import sources

LOGGED = """
import functools

def logged(function):
    @functools.wraps(function)
    async def wrapper(*given):
        try:
            return await function(*given)
        except Exception:
            print("failed")
    return wrapper

def timed(function):
    @functools.wraps(function)
    async def wrapper(*given):
        return await function(*given)
    return wrapper
"""
NOTICES = """
import asyncio
from shop.wrapping import logged, timed

async def order_made(number: int) -> None:
    await asyncio.Event().wait()

{}
"""
API = """
import asyncio
from fastapi import FastAPI
from shop import notices

app = FastAPI()

@app.post("/orders")
async def order(number: int) -> None:
    asyncio.create_task(notices.order_made(number))
"""


@pytest.mark.usefixtures("at_any_severity")
@pytest.mark.parametrize(
    ("wrapped", "expected"),
    [
        ("", Confidence.CERTAIN),
        ("for name in ('order_made',):\n    globals()[name] = logged(globals()[name])", Confidence.POSSIBLE),
        ("for name in ('order_made',):\n    globals()[name] = timed(globals()[name])", Confidence.CERTAIN),
        ("globals()['limit'] = 3", Confidence.CERTAIN),
    ],
)
def test_functions_that_a_module_wraps_after_they_are_defined(wrapped: str, expected: Confidence) -> None:
    tree = {
        "shop/__init__.py": "",
        "shop/wrapping.py": LOGGED,
        "shop/notices.py": NOTICES.format(wrapped),
        "shop/api.py": API,
    }
    found = analyze(sources(tree), options=Options(select=("FP113",))).result.findings

    assert [each.confidence for each in found] == [expected]
    assert found[0].when_new is (Confidence.LIKELY if expected is Confidence.POSSIBLE else None)
