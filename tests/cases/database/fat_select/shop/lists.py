from collections.abc import Iterator
from typing import Annotated, Any

import asyncpg
from fastapi import Depends, FastAPI
from sqlalchemy import JSON, Text, create_engine, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, load_only, mapped_column, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("postgresql://"))


class Base(DeclarativeBase):
    pass


class Article(Base):
    __tablename__ = "articles"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str] = mapped_column(Text)
    layout: Mapped[dict[str, Any]] = mapped_column(JSON)

    def heading(self) -> str:
        return self.body[:20]


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Draft(Base):
    __tablename__ = "drafts"
    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str] = mapped_column(Text, deferred=True)


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


async def get_pool() -> asyncpg.Pool:
    return await asyncpg.create_pool("postgresql://")


SessionDep = Annotated[Session, Depends(get_session)]
PoolDep = Annotated[asyncpg.Pool, Depends(get_pool)]


@app.get("/titles")
def titles(session: SessionDep) -> list[str]:
    articles = session.scalars(select(Article).limit(20)).all()
    return [article.title for article in articles]  # FP216


@app.get("/entries")
def entries(session: SessionDep) -> Any:
    return [{"id": each.id, "title": each.title} for each in session.query(Article).limit(20)]  # FP216


@app.get("/texts")
def by_text(session: SessionDep) -> Any:
    rows = session.execute(text("SELECT * FROM articles LIMIT 20")).mappings().all()  # FP216
    return [{"id": row["id"], "title": row["title"]} for row in rows]


@app.get("/parts")
async def parts(pool: PoolDep) -> Any:
    return [row["name"] for row in await pool.fetch("SELECT * FROM parts LIMIT 20")]  # FP216


# Near misses


@app.get("/bodies")
def bodies(session: SessionDep) -> Any:
    return [(each.body, each.layout) for each in session.scalars(select(Article).limit(20)).all()]


@app.get("/headings")
def headings(session: SessionDep) -> Any:
    return [each.heading() for each in session.scalars(select(Article).limit(20)).all()]


@app.get("/passed-on")
def passed_on(session: SessionDep) -> Any:
    return [dict(id=each.id, all=str(each)) for each in session.scalars(select(Article).limit(20)).all()]


@app.get("/both")
def both(session: SessionDep) -> Any:
    articles = session.scalars(select(Article).limit(20)).all()
    return {"ids": [each.id for each in articles], "articles": articles}


@app.get("/only")
def only(session: SessionDep) -> Any:
    query = select(Article).options(load_only(Article.id)).limit(20)
    return [each.id for each in session.scalars(query).all()]


@app.get("/tags")
def tags(session: SessionDep) -> Any:
    return [each.name for each in session.scalars(select(Tag).limit(20)).all()]


@app.get("/drafts")
def drafts(session: SessionDep) -> Any:
    return [each.id for each in session.scalars(select(Draft).limit(20)).all()]


@app.get("/columns")
async def columns(pool: PoolDep) -> Any:
    return [row["name"] for row in await pool.fetch("SELECT id, name FROM parts LIMIT 20")]


@app.get("/small")
def small(session: SessionDep) -> Any:
    return [row["name"] for row in session.execute(text("SELECT * FROM tags LIMIT 20")).mappings().all()]


@app.get("/whole")
async def whole(pool: PoolDep) -> Any:
    return [dict(row) for row in await pool.fetch("SELECT * FROM parts LIMIT 20")]


def unreached(session: Session) -> list[str]:
    return [each.title for each in session.scalars(select(Article).limit(20)).all()]
