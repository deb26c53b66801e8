"""What is done for each item and could be done for all, in the words of the code at hand."""

from __future__ import annotations

import textwrap

import pytest

from rules import analyze
from rules.engine.finding import Finding

HEAD = """
from fastapi import Depends, FastAPI
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shop.db import get_session
from shop.models import Order, Owner

app = FastAPI()

async def owner_of(session: AsyncSession, owner_id: int, *, deep: bool = False) -> Owner | None:
    return await session.scalar(select(Owner).where(Owner.id == owner_id))

async def rename(session: AsyncSession, owner_id: int) -> None:
    owner = await session.scalar(select(Owner).where(Owner.id == owner_id))
    owner.name = owner.name.title()
    await session.commit()

async def keep(session: AsyncSession, order: Order) -> Order:
    return await session.merge(order)

async def greet(session: AsyncSession, owner_id: int) -> None:
    owner = await session.scalar(select(Owner).where(Owner.id == owner_id))
    print(owner.name)

@app.get("/orders")
async def list_orders(session: AsyncSession = Depends(get_session)) -> list[str]:
    orders = (await session.scalars(select(Order))).all()
"""


def said(body: str, code: str = "FP202") -> Finding:
    source = HEAD + textwrap.indent(textwrap.dedent(body), "    ")
    findings = analyze({"app.py": source.encode()}).result.findings
    (found,) = (each for each in findings if each.code == code)
    return found


def test_a_look_up_gets_a_sibling_for_all_keys() -> None:
    found = said(
        """
        names = []
        for order in orders:
            if order.free:
                continue
            owner = await owner_of(session, order.owner_id, deep=True)
            names.append(owner.name)
        return names
        """
    )

    assert found.instead.startswith(
        "Give `owner_of` a sibling that takes every `order.owner_id` at once: one query (`in_(…)`), and a"
    )
    assert found.sketch == textwrap.dedent(
        """\
        +found = await owner_of_many(session, {order.owner_id for order in orders}, deep=True)  # one query
         for order in orders:
             …
        -    owner = await owner_of(session, order.owner_id, deep=True)
        +    owner = found.get(order.owner_id)
        """
    )


def test_a_comprehension_is_drawn_around_its_statement() -> None:
    found = said("return [(await owner_of(session, order.owner_id)).name for order in orders]\n")

    assert found.sketch == (
        "+found = await owner_of_many(session, {order.owner_id for order in orders})  # one query\n"
        "-return [(await owner_of(session, order.owner_id)).name for order in orders]\n"
        "+return [found.get(order.owner_id).name for order in orders]\n"
    )


@pytest.mark.parametrize(
    ("helper", "advised"),
    [
        (
            "rename",
            "Take `rename` apart: one query (`in_(…)`) for all of `orders` before the loop, one statement",
        ),
        (
            "greet",
            "Take what `greet` looks up out of it: one query (`in_(…)`) for all of `orders` before the loop",
        ),
    ],
)
def test_work_is_no_look_up(helper: str, advised: str) -> None:
    found = said(
        f"""
        for order in orders:
            await {helper}(session, order.owner_id)
        return []
        """
    )

    assert found.instead.startswith(advised)
    assert ("one commit" in found.instead) == (helper == "rename")
    assert found.sketch == ""


@pytest.mark.parametrize(
    "body",
    [
        # a key that the loop computes first
        """
        names = []
        for order in orders:
            key = order.owner_id or 1
            names.append(await owner_of(session, key))
        return names
        """,
        # a row is no key of a dictionary
        "return [await owner_of(session, order) for order in orders]\n",
        # what the loop goes over is made on its line
        "return [await owner_of(session, order.owner_id) for order in await session.scalars(select(Order))]\n",
        # a loop around the loop
        """
        names = []
        for shop in (await session.scalars(select(Owner))).all():
            for order in orders:
                names.append(await owner_of(session, order.owner_id))
        return names
        """,
    ],
)
def test_what_few_lines_do_not_show_is_not_drawn(body: str) -> None:
    assert said(body).sketch == ""


def test_whole_rows_are_named_by_their_list() -> None:
    found = said("return [await owner_of(session, order) for order in orders]\n")

    assert found.instead.startswith("Give `owner_of` a sibling that takes all of `orders` at once: one")


@pytest.mark.parametrize(
    ("code", "written"), [("FP201", "await session.merge(order)"), ("FP202", "await keep(session, order)")]
)
def test_rows_that_are_merged_one_by_one_are_fetched_before(code: str, written: str) -> None:
    found = said(f"for order in orders:\n    kept = {written}\n    print(kept.id)\nreturn []\n", code)

    assert found.instead.startswith("Fetch before the loop what is there already, with one `select`")
    assert found.sketch == ""


@pytest.mark.parametrize(
    ("statement", "instead"),
    [
        ("delete(Order).where(Order.id == order.id)", "Delete all with one `delete(Model)"),
        (
            "update(Order).where(Order.id == order.id).values(open=False)",
            "Change all with one `update(Model)",
        ),
        (
            "insert(Order).values(copy_of=order.id)",
            "Collect the rows and write them with one `session.execute(insert",
        ),
    ],
)
def test_a_statement_for_each_row_becomes_one_of_its_kind(statement: str, instead: str) -> None:
    found = said(f"for order in orders:\n    await session.execute({statement})\nreturn []\n", "FP213")

    assert found.instead.startswith(instead)
