"""The database that the cases share: authors with books, and tables of ten and a hundred thousand rows.

`prepare` fills it once per run. Engines are made per process by `use`, so that each form has its own pool.
"""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import ForeignKey, create_engine, text
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker

AUTHORS, BOOKS, EVENTS, ITEMS = 1_000, 5_000, 100_000, 10_000
BRANCHES, TEAMS, EACH = 20_000, 100, 20
POOL = 32


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    books: Mapped[list[Book]] = relationship(back_populates="author")


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"), index=True)
    author: Mapped[Author] = relationship(back_populates="books")


class Event(Base):
    """`plain` and `indexed` hold the same values, five rows each."""

    __tablename__ = "event"
    id: Mapped[int] = mapped_column(primary_key=True)
    plain: Mapped[int]
    indexed: Mapped[int] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(index=True)
    payload: Mapped[str]


class Item(Base):
    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    note: Mapped[str]
    kind: Mapped[int]
    stock: Mapped[int]


class Branch(Base):
    """`Sale` refers to it twice."""

    __tablename__ = "branch"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Sale(Base):
    """Both keys hold the same values, five rows each."""

    __tablename__ = "sale"
    id: Mapped[int] = mapped_column(primary_key=True)
    plain_id: Mapped[int] = mapped_column(ForeignKey("branch.id"))
    indexed_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), index=True)


class Team(Base):
    """It has `EACH` players and as many games."""

    __tablename__ = "team"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    players: Mapped[list[Player]] = relationship()
    games: Mapped[list[Game]] = relationship()


class Player(Base):
    __tablename__ = "player"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), index=True)


class Game(Base):
    __tablename__ = "game"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), index=True)


class Row(Base):
    """What the writing cases fill."""

    __tablename__ = "row"
    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[str]


def prepare(address: str) -> None:
    """Make and fill the tables."""
    engine = create_engine(f"postgresql+psycopg://{address}")
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for statement in (
            f"insert into author select i, 'author ' || i from generate_series(1, {AUTHORS}) i",
            f"insert into book select i, 'title ' || i, 1 + (i - 1) % {AUTHORS} from generate_series(1, {BOOKS}) i",
            "insert into event select i, i * 7919 % 20000, i * 7919 % 20000, 'name ' || i, repeat('x', 80)"
            f" from generate_series(1, {EVENTS}) i",
            f"insert into item select i, 'item ' || i, 'note ' || i, i % 7, i from generate_series(1, {ITEMS}) i",
            f"insert into branch select i, 'branch ' || i from generate_series(1, {BRANCHES}) i",
            f"select setval('branch_id_seq', {BRANCHES})",
            f"insert into sale select i, 1 + i * 7919 % {BRANCHES}, 1 + i * 7919 % {BRANCHES}"
            f" from generate_series(1, {EVENTS}) i",
            f"insert into team select i, 'team ' || i from generate_series(1, {TEAMS}) i",
            *(
                f"insert into {table} select i, '{table} ' || i, 1 + i % {TEAMS} from generate_series(1, {TEAMS * EACH}) i"
                for table in ("player", "game")
            ),
        ):
            connection.execute(text(statement))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    engine.dispose()


def address() -> str:
    return os.environ["IMPACT_DATABASE"]


def engine(**options: Any) -> Engine:
    return create_engine(
        f"postgresql+psycopg://{address()}", **({"pool_size": POOL, "max_overflow": 0} | options)
    )


def async_engine(**options: Any) -> AsyncEngine:
    if "poolclass" not in options:
        options = {"pool_size": POOL, "max_overflow": 0} | options
    return create_async_engine(f"postgresql+asyncpg://{address()}", **options)


Session = sessionmaker()
AsyncSession = async_sessionmaker(expire_on_commit=False)


async def use() -> None:
    """Bind the two session factories to this process's pools; nothing connects before the first request."""
    Session.configure(bind=engine())
    AsyncSession.configure(bind=async_engine())
