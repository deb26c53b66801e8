"""Facts that a version of a file takes over from the one before: always those that reading it whole gives."""

from __future__ import annotations

import random
from textwrap import dedent

import pytest

from rules.engine.reading import extraction
from rules.engine.reading.carried import Carried, Layout, carried
from rules.engine.reading.facts import ModuleFacts
from rules.engine.reading.index import Index
from rules.engine.reading.source import Source, SourceError, parse

FILE = dedent(
    """
    import asyncio
    import logging
    from dataclasses import dataclass
    from fastapi import APIRouter, Depends
    from sqlalchemy import select
    from shop.models import Order, Customer as Buyer

    log = logging.getLogger(__name__)
    router = APIRouter(prefix="/orders")
    LIMIT = 20
    DELAYS = [1, 2]

    class Repository:
        def __init__(self, session):
            self.session = session

        def all(self):
            for order in self.session.scalars(select(Order).limit(LIMIT)):
                if order.customer:
                    yield order.customer.name

        @property
        def first(self):
            return self.session.scalar(select(Order)) if LIMIT else None

    def session():
        return connect()

    def connect():
        return log.warning("none")

    @router.get("/")
    async def orders(repository: Repository = Depends(session)) -> list[Order]:
        found = await asyncio.gather(load(1), load(2))
        for delay in DELAYS:
            await asyncio.sleep(delay)
        try:
            return [each for each in found if each]
        except ValueError:
            return []

    async def load(number: int):
        if number > LIMIT:
            return None
        match number:
            case 1:
                await save(number)
            case _:
                await asyncio.create_task(save(number))
        return Buyer(number)

    async def save(number: int):
        global LIMIT
        handler = (lambda value: connect())
        for delay in [1, 2]:
            handler(delay)
        LIMIT = number

    def listed(rows):
        return {"rows": [row.customer.name for row in rows], "first": rows[0] if rows else None}

    def sent(client, text):
        return passed_on(client, text)

    def passed_on(client, text):
        return client.search(text)

    def greet():
        return sent(log, "hello")
    """
).lstrip()
EDITS = (
    ("LIMIT = 20", "LIMIT = 30"),
    ("LIMIT = 20", "LIMIT = 20\n\n\nMORE = LIMIT"),
    ("Customer as Buyer", "Client as Buyer"),
    ("import asyncio\n", "import asyncio\nimport requests\n"),
    ("import asyncio\n", "import anyio as asyncio\n"),
    ("from sqlalchemy import select\n", ""),
    ("    return connect()\n", "    log.info('one')\n    return connect()\n"),
    ("def connect():", "async def connect():"),
    ("def connect():", "def connect():\n    'Words.'\n\n"),
    ("self.session = session", "self.session: Buyer = session"),
    ("            return None\n", "            return save\n"),
    ("global LIMIT", "global DELAYS"),
    ("[1, 2]:", "[3]:"),
    ("DELAYS = [1, 2]", "DELAYS = ['a', session]"),
    ("def listed(rows):", "def save(rows):"),
    ("def listed(rows):", "def added():\n    return listed\n\ndef listed(rows):"),
    ("class Repository:", "@dataclass\nclass Repository:"),
    ("router = APIRouter", "routes = router = APIRouter"),
    ("log = logging.getLogger(__name__)\n", "log = print\n"),
    ('sent(log, "hello")', 'sent(Buyer(2), "hello")'),
)


def read(text: str) -> tuple[Index, Source]:
    source = Source(text.encode())
    return Index(parse(source)), source


def facts_of(text: str, known: Carried | None = None) -> ModuleFacts:
    index, source = read(text)
    return extraction.build(index, len(source.lines), known)


def taken_over(before: str, after: str) -> Carried | None:
    one, other = (Layout(index.tree, source.lines) for index, source in (read(before), read(after)))
    return carried(one, facts_of(before), other)


@pytest.mark.parametrize("seed", range(12))
def test_taking_over_gives_what_reading_the_whole_file_gives(seed: int) -> None:
    chance = random.Random(seed)
    text = FILE
    for _ in range(8):
        old, new = chance.choice(EDITS)
        forth = chance.random() < 0.7 or not new
        edited = text.replace(old, new, 1) if forth else text.replace(new, old, 1)
        try:
            read(edited)
        except SourceError:
            continue
        assert facts_of(edited, taken_over(text, edited)) == facts_of(edited)
        text = edited


def test_what_a_caller_that_changed_tells_of_parameters_is_read_again() -> None:
    after = FILE.replace('sent(log, "hello")', 'sent(Buyer(2), "hello")')

    known = taken_over(FILE, after)

    assert known is not None
    assert not known.has("sent")
    assert not known.has("passed_on")
    assert known.has("listed")
    assert facts_of(after, known) == facts_of(after) != facts_of(FILE)


def test_a_function_is_taken_over_with_its_lines() -> None:
    after = FILE.replace("    return connect()\n", "    log.info('one')\n    return connect()\n")

    known = taken_over(FILE, after)

    assert known is not None
    assert [name for name in ("session", "connect", "load", "listed") if known.has(name)] == [
        "connect",
        "load",
        "listed",
    ]
    before = next(function for function in facts_of(FILE).functions if function.symbol == "load")
    assert known.function("load").line == before.line + 1


@pytest.mark.parametrize(
    ("old", "new", "symbol"),
    [
        ("LIMIT = 20", "LIMIT = 30", "load"),
        ("LIMIT = 20", "LIMIT = 30", "Repository.all"),
        ("Customer as Buyer", "Client as Buyer", "load"),
        ("log = logging.getLogger(__name__)", "log = print", "session"),
        ("def listed(rows):", "def connect(rows):", "session"),
    ],
)
def test_what_mentions_a_name_that_changed_is_read_again(old: str, new: str, symbol: str) -> None:
    known = taken_over(FILE, FILE.replace(old, new))

    assert known is None or not known.has(symbol)
