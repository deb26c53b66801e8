"""FP203: a lazy relationship read in a loop."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Author

pair = Pair("FP203", *at(1, rows=10), *at(1, 8, rows=100), needs=("database",))
pair.setup(tables.use)


def titles(authors: list[Author]) -> list[list[str]]:
    return [[book.title for book in author.books] for author in authors]


@pair.slow("`author.books` of each row, loaded lazily")
def slow(rows: int) -> list[list[str]]:
    with tables.Session() as session:
        return titles(list(session.scalars(select(Author).limit(rows))))


@pair.fast("`selectinload(Author.books)`")
def fast(rows: int) -> list[list[str]]:
    with tables.Session() as session:
        return titles(list(session.scalars(select(Author).limit(rows).options(selectinload(Author.books)))))


@pair.form("joined", "`joinedload(Author.books)`")
def joined(rows: int) -> list[list[str]]:
    with tables.Session() as session:
        query = select(Author).limit(rows).options(joinedload(Author.books))
        return titles(list(session.scalars(query).unique()))
