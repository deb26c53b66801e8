"""FP202: the query is in a helper, the loop around its call."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Author, Book

pair = Pair("FP202", *at(1, rows=10), *at(1, 8, rows=100), needs=("database",))
pair.setup(tables.use)


def author_of(session: Session, book: Book) -> str:
    return session.scalars(select(Author.name).where(Author.id == book.author_id)).one()


def authors_of(session: Session, books: list[Book]) -> dict[int, str]:
    wanted = {book.author_id for book in books}
    return dict(session.execute(select(Author.id, Author.name).where(Author.id.in_(wanted))).tuples().all())


@pair.slow("a helper that queries, called for each row")
def slow(rows: int) -> list[str]:
    with tables.Session() as session:
        return [author_of(session, book) for book in session.scalars(select(Book).limit(rows)).all()]


@pair.fast("a helper that takes all rows at once")
def fast(rows: int) -> list[str]:
    with tables.Session() as session:
        books = list(session.scalars(select(Book).limit(rows)))
        names = authors_of(session, books)
        return [names[book.author_id] for book in books]
