"""Rows with five fields, as models and as dictionaries, for the cases about responses."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel, TypeAdapter

MOST = 1_000


class Item(BaseModel):
    id: int
    name: str
    price: float
    tags: list[str]
    at: datetime


MODELS = [
    Item(
        id=number,
        name=f"item {number}",
        price=number * 1.5,
        tags=["a", "b"],
        at=datetime(2026, 11, 1, tzinfo=UTC),
    )
    for number in range(MOST)
]
DICTIONARIES = [model.model_dump() for model in MODELS]
ITEMS = TypeAdapter(list[Item])
