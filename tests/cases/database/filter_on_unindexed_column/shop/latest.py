from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import Index, create_engine, desc, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("postgresql://"))


class Base(DeclarativeBase):
    pass


class Stamped:
    stamped: Mapped[datetime]  # FP206 (summary)


class Review(Stamped, Base):
    __tablename__ = "reviews"
    __table_args__ = (Index("ix_reviews_path", "path"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str]
    hidden: Mapped[bool]
    author: Mapped[str]  # FP206 (inline)
    country_name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)


def get_session():
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


@app.get("/reviews/latest")
def latest(session: SessionDep) -> list[object]:
    query = select(Review).where(func.length(Review.path) == 1, Review.hidden == False)  # noqa: E712
    return session.scalars(query.order_by(desc(Review.stamped)).limit(3)).all()


@app.get("/reviews/of")
def of_author(author: str, session: SessionDep) -> list[object]:
    session.add(Review(author=author))
    return session.scalars(select(Review).where(func.length(Review.path) == 1, Review.author == author)).all()


# Near misses: what is computed is compared with what the caller gives, which an index on that may answer


@app.get("/reviews/named")
def named(name: str, country: str, session: SessionDep) -> list[object]:
    query = select(Review).where(func.lower(Review.path) == name, Review.country_name == country)
    return session.scalars(query).all()


@app.get("/reviews/newest")
def newest(session: SessionDep) -> list[object]:
    query = select(Review).where(func.length(Review.path) == 1)
    return session.scalars(query.order_by(Review.created_at.desc()).limit(3)).all()
