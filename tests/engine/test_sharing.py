"""Texts of facts, once in memory whichever file they come from."""

from __future__ import annotations

import msgspec

from rules import ModuleFacts, extract
from rules.engine.reading.sharing import share

SOURCE = b"""
from fastapi import APIRouter, Depends
from sqlalchemy import select
from sqlalchemy.orm import Session
from shop.models import Order
from shop.db import session

router = APIRouter()

@router.get("/orders")
async def orders(db: Session = Depends(session)) -> list[Order]:
    return [order.customer for order in db.scalars(select(Order).where(Order.number == 1))]
"""


def test_shared_facts_are_the_same_facts() -> None:
    encoded = msgspec.msgpack.encode(extract("shop/api.py", SOURCE))

    assert msgspec.msgpack.encode(share(msgspec.msgpack.decode(encoded, type=ModuleFacts))) == encoded


def test_two_files_hold_one_text() -> None:
    encoded = msgspec.msgpack.encode(extract("shop/api.py", SOURCE))
    one, other = (share(msgspec.msgpack.decode(encoded, type=ModuleFacts)) for _ in range(2))

    calls = [[call.ref for function in facts.functions for call in function.calls] for facts in (one, other)]
    origins = [
        [rows.origin for flow in facts.flows.values() for each in flow.readings for rows in each.rows]
        for facts in (one, other)
    ]
    assert all(map(lambda *texts: texts[0] is texts[1], *calls))
    assert calls[0]
    assert all(map(lambda *texts: texts[0] is texts[1], *origins))
    assert origins[0]
    assert all(a is b for a, b in zip(one.modules, other.modules, strict=True))
