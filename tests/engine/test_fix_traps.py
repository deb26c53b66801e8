"""Fixes that would change what the endpoint does: the finding is told, the fix is not offered, or not as a safe one."""

from __future__ import annotations

import textwrap

import pytest

from rules import Finding, Options, Safety, analyze


def proven(code: str, source: str) -> list[Finding]:
    text = textwrap.dedent(source).lstrip().encode()
    documents = {"requirements.txt": "fastapi>=0.131\n"}
    analysis = analyze({"app.py": text}, documents=documents, options=Options(select=(code,)))
    assert analysis.result.findings
    return [analysis.prove(finding) for finding in analysis.result.findings]


HELPER = """
    import asyncio
    import contextvars

    import requests
    from fastapi import FastAPI

    app = FastAPI()
    current: contextvars.ContextVar[str] = contextvars.ContextVar("current")
    changed = asyncio.Event()


    async def note(text: str) -> None: ...


    async def pause() -> None: ...


    def load() -> str:
        text = requests.get("https://rates.example", timeout=5).text
        told(text)
        return text


    def told(text: str) -> None:
        {told}


    @app.get("/rates")
    async def rates() -> str:
        {first}
        return load()
"""


@pytest.mark.parametrize("told", ["asyncio.create_task(note(text))", "current.set(text)", "changed.set()"])
@pytest.mark.parametrize("first", ["await pause()", "pass"])
def test_what_talks_to_the_loop_is_not_handed_to_a_thread(first: str, told: str) -> None:
    text = HELPER.format(told=told, first=first)
    (finding,) = proven("FP103", text)

    assert finding.fix is None
    source = textwrap.dedent(text).encode()
    assert not analyze({"app.py": source}, options=Options(select=("FP104",))).result.findings


@pytest.mark.parametrize(("code", "first"), [("FP103", "await pause()"), ("FP104", "pass")])
def test_what_does_not_is(code: str, first: str) -> None:
    (finding,) = proven(code, HELPER.format(told="print(text)", first=first))

    assert finding.fix is not None


@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("FP101", "time.sleep(0.1)"),
        ("FP101", 'requests.get("https://rates.example", timeout=5)'),
        ("FP108", "asyncio.run(pause())"),
        ("FP109", "pool.submit(print).result()"),
        ("FP103", "helper()"),
        ("FP701", 'hashlib.pbkdf2_hmac("sha256", b"", b"", 500_000)'),
    ],
)
@pytest.mark.parametrize("lock", ["threading.Lock()", "open(__file__)"])
def test_nothing_is_awaited_while_a_lock_of_threads_is_held(code: str, statement: str, lock: str) -> None:
    """The next coroutine that wants the lock would stop the loop, and the one that holds it could never go on."""
    source = f"""
        import asyncio
        import hashlib
        import threading
        import time
        from concurrent.futures import ThreadPoolExecutor

        import requests
        from fastapi import FastAPI

        app = FastAPI()
        pool = ThreadPoolExecutor()
        guard = {lock}


        async def pause() -> None: ...


        def helper() -> None:
            requests.get("https://rates.example", timeout=5)


        @app.get("/rates")
        async def rates() -> None:
            await pause()
            with guard:
                {statement}
    """

    (finding,) = proven(code, source)

    assert (finding.fix is None) == (lock == "threading.Lock()")


@pytest.mark.parametrize(
    ("query", "offered"),
    [
        ("session.query(Order).filter(Order.open)", True),
        ("session.query(Order).join(Order.items).filter(Order.open)", False),
    ],
)
def test_objects_that_a_join_repeats_are_not_counted_as_rows(query: str, offered: bool) -> None:
    source = f"""
        from fastapi import Depends, FastAPI
        from sqlalchemy.orm import Session

        from shop.db import get_session
        from shop.models import Order

        app = FastAPI()


        @app.get("/count")
        def count(session: Session = Depends(get_session)) -> int:
            return len({query}.all())
    """

    (finding,) = proven("FP209", source)

    assert (finding.fix is not None) == offered


DUMP = """
    from fastapi import FastAPI
    from pydantic import BaseModel, field_serializer

    app = FastAPI()


    class Order(BaseModel):
        id: int
        name: str | None = None
        {method}


    def recent() -> list[Order]:
        return [Order(id=1)]


    @app.get("/orders"{route})
    def list_orders() -> list[Order]:
        orders = recent()
        return [order.model_dump() for order in orders]
"""


def test_a_dump_of_a_plain_model_goes_safely() -> None:
    (finding,) = proven("FP503", DUMP.format(method="", route=""))

    assert finding.fix is not None
    assert finding.fix.safety is Safety.SAFE


def test_a_dump_that_a_serializer_has_part_in_does_not() -> None:
    method = (
        '@field_serializer("id")\n        def shown(self, number: int) -> int:\n            return number + 1'
    )

    (finding,) = proven("FP503", DUMP.format(method=method, route=""))

    assert finding.fix is not None
    assert finding.fix.safety is Safety.UNSAFE


def test_nor_does_one_whose_rows_have_a_serializer() -> None:
    method = "lines: list[Line] = []\n\n\n    class Line(BaseModel):\n        id: int\n\n"
    method += '        @field_serializer("id")\n        def shown(self, number: int) -> int:\n            return number + 1'

    (finding,) = proven("FP503", DUMP.format(method=method, route=""))

    assert finding.fix is not None
    assert finding.fix.safety is Safety.UNSAFE


def test_a_dump_stays_where_the_route_leaves_out_what_was_not_set() -> None:
    (finding,) = proven("FP503", DUMP.format(method="", route=", response_model_exclude_unset=True"))

    assert finding.fix is None
