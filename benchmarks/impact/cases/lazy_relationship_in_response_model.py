"""FP204: the response model reads a lazy relationship."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Author

pair = Pair("FP204", *at(1, rows=10), *at(1, 8, rows=100), needs=("database",))
pair.setup(tables.use)


class BookOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    title: str


class AuthorOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    books: list[BookOut]


def get_session() -> Iterator[Session]:
    with tables.Session() as session:
        yield session


Open = Annotated[Session, Depends(get_session)]


@pair.slow("rows with a lazy relationship that the model reads", response_model=list[AuthorOut])
def slow(rows: int, session: Open) -> Any:
    return session.scalars(select(Author).limit(rows)).all()


@pair.fast("`selectinload` in the query", response_model=list[AuthorOut])
def fast(rows: int, session: Open) -> Any:
    return session.scalars(select(Author).limit(rows).options(selectinload(Author.books))).all()
