"""FP201: one query per row of another."""

from sqlalchemy import select

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Author, Book

pair = Pair("FP201", *at(1, rows=10), *at(1, 8, rows=100), needs=("database",))
pair.setup(tables.use)


@pair.slow("`await session.get(...)` for each row")
async def slow(rows: int) -> list[str]:
    async with tables.AsyncSession() as session:
        told = []
        for book in (await session.scalars(select(Book).limit(rows))).all():
            author = await session.get(Author, book.author_id)
            told.append(f"{book.title} {author.name if author else ''}")
    return told


@pair.fast("one query with `.where(Author.id.in_(...))`")
async def fast(rows: int) -> list[str]:
    async with tables.AsyncSession() as session:
        books = (await session.scalars(select(Book).limit(rows))).all()
        wanted = {book.author_id for book in books}
        authors = {
            author.id: author.name
            for author in await session.scalars(select(Author).where(Author.id.in_(wanted)))
        }
    return [f"{book.title} {authors[book.author_id]}" for book in books]
